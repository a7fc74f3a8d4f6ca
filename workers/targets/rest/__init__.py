"""HTTP APIs that a profile describes: Personio, BambooHR and whatever somebody writes a profile for."""

from workers.targets.rest.target import ADAPTER

__all__ = ["ADAPTER"]
