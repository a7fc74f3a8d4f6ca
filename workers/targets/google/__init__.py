"""Google Workspace by the Admin SDK's Directory API: users, groups, and the sessions of those who leave."""

from workers.targets.google.target import ADAPTER

__all__ = ["ADAPTER"]
