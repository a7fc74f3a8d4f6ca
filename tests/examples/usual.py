"""What a kind of target holds of somebody as its page says by default, told once for all examples."""

from __future__ import annotations

from typing import Any

from tests.examples.people import Person


def at_scim(one: Person) -> dict[str, Any]:
    """docs/targets/scim.md, "Default mapping"."""
    return {
        "externalId": one.id,
        "userName": one.email,
        "emails.work": one.email,
        "name.givenName": one.first,
        "name.familyName": one.last,
        "displayName": one.name,
        "title": one.title,
        "active": True,
        "preferredLanguage": one.language,
        "phoneNumbers.work": one.phone,
        "phoneNumbers.mobile": one.mobile,
        "employeeNumber": one.number,
        "department": one.department,
        "organization": one.company,
        "manager": one.boss.id if one.boss else None,
    }


def at_google(one: Person) -> dict[str, Any]:
    """docs/targets/google.md, "Default mapping"; new accounts stand in the unit of the whole company."""
    return {
        "primaryEmail": one.email,
        "givenName": one.first,
        "familyName": one.last,
        "orgUnitPath": "/",
        "active": True,
        "title": one.title,
        "department": one.department,
        "name": one.company,
        "phone work": one.phone,
        "phone mobile": one.mobile,
        "number": one.number,
        "manager": one.boss.email if one.boss else None,
    }


def at_entra(one: Person) -> dict[str, Any]:
    """docs/targets/entra.md, "Default mapping", and the nickname that every account has."""
    return {
        "userPrincipalName": one.email,
        "mail": one.email,
        "mailNickname": (one.email or "").partition("@")[0],
        "accountEnabled": True,
        "displayName": one.name,
        "givenName": one.first,
        "surname": one.last,
        "jobTitle": one.title,
        "department": one.department,
        "companyName": one.company,
        "officeLocation": one.office,
        "employeeId": one.number,
        "phone": one.phone,
        "mobilePhone": one.mobile,
        "preferredLanguage": one.language,
        "manager": one.boss.id if one.boss else None,
    }


def without(account: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in account.items() if name not in names}


def in_western(text: str) -> str:
    """A name as windows-1252 can have it: without what that lacks."""
    return text.translate(str.maketrans("ıŞşĞğİ", "iSsGgI"))
