"""What of a profile's people or groups does not fit together, before anything is asked of the tool. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bridge.printable import did_you_mean
from workers.targets.rest.profile import Attribute, Objects, People, Profile
from workers.targets.rest.requests import Names, every

Problem = tuple[tuple[str, ...], str]
"""A place, of people or groups below them, and a sentence on what stands there."""

_TRUTHS = frozenset({"true", "false"})


def inconsistent(one: Objects, lists: Mapping[str, Names]) -> Iterator[Problem]:
    """What cannot work for anybody; `lists` are the profile's."""
    yield from _unknown(one)
    for name, attribute in one.attributes.items():
        for word, sentence in _wrong_with(attribute, lists):
            yield ("attributes", name, word), sentence
    if isinstance(one, People) and (access := one.attributes.get(one.access or "")):
        sends = not (access.read_only or one.deactivate or one.reactivate)
        for word, sentence in _wrong_with_access(access, sends=sends):
            yield ("attributes", str(one.access), word), sentence


def aimless(profile: Profile) -> Iterator[Problem]:
    """Rates that are of no request."""
    known = dict.fromkeys(every(profile.model_dump(exclude={"rates"})))
    for name, rate in profile.rates.items():
        if not (rate.requests or rate.methods):
            yield ("rates", name), "needs `requests` or `methods`: what it is the rate of"
        for number, one in enumerate(rate.requests):
            if one not in known:
                hint = did_you_mean(one, known, "'", "'")
                yield ("rates", name, "requests", str(number)), f"there is no request '{one}'{hint}"


def _unknown(one: Objects) -> Iterator[Problem]:
    """Words that name an attribute that there is not."""
    single = {word: getattr(one, word, None) for word in ("external_id", "access", "name")}
    for word, named in single.items():
        if named:
            yield from _unknown_among(one, [((word,), named)])
    several: dict[tuple[str, ...], Iterable[str]] = {("match",): one.match}
    if one.create:
        several["create", "later"] = one.create.later
    for word in ("update", "deactivate", "reactivate"):
        several |= {
            (word, str(at), "sends"): step.sends for at, step in enumerate(getattr(one, word, None) or ())
        }
    for place, names in several.items():
        yield from _unknown_among(one, [((*place, str(at)), name) for at, name in enumerate(names)])
    yield from _unknown_among(one, [(("find", name), name) for name in one.find])


def _unknown_among(one: Objects, named: Iterable[Problem]) -> Iterator[Problem]:
    for place, name in named:
        if name not in one.attributes:
            yield place, f"there is no attribute '{name}'{did_you_mean(name, one.attributes)}"


def _wrong_with(attribute: Attribute, lists: Mapping[str, Names]) -> Iterator[tuple[str, str]]:
    """A word of the attribute, and what is wrong with it."""
    if attribute.list and attribute.list not in lists:
        yield "list", f"there is no list '{attribute.list}'{did_you_mean(attribute.list, lists)}"
    elif attribute.missing == "create" and not (attribute.list and lists[attribute.list].create):
        yield "missing", "an entry can be made only in one of `lists` that says how, by `create`"
    if attribute.type == "boolean":
        if wrong := sorted(attribute.values.keys() - _TRUTHS):
            yield "values", f"has a word for '{wrong[0]}', but a boolean is true or false"
        if wrong := sorted(set(attribute.also.values()) - _TRUTHS):
            yield "also", f"has a word that means '{wrong[0]}', but a boolean is true or false"


def _wrong_with_access(access: Attribute, *, sends: bool) -> Iterator[tuple[str, str]]:
    """The same for the one that says whether an account is in use; `sends`: `update` gives and takes it."""
    if access.type != "boolean":
        yield "type", "is to be boolean: whether an account is in use is true or false"
        return
    known = access.values.keys() if sends else {*access.values.keys(), *access.also.values()}
    if access.values and (lacking := sorted(_TRUTHS - known)):
        yield "values", f"has no word for {lacking[0]}: nobody could be seen {_SEEN[lacking[0]]}"


_SEEN = {"true": "in use", "false": "out of use"}
