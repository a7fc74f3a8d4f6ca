"""Receivers of HTTP calls, such as n8n and Make: CloudEvents, signed as Standard Webhooks."""

from workers.targets.webhook.target import ADAPTER

__all__ = ["ADAPTER"]
