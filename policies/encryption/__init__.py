"""Encryption: with keys of ours at rest, by TLS on the way, and no secret where it can be read."""

from policies.encryption import (
    bigquery,
    cache,
    cdn,
    certificates,
    encryption_keys,
    jobs,
    key_grants,
    key_regions,
    key_use,
    machines,
    messaging,
    mongodb,
    passwords,
    plain_secrets,
    postgres,
    secret_manager,
    storage,
)
from policies.kit import rules_of

RULES = rules_of(
    postgres,
    cache,
    mongodb,
    bigquery,
    storage,
    secret_manager,
    messaging,
    encryption_keys,
    key_use,
    key_regions,
    key_grants,
    passwords,
    plain_secrets,
    machines,
    jobs,
    cdn,
    certificates,
)
