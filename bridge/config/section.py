"""What every group of settings has in common."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ValidationInfo,
    field_validator,
    model_validator,
)


class Section(BaseModel):
    """A group of settings: unknown names are errors, values are fixed once read.

    A group, a dict and a list may also come as JSON text, as an environment variable brings them; nothing at
    all (`targets:` with every line below it commented out) is an empty one.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _group_may_be_text(cls, value: Any) -> Any:
        return _structure(value, {})

    @field_validator("*", mode="before")
    @classmethod
    def _collection_may_be_text(cls, value: Any, info: ValidationInfo) -> Any:
        kind = get_origin(cls.model_fields[info.field_name or ""].annotation)
        return _structure(value, kind()) if kind in (dict, list) else value


def _structure(value: Any, empty: Any) -> Any:
    if value is None:
        return empty
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos + 1}") from None


FOLDER = "folder"
"""In the context of a validation: the folder of the configuration file."""


def beside_the_file(value: Path, info: ValidationInfo) -> Path:
    """A path of a setting: a relative one starts at the folder of the configuration file."""
    folder: Path | None = (info.context or {}).get(FOLDER)
    return folder / value if folder else value


LocalPath = Annotated[Path, AfterValidator(beside_the_file)]
"""A file or folder of this machine."""
