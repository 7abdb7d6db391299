"""Backups: that they are made, kept long enough, in the right place, and outlive a mistake."""

from policies.backup import postgres
from policies.kit import rules_of

RULES = rules_of(postgres)
