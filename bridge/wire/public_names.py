"""Words that may stand in any error text: they are names of attributes and of errors, and nobody's values."""

from __future__ import annotations

_ATTRIBUTES = """
    id externalId meta resourceType created lastModified location version schemas userName name formatted
    familyName givenName middleName honorificPrefix honorificSuffix displayName nickName profileUrl title
    userType preferredLanguage locale timezone active password emails phoneNumbers ims photos addresses
    streetAddress locality region postalCode country groups entitlements roles x509Certificates value type
    primary display members employeeNumber costCenter organization division department manager user group
    Operations op path filter startIndex count totalResults itemsPerPage Resources attributes
    excludedAttributes sortBy sortOrder scimType detail status
"""
"""RFC 7643 and RFC 7644."""

_OF_KENJO = """
    person team account personal work address home financial schedule lifecycle email externalId isActive
    language firstName lastName gender birthdate companyId officeId departmentId startDate contractEnd
    probationPeriodEnd jobTitle workPhone workMobile isAssistant reportsToId weeklyHours office company teams
    teamIds areas street city maritalStatus personalEmail personalPhone personalMobile iban kind today
"""
"""https://kenjo.readme.io/reference; bridge.mapping.vocabulary has them by section."""

_OTHERS = """
    Users Groups User Group Schemas ResourceTypes ServiceProviderConfig Bulk Me EnterpriseUser
    invalidFilter tooMany uniqueness mutability invalidSyntax invalidPath noTarget invalidValue invalidVers
    sensitive add replace remove eq and or not mobile other fax pager true false
    null readOnly readWrite immutable writeOnly required unique duplicate conflict Bearer Basic token
"""
"""Resources, values of `scimType` and of `type`, operations and operators of RFC 7643 and RFC 7644."""

_SENTENCES = """
    the a at be by for from has have in is it of on to was with without are must answered answer attempts
    after belongs already failed match matches accounts target redirect refused gave found late within only
    looked because that this there record does cannot
"""
"""What our own sentences are made of; none of them is anybody's name."""

PUBLIC = frozenset(" ".join((_ATTRIBUTES, _OF_KENJO, _OTHERS, _SENTENCES)).split())
"""They stay as they are spelled here: `title` is an attribute, while `Title` may be somebody."""

SCHEMAS = (
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    "urn:ietf:params:scim:schemas:core:2.0:Schema",
    "urn:ietf:params:scim:schemas:core:2.0:Group",
    "urn:ietf:params:scim:schemas:core:2.0:User",
    "urn:ietf:params:scim:api:messages:2.0:ListResponse",
    "urn:ietf:params:scim:api:messages:2.0:SearchRequest",
    "urn:ietf:params:scim:api:messages:2.0:PatchOp",
    "urn:ietf:params:scim:api:messages:2.0:Error",
)
"""Schemas of RFC 7643 and RFC 7644, the longest of equal beginnings first."""
