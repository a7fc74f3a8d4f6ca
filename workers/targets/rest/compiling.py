"""Compiles a profile for the settings of one target. What is wrong is said with its place. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping

from bridge.config.sources import Source
from bridge.errors import ConfigurationError, RecordRejected
from bridge.mapping.environment import PLAIN
from bridge.model import Kind
from workers.targets.rest import profile as words
from workers.targets.rest.calling import VARIABLES, Calling
from workers.targets.rest.compiled import MEMBERS, Compiled, Objects
from workers.targets.rest.consistency import Problem, aimless, inconsistent
from workers.targets.rest.fields import Field, Path, steps
from workers.targets.rest.profile import Profile
from workers.targets.rest.scripts import Scope


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


class _Compiler(Calling):
    """Compiles a whole profile."""

    def __init__(
        self, profile: Profile, source: Source, settings: Mapping[str, str | None], named: list[str]
    ) -> None:
        super().__init__(profile, source)
        self._settings = settings
        self._named = named
        self._scope = Scope(PLAIN)

    def all(self) -> Compiled:
        """The whole profile."""
        profile = self._profile
        self._refuse(aimless(profile))
        base_url = self.template(profile.base_url, "base_url", given=["settings"])
        return Compiled(
            profile,
            self._settings,
            base_url.fill(self._scope, {"settings": self._settings}).rstrip("/"),
            self.sign_in(profile.sign_in),
            tuple(self.rule(one, "answers", str(number)) for number, one in enumerate(profile.answers)),
            self.batch(profile.batch) if profile.batch else None,
            {name: self.names(one, "lists", name) for name, one in profile.lists.items()},
            self._objects(Kind.PERSON, profile.people, "people"),
            self._objects(Kind.TEAM, profile.groups, "groups") if profile.groups else None,
        )

    def _objects(self, kind: Kind, one: words.Objects, place: str) -> Objects:
        self._check(kind, one, place)
        fields = self._fields(one, place)
        people = one if isinstance(one, words.People) else None
        create = None
        if one.create:
            create = self.creation(one.create, place, "create", given=VARIABLES["create"])
        find = {
            name: self.looking_up(request, place, "find", name, given=VARIABLES["find"])
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
            self.writing(one.delete, place, "delete", given=VARIABLES["delete"]) if one.delete else None,
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
        read = self._place(spec.read or one.read_at, name, *where, "read")
        write = self._place(spec.write or "{name}", name, *where, "write")
        return Field(name, spec, spec.clear or one.clear, read, write) if read and write else None

    def _place(self, text: str, name: str, *place: str) -> Path | None:
        template = self.template(text, *place, given=["settings", "name"])
        try:
            return steps(template.fill(self._scope, {"settings": self._settings, "name": name}))
        except RecordRejected:
            return None

    def _refuse(self, found: Iterable[Problem], *place: str) -> None:
        if lines := [f"{self.where(*place, *where)}: {sentence}" for where, sentence in found]:
            raise ConfigurationError("\n".join(lines))

    def _check(self, kind: Kind, one: words.Objects, place: str) -> None:
        """See that all of it fits together, the default mapping too. Raises ConfigurationError."""
        self._refuse(inconsistent(one, self._profile.lists), place)
        record = ["team" if kind is Kind.TEAM else "person"]
        for name, spec in one.attributes.items():
            if spec.map is not None:
                self.expression(spec.map, place, "attributes", name, "map", given=record)
            self._field(one, name, name, place)
        if isinstance(one, words.Groups):
            self.expression(one.members.map, place, MEMBERS, "map", given=record)
