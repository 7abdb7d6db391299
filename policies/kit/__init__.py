"""What every policy pack is made of: rules, what they read, waivers, and the server that the engine talks to."""

from policies.kit.checks import must_be, must_be_set, must_reach, stated
from policies.kit.resource import Node, Resource, Stack, Undecided, last_part, leaves
from policies.kit.rule import Case, Level, Parameter, Rule, Severity, rule, rules_of

__all__ = [
    "Case",
    "Level",
    "Node",
    "Parameter",
    "Resource",
    "Rule",
    "Severity",
    "Stack",
    "Undecided",
    "last_part",
    "leaves",
    "must_be",
    "must_be_set",
    "must_reach",
    "rule",
    "rules_of",
    "stated",
]
