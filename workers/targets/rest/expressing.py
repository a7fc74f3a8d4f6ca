"""Compiles the expressions of a profile. What is wrong with one is said with its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from bridge.config.sources import Source
from bridge.errors import ConfigurationError
from bridge.mapping.environment import PLAIN
from bridge.mapping.expressions import Expression
from bridge.mapping.inference import infer
from bridge.mapping.shapes import BOOL, NUMBERS
from bridge.mapping.vocabulary import misspelt
from bridge.printable import did_you_mean
from workers.targets.rest.profile import Profile
from workers.targets.rest.scripts import Template

_SETTING = re.compile(r"\b(settings|secrets)\s*\.\s*(\w+)")


class Expressing:
    """Compiles expressions, and texts with some in them. `given` are the variables that they can use."""

    def __init__(self, profile: Profile, source: Source) -> None:
        self._profile = profile
        self._source = source

    def where(self, *place: str) -> str:
        """A place of the profile, for messages; of what is not written the line of what is around it."""
        around = (place[:length] for length in range(len(place), 0, -1))
        origin = next((found for one in around if (found := self._source.origins.get(one))), None)
        return ".".join(place) + (f" ({origin})" if origin else "")

    def expression(self, text: str, *place: str, given: Collection[str]) -> Expression:
        """An expression. Raises ConfigurationError for an unknown name, and for what can never work."""
        where = self.where(*place)
        self._check_settings(text, where)
        expression = Expression(text, where, frozenset(given))
        phrases = infer(text, PLAIN.functions)[1]
        for problem in (*misspelt(expression, PLAIN), *(f"{where} {phrase}" for phrase in phrases)):
            raise ConfigurationError(problem)
        return expression

    def condition(self, text: str, *place: str, given: Collection[str]) -> Expression:
        """An expression that is true or false."""
        return self._giving((BOOL,), "true or false", text, *place, given=given)

    def number(self, text: str, *place: str, given: Collection[str]) -> Expression:
        """An expression that is a number."""
        return self._giving(NUMBERS, "a number", text, *place, given=given)

    def _giving(
        self, kinds: Collection[str], what: str, text: str, *place: str, given: Collection[str]
    ) -> Expression:
        expression = self.expression(text, *place, given=given)
        found = infer(text, PLAIN.functions)[0]
        if not found.can_be(kinds):
            raise ConfigurationError(f"{expression.where} gives {found.words}, but it has to give {what}")
        return expression

    def template(self, text: str, *place: str, given: Collection[str]) -> Template:
        """A text with expressions in `{}`."""
        return Template(text, self.where(*place), lambda part: self.expression(part, *place, given=given))

    def templates(self, texts: Mapping[str, str], *place: str, given: Collection[str]) -> dict[str, Template]:
        """Texts with expressions in `{}`, by name."""
        return {name: self.template(text, *place, name, given=given) for name, text in texts.items()}

    def _check_settings(self, text: str, where: str) -> None:
        for group, name in _SETTING.findall(text):
            known = self._profile.settings if group == "settings" else self._profile.secrets
            if name not in known:
                hint = did_you_mean(name, known, f"{group}.")
                raise ConfigurationError(
                    f"{where} uses {group}.{name}, which the profile does not name{hint}"
                )
