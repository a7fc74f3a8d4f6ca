"""The settings of a file: when it is written, and how an SFTP server is known and signed in to."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from bridge.config.target_settings import Groups, Needed, TargetSettings
from workers.targets.file.address import FORMATS, Address
from workers.targets.file.layout import Layout


def _text(value: SecretStr) -> SecretStr:
    """A secret of any characters, without the line break that a file may end in."""
    text = value.get_secret_value().strip("\r\n")
    if not text.strip():
        raise ValueError("is empty")
    return SecretStr(f"{text}\n" if "\n" in text else text)


SecretText = Annotated[SecretStr, AfterValidator(_text)]
"""A password, or a key of several lines: never shown."""

_HOST_KEY = re.compile(r"(?:^|\s)((?:ssh|ecdsa|sk)-[\w.@-]+ [A-Za-z0-9+/]+=*)(?:\s|$)")


class FileSettings(Layout):
    """A file with a row for each person. `path` is where: a file of this machine, or one behind SFTP."""

    changes_nothing = TargetSettings.changes_nothing | {
        "path", "header", "delimiter", "quoting", "decimal", "dates", "booleans", "line_ends", "lines_before",
        "lines_after", "inactive_rows", "sheet", "content", "at", "keep_days", "file_mode", "host_key",
        "private_key", "passphrase", "password",
    }  # fmt: skip
    url_setting = "path"

    content: Literal["all", "changes"] = "all"
    """`all` writes everybody each time, `changes` only the rows that differ from those written last."""
    at: list[str] = Field(default_factory=list)
    """Times of day at which the file is written, e.g. `["06:00", "18:00"]`, in the bridge's time zone,
    whether something has changed or not. Default: whenever something has changed."""
    keep_days: float | None = Field(None, gt=0)
    """Days after which a file is deleted that the bridge has written under another name. Default: never."""
    file_mode: str = Field("0600", pattern="^0?[0-7]{3}$")
    """Who may read and write the file, as for chmod."""
    host_key: str | None = None
    """With SFTP: the server's public key, as `ssh-keyscan` prints it and its administrator has confirmed. No
    other server is believed."""
    private_key: SecretText | None = None
    """With SFTP: the private key to sign in with, as OpenSSH writes it."""
    passphrase: SecretText | None = None
    """The passphrase of `private_key`, if it has one."""
    password: SecretText | None = None
    """With SFTP: the password to sign in with, where the server takes no key."""
    groups: Groups = Groups.model_validate({"from": []})
    """A file has people only. Names of teams can be a column: `teams: person.work.teams`."""
    rate: float = Field(1000.0, gt=0)
    """Rows per second that are made ready, over all workers."""
    concurrency: int = Field(50, ge=1, le=100)
    """Rows that are made ready at the same time, per worker."""

    @classmethod
    def needed(cls, given: Mapping[str, Any]) -> Sequence[Needed]:
        """What an SFTP server is known by, and what to sign in to it with."""
        if not str(given.get("path", "")).lower().startswith("sftp://"):
            return ()
        signs_in = given.get("private_key") or given.get("password")
        lacking = [] if given.get("host_key") else [Needed(("host_key",))]
        return lacking if signs_in else [*lacking, Needed(("password",))]

    @field_validator("at")
    @classmethod
    def _are_times(cls, value: list[str]) -> list[str]:
        for text in value:
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
                raise ValueError(f"has '{text[:10]}', which is no time of day such as 06:00")
        return value

    @field_validator("host_key")
    @classmethod
    def _is_a_key(cls, value: str | None) -> str | None:
        if value is None or (found := _HOST_KEY.search(value)):
            return value and found and found[1]
        raise ValueError("must be a line such as ssh-ed25519 AAAA..., as ssh-keyscan prints it")

    @field_validator("groups")
    @classmethod
    def _has_none(cls, value: Groups) -> Groups:
        if value.from_:
            raise ValueError("must be left out: a file has people only (see person.work.teams)")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.format is None and self.address.name.format is None:
            raise ValueError(f"has a path whose name tells no format: set format to {', '.join(FORMATS)}")
        if self.address.host:
            self._check_sftp()
        if self.content == "changes":
            self._check_changes()
        return self

    def _check_sftp(self) -> None:
        if self.host_key is None:
            raise ValueError("needs host_key, the public key of the SFTP server (ssh-keyscan HOST)")
        if self.private_key is None and self.password is None:
            raise ValueError("needs private_key or password to sign in to the SFTP server with")

    def _check_changes(self) -> None:
        if "{second}" not in self.address.name.pattern:
            raise ValueError(
                "has content: changes, which needs a name for each file, such as people-{year}{month}{day}-"
                "{hour}{minute}{second}.csv: else one would be replaced that nobody has read yet"
            )
        removal = self.removal
        deletes = "delete" in (removal.inactive, removal.left, removal.gone, removal.out_of_scope)
        if not self.shows_inactive or (deletes and removal.after_days == 0):
            raise ValueError(
                "has content: changes, which cannot tell that a row is gone: keep the column 'active', and"
                " those who have left for some days at least"
            )

    @property
    def times(self) -> list[time]:
        """When it is written, if that is set."""
        return [time.fromisoformat(text) for text in self.at]

    @property
    def permissions(self) -> int:
        """Its mode bits."""
        return int(self.file_mode, 8)

    @property
    def url(self) -> str:
        """Where people's data are sent to."""
        return self.path if self.address.host else ""

    def shares(self, other: TargetSettings) -> bool:
        """Whether another target would write the same file."""
        return isinstance(other, FileSettings) and _place(self.address) == _place(other.address)


def _place(address: Address) -> Address:
    """The same, on this machine without links and steps back."""
    return address if address.host else replace(address, folder=os.path.realpath(address.folder))
