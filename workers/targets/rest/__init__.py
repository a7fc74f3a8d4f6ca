"""HTTP APIs that a profile describes: Personio, BambooHR, HiBob, Factorial, and what else has a profile."""

from workers.targets.rest.target import ADAPTER

__all__ = ["ADAPTER"]
