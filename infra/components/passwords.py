"""Passwords that the program makes, for what cannot sign in through IAM: known to their two ends alone."""

from __future__ import annotations

import pulumi
import pulumi_random as random

from infra.components.component import Component

_LENGTH = 64
"""As long as the longest minimum that an instance's password policy can ask for."""

_SPECIAL = "-_.~"
"""What a URL, a list of PgBouncer and a shell take as it is; the policy asks for one of another kind than letters."""


def new_password(owner: Component, name: str, version: int) -> pulumi.Output[str]:
    """A password of every kind of character; another version is another password."""
    made = random.RandomPassword(
        name,
        length=_LENGTH,
        special=True,
        override_special=_SPECIAL,
        min_lower=1,
        min_upper=1,
        min_numeric=1,
        min_special=1,
        keepers={"version": str(version)},
        # A new version replaces it; what both ends hold stays until then, since they look at the version alone.
        opts=owner.inside(protect=False),
    )
    result: pulumi.Output[str] = made.result
    return result
