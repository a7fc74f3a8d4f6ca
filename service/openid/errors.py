"""Why nobody is signed in. The texts are for the log and for `check`: they have no value of anybody's."""

from __future__ import annotations

from bridge.errors import BridgeError


class ProviderUnusable(BridgeError):
    """The provider cannot be reached, or it or `web.oidc` is not set up right: nobody can sign in by it."""


class SignInFailed(BridgeError):
    """Nobody is signed in by this one answer."""


class Stale(SignInFailed):
    """It answers no sign-in that this browser has begun, or one that is over."""


class LetNobodyIn(SignInFailed):
    """The provider itself has refused: somebody has given up, or may not use the bridge."""


class NotProven(SignInFailed):
    """It does not prove who somebody is."""


class NoRole(SignInFailed):
    """Somebody is who they say, and may see nothing here. `name` and `subject` tell who."""

    def __init__(self, reason: str, name: str, subject: str) -> None:
        super().__init__(reason)
        self.name = name
        self.subject = subject
