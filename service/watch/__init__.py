"""Watching Kenjo: is a snapshot whole, what changed, what has to wait for a person, who is behind."""
