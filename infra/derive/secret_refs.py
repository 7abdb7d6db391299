"""Secrets that were made by hand: which one, and which version of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SecretRef:
    """A version of a secret that was made by hand."""

    secret: str
    version: str


def secret_ref(text: str) -> SecretRef:
    """A setting of the form <secret>/<version>."""
    secret, _, version = text.partition("/")
    return SecretRef(secret, version)
