"""Talking to other servers: one attempt, one classified error, no personal value in its text."""
