"""How tests ask a sandbox."""

from collections.abc import Awaitable, Callable
from typing import Any

Ask = Callable[..., Awaitable[tuple[int, Any]]]
"""Sends a request; its status, and its body as JSON where it is some."""
