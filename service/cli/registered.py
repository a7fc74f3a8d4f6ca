"""All commands: importing this registers them with `app`, in the order in which `--help` lists them."""

from service.cli import (
    beginning,
    commands,
    deciding,
    developing,
    forgetting,
    inspecting,
    listing,
    operating,
    profiling,
    signing_in,
    undoing,
)

listing.arrange()

__all__ = [
    "beginning",
    "commands",
    "deciding",
    "developing",
    "forgetting",
    "inspecting",
    "operating",
    "profiling",
    "signing_in",
    "undoing",
]
