"""Settings of notices: to whom the bridge speaks up, and when it keeps quiet."""

from __future__ import annotations

import re
from datetime import time

from pydantic import Field, field_validator

from bridge.config.addresses import http_address
from bridge.config.section import Section
from bridge.config.target_settings import Secret

_QUIET = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)")


class NoticeSettings(Section):
    """Who is told when something begins or ceases to need a person. Needs the extra `notices`."""

    to: list[Secret] = Field(default_factory=list)
    """Addresses as the library Apprise writes them, such as `mailto://user:password@example.com?to=it@example.com`,
    `slack://...`, `msteams://...`; each is a secret."""
    quiet: str = ""
    """Hours in which nobody is told, such as `20:00-07:00` in `timezone`; the rest is told later."""
    every: float = Field(60.0, ge=5)
    """Seconds between two looks; what happens in between goes into one notice."""
    names: bool = False
    """Whether those who fail, or whose first day is missed, are named; else only counted."""
    link: str = ""
    """Address of the pages, such as `https://bridge.example.com`, which each notice ends with."""

    @field_validator("quiet")
    @classmethod
    def _are_hours(cls, value: str) -> str:
        if value and not _QUIET.fullmatch(value):
            raise ValueError("are no hours such as 20:00-07:00")
        return value

    @field_validator("link")
    @classmethod
    def _is_http(cls, value: str) -> str:
        return http_address(value) if value else value

    def is_quiet(self, now: time) -> bool:
        """Whether nobody is told at this time of day. Quiet hours may go over midnight."""
        if (found := _QUIET.fullmatch(self.quiet)) is None:
            return False
        begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
        return begins <= now < ends if begins <= ends else now >= begins or now < ends
