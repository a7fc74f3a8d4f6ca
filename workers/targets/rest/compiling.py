"""Compiles a profile for the settings of one target. What is wrong is said with its place. Pure."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from bridge.config.sources import Source
from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import PLAIN
from bridge.mapping.expressions import Expression
from bridge.mapping.vocabulary import problems
from bridge.model import Kind
from workers.targets.rest import profile as words
from workers.targets.rest.compiled import (
    MEMBERS,
    Call,
    Compiled,
    Creation,
    Listing,
    Members,
    Names,
    Objects,
    Rule,
    SignIn,
    Step,
)
from workers.targets.rest.fields import Field, Path, steps
from workers.targets.rest.profile import Profile
from workers.targets.rest.scripts import Scope, Template

_PAGES = ("size", "offset", "page", "cursor")

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "list": ("settings", "fields"),
    "find": ("settings", "fields", "value"),
    "read": ("settings", "fields", "id"),
    "create": ("settings", "wanted"),
    "step": ("settings", "id", "changed", "there", "whole"),
    "delete": ("settings", "id"),
    "members.list": ("settings", "id"),
    "members": ("settings", "id", MEMBERS),
    "lists": ("settings",),
    "lists.create": ("settings", "name"),
    "sign_in": ("settings", "secrets"),
    "answers": ("status", "headers", "body"),
}
"""What expressions can use, by where they stand; those of lists with `pages` also the variables of pages."""

_SETTING = re.compile(r"\b(settings|secrets)\s*\.\s*(\w+)")


def compiled(
    profile: Profile, source: Source, given: Mapping[str, str], named: Iterable[str] = ()
) -> Compiled:
    """A profile for settings as `with` gives them; `named` are attributes that a `map` names.

    Raises ConfigurationError, naming the place.
    """
    settings = {name: given.get(name, one.default) for name, one in profile.settings.items()}
    return _Compiler(profile, source, settings, list(named)).all()


def family(one: words.Objects, name: str) -> str | None:
    """The attribute with a `*` that a name belongs to, if there is one."""
    likes = (like for like in one.attributes if like.endswith("*"))
    return next((like for like in likes if fnmatch.fnmatchcase(name, like)), None)


class _Requests:
    """Compiles expressions, and requests made of them."""

    def __init__(self, profile: Profile, source: Source) -> None:
        self._profile = profile
        self._source = source

    def where(self, *place: str) -> str:
        """A place of the profile, for messages."""
        origin = self._source.origins.get(place)
        return ".".join(place) + (f" ({origin})" if origin else "")

    def expression(self, text: str, *place: str, given: Collection[str]) -> Expression:
        where = self.where(*place)
        self._check_settings(text, where)
        expression = Expression(text, where, frozenset(given))
        for problem in problems(expression, PLAIN):
            raise ConfigurationError(problem)
        return expression

    def template(self, text: str, *place: str, given: Collection[str]) -> Template:
        return Template(text, self.where(*place), lambda part: self.expression(part, *place, given=given))

    def templates(self, texts: Mapping[str, str], *place: str, given: Collection[str]) -> dict[str, Template]:
        return {name: self.template(text, *place, name, given=given) for name, text in texts.items()}

    def _check_settings(self, text: str, where: str) -> None:
        for group, name in _SETTING.findall(text):
            known = self._profile.settings if group == "settings" else self._profile.secrets
            if name not in known:
                hint = _near(name, known, f"{group}.")
                raise ConfigurationError(
                    f"{where} uses {group}.{name}, which the profile does not name{hint}"
                )

    def call(self, one: words.Request, *place: str, given: Collection[str]) -> Call:
        form = one.form if isinstance(one, words.TokenRequest) else {}

        def every(texts: Mapping[str, str], word: str) -> dict[str, Expression]:
            return {
                name: self.expression(text, *place, word, name, given=given) for name, text in texts.items()
            }

        return Call(
            one.method,
            self.template(one.path, *place, "request", given=given),
            every(one.params, "params"),
            None if one.body is None else self.expression(one.body, *place, "body", given=given),
            every(form, "form"),
        )

    def listing(self, one: words.ListRequest, *place: str, given: Collection[str]) -> Listing:
        self._check_reads(one, *place)
        pages = one.pages
        if pages and (pages.by in ("cursor", "next")) != (pages.at is not None):
            raise ConfigurationError(f"{self.where(*place, 'pages')}: `at` belongs to cursor and next only")
        call = self.call(one, *place, given=(*given, *(_PAGES if pages else ())))
        return Listing(call, steps(one.items), pages)

    def reading(self, one: words.ReadRequest, *place: str) -> Listing:
        self._check_reads(one, *place)
        return Listing(self.call(one, *place, given=VARIABLES["read"]), steps(one.item), None)

    def _check_reads(self, one: words.Request, *place: str) -> None:
        if one.method not in ("GET", "POST"):
            raise ConfigurationError(f"{self.where(*place, 'request')} reads: it can be a GET or a POST only")

    def steps(self, every: Sequence[words.Step], *place: str) -> tuple[Step, ...]:
        return tuple(self._step(one, *place, str(number)) for number, one in enumerate(every))

    def _step(self, one: words.Step, *place: str) -> Step:
        given = VARIABLES["step"]
        when = None if one.when is None else self.expression(one.when, *place, "when", given=given)
        item = None if one.item is None else steps(one.item)
        return Step(self.call(one, *place, given=given), when, tuple(one.sends), item)

    def creation(self, one: words.Create, *place: str, given: Collection[str]) -> Creation:
        return Creation(
            self.call(one, *place, given=given),
            None if one.id_in == "location" else steps(one.id),
            tuple(one.later),
            None if one.item is None else steps(one.item),
        )

    def names(self, one: words.Names, *place: str) -> Names:
        create = None
        if one.create:
            create = self.creation(one.create, *place, "create", given=VARIABLES["lists.create"])
        listing = self.listing(one, *place, given=VARIABLES["lists"])
        return Names(listing, steps(one.id), steps(one.name), create)

    def members(self, one: words.Members) -> Members:
        place = "groups", MEMBERS
        if (one.read is None) == (one.listing is None):
            raise ConfigurationError(
                f"{self.where(*place)} needs one of `read` and `list`: where a group's members are shown"
            )
        listing = None
        if one.listing:
            listing = self.listing(one.listing, *place, "list", given=VARIABLES["members.list"])
        given = VARIABLES[MEMBERS]
        return Members(
            None if one.read is None else steps(one.read),
            listing,
            steps(one.id),
            self.call(one.add, *place, "add", given=given),
            one.add.at_most,
            self.call(one.remove, *place, "remove", given=given),
            one.remove.at_most,
        )

    def sign_in(self, one: words.SignIn) -> SignIn:
        given, place = VARIABLES["sign_in"], "sign_in"
        basic = token = None
        if one.basic:
            both = {"user": one.basic.user, "password": one.basic.password}
            made = self.templates(both, place, "basic", given=given)
            basic = made["user"], made["password"]
        if one.token:
            self._check_reads(one.token, place, "token")
            token = self.call(one.token, place, "token", given=given)
        token_at, lifetime_at = (one.token.token, one.token.lifetime) if one.token else ("", "")
        headers = self.templates(one.headers, place, "headers", given=given)
        return SignIn(headers, basic, token, steps(token_at), steps(lifetime_at))

    def rule(self, one: words.Rule, *place: str) -> Rule:
        when = self.expression(one.when, *place, "when", given=VARIABLES["answers"])
        return Rule(when, one.means, one.says)


class _Compiler(_Requests):
    """Compiles a whole profile."""

    def __init__(
        self, profile: Profile, source: Source, settings: Mapping[str, str | None], named: list[str]
    ) -> None:
        super().__init__(profile, source)
        self._settings = settings
        self._named = named
        self._scope = Scope(PLAIN)

    def all(self) -> Compiled:
        profile = self._profile
        base_url = self.template(profile.base_url, "base_url", given=["settings"])
        return Compiled(
            profile,
            self._settings,
            base_url.fill(self._scope, {"settings": self._settings}).rstrip("/"),
            self.sign_in(profile.sign_in),
            tuple(self.rule(one, "answers", str(number)) for number, one in enumerate(profile.answers)),
            {name: self.names(one, "lists", name) for name, one in profile.lists.items()},
            self._objects(Kind.PERSON, profile.people, "people"),
            self._objects(Kind.TEAM, profile.groups, "groups") if profile.groups else None,
        )

    def _objects(self, kind: Kind, one: words.Objects, place: str) -> Objects:
        self._check_names(one, place)
        fields = self._fields(one, place)
        people = one if isinstance(one, words.People) else None
        create = None
        if one.create:
            create = self.creation(one.create, place, "create", given=VARIABLES["create"])
        find = {
            name: self.listing(request, place, "find", name, given=VARIABLES["find"])
            for name, request in one.find.items()
        }
        return Objects(
            kind,
            one,
            steps(one.id),
            fields,
            fields.get(one.external_id or ""),
            fields.get(people.access or "") if people else None,
            self.listing(one.listing, place, "list", given=VARIABLES["list"]),
            find,
            self.reading(one.read, place, "read") if one.read else None,
            create,
            self.steps(one.update, place, "update"),
            self.steps(people.deactivate, place, "deactivate") if people else (),
            self.steps(people.reactivate, place, "reactivate") if people else (),
            self.call(one.delete, place, "delete", given=VARIABLES["delete"]) if one.delete else None,
            self.members(one.members) if isinstance(one, words.Groups) else None,
        )

    def _fields(self, one: words.Objects, place: str) -> dict[str, Field]:
        """The attributes: those with a name of their own, and of each family those that a `map` names."""
        likes = {name: name for name in one.attributes if not name.endswith("*")}
        likes |= {name: like for name in self._named if name not in likes and (like := family(one, name))}
        found = {name: self._field(one, name, like, place) for name, like in likes.items()}
        return {name: field for name, field in found.items() if field}

    def _field(self, one: words.Objects, name: str, like: str, place: str) -> Field | None:
        """An attribute; None where its places name a setting that is not given."""
        spec, where = one.attributes[like], (place, "attributes", like)
        if spec.list and spec.list not in self._profile.lists:
            hint = _near(spec.list, self._profile.lists)
            raise ConfigurationError(f"{self.where(*where, 'list')}: there is no list '{spec.list}'{hint}")
        read = self._place(spec.read or one.read_at, name, *where, "read")
        write = self._place(spec.write or "{name}", name, *where, "write")
        return Field(name, spec, read, write) if read and write else None

    def _place(self, text: str, name: str, *place: str) -> Path | None:
        template = self.template(text, *place, given=["settings", "name"])
        try:
            return steps(template.fill(self._scope, {"settings": self._settings, "name": name}))
        except RecordRejected:
            return None

    def _check_names(self, one: words.Objects, place: str) -> None:
        """See that every word that names an attribute names one that there is. Raises ConfigurationError."""
        single = {word: getattr(one, word, None) for word in ("external_id", "access", "name")}
        named: list[tuple[tuple[str, ...], str]] = [((word,), name) for word, name in single.items() if name]
        several: dict[tuple[str, ...], Iterable[str]] = {("match",): one.match, ("find",): one.find}
        if one.create:
            several["create", "later"] = one.create.later
        several |= {("update", str(at), "sends"): step.sends for at, step in enumerate(one.update)}
        for word, names in several.items():
            named += [
                ((*word, name if word == ("find",) else str(at)), name) for at, name in enumerate(names)
            ]
        for word, name in named:
            if name not in one.attributes:
                hint = _near(name, one.attributes)
                raise ConfigurationError(f"{self.where(place, *word)}: there is no attribute '{name}'{hint}")


def _near(name: str, known: Iterable[str], before: str = "") -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {before}{near[0]}?" if near else ""
