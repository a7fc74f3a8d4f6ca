"""Signing in at a provider by OpenID Connect: from its documents to who somebody is, and what they may."""
