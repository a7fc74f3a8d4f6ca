"""Microsoft Entra ID through Microsoft Graph v1.0: users, security groups, sign-in sessions."""

from workers.targets.entra.target import ADAPTER

__all__ = ["ADAPTER"]
