"""Rules."""

from policies.kit import rules_of

RULES = rules_of()
