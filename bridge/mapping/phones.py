"""Telephone numbers as ITU-T E.164 has them. Null in, null out."""

from __future__ import annotations

from typing import Any

from bridge.mapping.arguments import Unusable, text

_NONE = object()


def e164(value: str | None, country: str, fallback: Any = _NONE) -> Any:
    """A telephone number as +491711234567; `country`: whose it is without a country code, as two letters.

    Without `fallback`, raises Unusable for what is no number that there can be, or has an extension.
    """
    if value is None or not text(value).strip():
        return None
    if wrong := country_problem(text(country)):
        raise Unusable(wrong)
    if (found := _e164(value, country)) is not None:
        return found
    if fallback is _NONE:
        raise Unusable("was given no telephone number that there can be, or one with an extension")
    return fallback


def country_problem(country: str) -> str:
    """What is wrong with a country; "" when nothing is."""
    from phonenumbers import SUPPORTED_REGIONS  # here: it takes longer to load than most expressions

    known = country in SUPPORTED_REGIONS
    return "" if known else "wants a country as two capital letters such as DE (ISO 3166-1)"


def _e164(value: str, country: str) -> str | None:
    import phonenumbers as library  # as above

    try:
        found = library.parse(value, country)  # which reads 250 characters at most
    except library.NumberParseException:
        found = None
    if found is None or found.extension:
        return None
    # By length only: a number of a range that was opened since the library was made is a number all the same.
    if library.is_possible_number_with_reason(found) != library.ValidationResult.IS_POSSIBLE:
        return None
    return str(library.format_number(found, library.PhoneNumberFormat.E164))
