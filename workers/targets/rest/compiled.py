"""A profile with its expressions compiled, for the settings of one target. Pure."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any

from bridge.config.sources import Source
from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import PLAIN
from bridge.mapping.expressions import Expression
from bridge.model import Kind
from workers.targets.rest import profile as words
from workers.targets.rest.fields import Field, Path, steps
from workers.targets.rest.profile import Profile
from workers.targets.rest.scripts import Scope, Template

_SETTING = re.compile(r"\b(settings|secrets)\s*\.\s*(\w+)")
_READING = frozenset({"settings", "fields"})
_PAGES = frozenset({"size", "offset", "page", "cursor"})
_STEP = frozenset({"settings", "id", "changed", "there", "whole"})
MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `where` names it in errors."""

    where: str
    method: str
    path: Template
    params: Mapping[str, Expression]
    body: Expression | None
    form: Mapping[str, Expression]


@dataclass(frozen=True, slots=True)
class Listing:
    """A request for objects; `items` is where they stand."""

    call: Call
    items: Path
    pages: words.Paging | None


@dataclass(frozen=True, slots=True)
class Step:
    """A request that changes an object; `sends` are the only attributes that it takes, () for all others."""

    call: Call
    when: Expression | None
    sends: tuple[str, ...]
    item: Path | None


@dataclass(frozen=True, slots=True)
class Creation:
    """A request that makes an object. `id`: where its id stands; None: in the header Location."""

    call: Call
    id: Path | None
    later: tuple[str, ...]
    item: Path | None


@dataclass(frozen=True, slots=True)
class Names:
    """A list of names and ids."""

    listing: Listing
    id: Path
    name: Path
    create: Creation | None


@dataclass(frozen=True, slots=True)
class Members:
    """How the members of a group are read, added and removed."""

    read: Path | None
    listing: Listing | None
    id: Path
    add: Call
    add_at_most: int
    remove: Call
    remove_at_most: int


@dataclass(frozen=True, slots=True)
class Objects:
    """People, or groups."""

    kind: Kind
    spec: words.Objects
    id: Path
    fields: Mapping[str, Field]
    listing: Listing
    find: Mapping[str, Listing]
    read: Listing | None
    create: Creation | None
    update: tuple[Step, ...]
    deactivate: tuple[Step, ...]
    reactivate: tuple[Step, ...]
    delete: Call | None
    members: Members | None

    def field(self, name: str) -> Field | None:
        """An attribute by the name that a mapping uses."""
        return self.fields.get(name)


@dataclass(frozen=True, slots=True)
class Rule:
    """What an answer means."""

    when: Expression
    means: words.Means
    says: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """How requests prove who sends them."""

    headers: Mapping[str, Template]
    basic: tuple[Template, Template] | None
    token: Call | None
    token_at: Path
    lifetime_at: Path


@dataclass(frozen=True, slots=True)
class Compiled:
    """A profile for one target."""

    profile: Profile
    settings: Mapping[str, str | None]
    base_url: str
    sign_in: SignIn
    rules: tuple[Rule, ...]
    lists: Mapping[str, Names]
    people: Objects
    groups: Objects | None

    def objects(self, kind: Kind) -> Objects:
        """People or groups. Raises RecordRejected where the tool has none."""
        found = self.people if kind is Kind.PERSON else self.groups
        if found is None:
            raise RecordRejected(f"{self.profile.title} has no groups")
        return found


def compiled(
    profile: Profile, source: Source, given: Mapping[str, str], extra: Mapping[Kind, Iterable[str]]
) -> Compiled:
    """A profile for settings as `with` gives them; `extra` are attributes that a `map` names by kind.

    Raises ConfigurationError, naming the place.
    """
    settings = {name: given.get(name, one.default) for name, one in profile.settings.items()}
    compiler = _Compiler(profile, source, settings, extra)
    return compiler.all()


class _Compiler:
    def __init__(
        self,
        profile: Profile,
        source: Source,
        settings: Mapping[str, str | None],
        extra: Mapping[Kind, Iterable[str]],
    ) -> None:
        self._profile = profile
        self._source = source
        self._settings = settings
        self._extra = extra
        self._scope = Scope(PLAIN)

    def all(self) -> Compiled:
        profile = self._profile
        base_url = self._template(profile.base_url, "base_url", given={"settings"})
        return Compiled(
            profile,
            self._settings,
            base_url.fill(self._scope, {"settings": self._settings}).rstrip("/"),
            self._sign_in(profile.sign_in),
            tuple(self._rule(one, "answers", str(number)) for number, one in enumerate(profile.answers)),
            {name: self._names(one, "lists", name) for name, one in profile.lists.items()},
            self._objects(Kind.PERSON, profile.people, "people"),
            self._objects(Kind.TEAM, profile.groups, "groups") if profile.groups else None,
        )

    # Where something stands, for messages

    def _where(self, *place: str) -> str:
        origin = self._source.origins.get(place)
        return ".".join(place) + (f" ({origin})" if origin else "")

    def _expression(self, text: str, *place: str, given: Set[str]) -> Expression:
        where = self._where(*place)
        self._check_settings(text, where)
        return Expression(text, where, frozenset(given))

    def _template(self, text: str, *place: str, given: Set[str]) -> Template:
        where = self._where(*place)
        self._check_settings(text, where)
        return Template(text, where, frozenset(given))

    def _check_settings(self, text: str, where: str) -> None:
        for group, name in _SETTING.findall(text):
            known = self._profile.settings if group == "settings" else self._profile.secrets
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"; did you mean {group}.{near[0]}?" if near else ""
                raise ConfigurationError(f"{where} uses {group}.{name}, which the profile does not name{hint}")

    # Requests

    def _call(self, one: words.Request, *place: str, given: Set[str]) -> Call:
        form = one.form if isinstance(one, words.TokenRequest) else {}
        return Call(
            self._where(*place),
            one.method,
            self._template(one.path, *place, "request", given=given),
            {
                name: self._expression(text, *place, "params", name, given=given)
                for name, text in one.params.items()
            },
            None if one.body is None else self._expression(one.body, *place, "body", given=given),
            {name: self._expression(text, *place, "form", name, given=given) for name, text in form.items()},
        )

    def _listing(self, one: words.ListRequest, *place: str, given: Set[str] = _READING) -> Listing:
        if one.method not in ("GET", "POST"):
            raise ConfigurationError(f"{self._where(*place, 'request')} reads: it can be a GET or a POST only")
        pages = one.pages
        if pages and (pages.by in ("cursor", "next")) != (pages.at is not None):
            raise ConfigurationError(f"{self._where(*place, 'pages')}: `at` belongs to cursor and next only")
        call = self._call(one, *place, given={*given, *(_PAGES if pages else ())})
        return Listing(call, steps(one.items), pages)

    def _step(self, one: words.Step, *place: str) -> Step:
        when = None if one.when is None else self._expression(one.when, *place, "when", given=_STEP)
        item = None if one.item is None else steps(one.item)
        return Step(self._call(one, *place, given=_STEP), when, tuple(one.sends), item)

    def _creation(self, one: words.Create, *place: str, given: Set[str]) -> Creation:
        return Creation(
            self._call(one, *place, given={"settings", *given}),
            None if one.id_in == "location" else steps(one.id),
            tuple(one.later),
            None if one.item is None else steps(one.item),
        )

    def _names(self, one: words.Names, *place: str) -> Names:
        create = one.create and self._creation(one.create, *place, "create", given={"name"})
        listing = self._listing(one, *place, given={"settings"})
        return Names(listing, steps(one.id), steps(one.name), create)

    def _rule(self, one: words.Rule, *place: str) -> Rule:
        given = {"status", "headers", "body"}
        return Rule(self._expression(one.when, *place, "when", given=given), one.means, one.says)

    def _sign_in(self, one: words.SignIn) -> SignIn:
        given, place = {"secrets", "settings"}, "sign_in"
        headers = {
            name: self._template(text, place, "headers", name, given=given)
            for name, text in one.headers.items()
        }
        basic = one.basic and (
            self._template(one.basic.user, place, "basic", "user", given=given),
            self._template(one.basic.password, place, "basic", "password", given=given),
        )
        token = one.token and self._call(one.token, place, "token", given=given)
        if one.token and one.token.method not in ("GET", "POST"):
            raise ConfigurationError(f"{self._where(place, 'token', 'request')} can be a GET or a POST only")
        at = one.token or words.TokenRequest(request="GET /")
        return SignIn(headers, basic, token, steps(at.token), steps(at.lifetime))

    # Objects and their attributes

    def _objects(self, kind: Kind, one: words.Objects, place: str) -> Objects:
        fields = self._fields(kind, one, place)
        people = one if isinstance(one, words.People) else None
        self._check_names(one, fields, place)

        def every(steps_: Sequence[words.Step], name: str) -> tuple[Step, ...]:
            return tuple(
                self._step(step, place, name, str(number)) for number, step in enumerate(steps_)
            )

        return Objects(
            kind,
            one,
            steps(one.id),
            fields,
            self._listing(one.listing, place, "list"),
            {
                name: self._listing(request, place, "find", name, given=_READING | {"value"})
                for name, request in one.find.items()
            },
            one.read and self._reading(one.read, place, "read"),
            one.create and self._creation(one.create, place, "create", given={"wanted"}),
            every(one.update, "update"),
            every(people.deactivate, "deactivate") if people else (),
            every(people.reactivate, "reactivate") if people else (),
            one.delete and self._call(one.delete, place, "delete", given={"settings", "id"}),
            self._members(one.members) if isinstance(one, words.Groups) else None,
        )

    def _reading(self, one: words.ReadRequest, *place: str) -> Listing:
        as_list = words.ListRequest(request=one.request, params=one.params, body=one.body, items=one.item)
        return self._listing(as_list, *place, given=_READING | {"id"})

    def _members(self, one: words.Members) -> Members:
        if (one.read is None) == (one.listing is None):
            raise ConfigurationError(
                f"{self._where('groups', MEMBERS)} needs one of `read` and `list`: where its members are shown"
            )
        given = {"settings", "id", MEMBERS}
        return Members(
            None if one.read is None else steps(one.read),
            one.listing and self._listing(one.listing, "groups", MEMBERS, "list", given={"settings", "id"}),
            steps(one.id),
            self._call(one.add, "groups", MEMBERS, "add", given=given),
            one.add.at_most,
            self._call(one.remove, "groups", MEMBERS, "remove", given=given),
            one.remove.at_most,
        )

    def _fields(self, kind: Kind, one: words.Objects, place: str) -> dict[str, Field]:
        named = [name for name in one.attributes if not name.endswith("*")]
        more = [name for name in self._extra.get(kind, ()) if name not in named]
        found = {}
        for name in (*named, *more):
            pattern = name if name in named else family(one, name)
            field = pattern and self._field(one, name, pattern, place)
            if field:
                found[name] = field
        return found

    def _field(self, one: words.Objects, name: str, pattern: str, place: str) -> Field | None:
        """An attribute where its places are known; None where they name a setting that is not given."""
        spec, where = one.attributes[pattern], (place, "attributes", pattern)
        if spec.list and spec.list not in self._profile.lists:
            raise ConfigurationError(f"{self._where(*where, 'list')}: there is no list '{spec.list}'")
        read = self._place(spec.read or one.read_at, name, *where, "read")
        write = self._place(spec.write or name.replace("{", ""), name, *where, "write")
        return Field(name, spec, read, write) if read and write else None

    def _place(self, text: str, name: str, *place: str) -> Path | None:
        template = self._template(text, *place, given={"settings", "name"})
        try:
            return steps(template.fill(self._scope, {"settings": self._settings, "name": name}))
        except RecordRejected:
            return None

    def _check_names(self, one: words.Objects, fields: Mapping[str, Field], place: str) -> None:
        """What names attributes names some that there are. Raises ConfigurationError."""
        single = {"external_id": one.external_id, "access": getattr(one, "access", None)}
        single["name"] = getattr(one, "name", None)
        named = [((place, word), name) for word, name in single.items() if name]
        named += [((place, "match", str(number)), name) for number, name in enumerate(one.match)]
        named += [((place, "find", name), name) for name in one.find]
        named += [((place, "create", "later"), name) for name in (one.create.later if one.create else ())]
        for number, step in enumerate(one.update):
            named += [((place, "update", str(number), "sends"), name) for name in step.sends]
        for where, name in named:
            if name in one.attributes:
                continue
            near = difflib.get_close_matches(name, one.attributes, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise ConfigurationError(f"{self._where(*where)}: there is no attribute '{name}'{hint}")


def family(one: words.Objects, name: str) -> str | None:
    """The attribute with a `*` that a name belongs to, if there is one."""
    return next(
        (like for like in one.attributes if like.endswith("*") and fnmatch.fnmatchcase(name, like)), None
    )


@cache
def variables() -> Mapping[str, frozenset[str]]:
    """The variables that expressions can use, by where they stand; for the documentation."""
    return {
        "list": _READING | _PAGES,
        "find": _READING | _PAGES | {"value"},
        "read": _READING | {"id"},
        "create": frozenset({"settings", "wanted"}),
        "update, deactivate, reactivate": _STEP,
        "delete": frozenset({"settings", "id"}),
        "members.add, members.remove": frozenset({"settings", "id", MEMBERS}),
        "lists": frozenset({"settings"}) | _PAGES,
        "lists, create": frozenset({"settings", "name"}),
        "sign_in": frozenset({"settings", "secrets"}),
        "answers": frozenset({"status", "headers", "body"}),
    }


def names_of(fields: Iterable[Field]) -> list[str]:
    """What of an object is read: the first step of where each attribute stands... in the tool's own names."""
    return sorted({".".join(field.read) for field in fields})


_ = Any
