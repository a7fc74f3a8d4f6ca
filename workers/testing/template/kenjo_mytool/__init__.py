"""The kind of target `mytool`."""

from .target import ADAPTER

__all__ = ["ADAPTER"]
