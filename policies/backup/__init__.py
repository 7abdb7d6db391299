"""Backups: that they are made, kept long enough, in the right place, and outlive a mistake."""

from policies.backup import (
    bigquery,
    cache,
    copies,
    elasticsearch,
    mongodb,
    mongodb_compliance,
    postgres,
    restores,
    secret_manager,
    storage,
    times,
)
from policies.kit import rules_of

RULES = rules_of(
    postgres,
    cache,
    mongodb,
    mongodb_compliance,
    elasticsearch,
    bigquery,
    storage,
    copies,
    secret_manager,
    times,
    restores,
)
