"""Makes rules of database flags: one flag, the values it may have, and a remedy that sets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from policies.kit import Case, Resource, Rule, Severity, rule
from policies.kit.postgres import flags
from policies.kit.rule import Remedy
from policies.kit.types import SQL_INSTANCE


def with_flags(**values: str) -> dict[str, Any]:
    """An instance with these flags; a double underscore stands for the dot in a name."""
    named = [{"name": name.replace("__", "."), "value": value} for name, value in values.items()]
    return {"settings": {"databaseFlags": named}}


def shown_flag(instance: Resource, name: str) -> str:
    """The flag's value as a message may print it."""
    found = [each.shown("value") for each in instance.nodes("settings.databaseFlags") if each.text("name") == name]
    return found[-1] if found else "not set"


def set_flag(name: str, value: str) -> Remedy:
    """A remedy that gives the flag this value and leaves the other flags as they are, sorted by name."""

    def mended(inputs: dict[str, Any]) -> dict[str, Any]:
        settings = inputs.get("settings")
        if not isinstance(settings, dict):
            return inputs
        listed = settings.get("databaseFlags") or []
        if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
            return inputs
        kept = [each for each in listed if each.get("name") != name]
        whole = sorted([*kept, {"name": name, "value": value}], key=lambda each: str(each.get("name")))
        return {**inputs, "settings": {**settings, "databaseFlags": whole}}

    return mended


def flag_rule(  # noqa: PLR0913 # the parts of a rule, all by name
    id_: str,
    *,
    flag: str,
    allowed: Sequence[str],
    refused: Sequence[str],
    title: str,
    severity: Severity,
    sources: Sequence[str],
    reason: str,
    may_be_unset: bool = False,
) -> Rule:
    """A rule that a flag has one of the allowed values; `refused` are values for the rule's bad cases."""
    written = flag.replace(".", "__")
    unset = [Case({"settings": {}})]

    @rule(
        id_,
        title=title,
        severity=severity,
        types=[SQL_INSTANCE],
        sources=sources,
        reason=reason,
        fix=f"set {flag}: {allowed[0]} in postgres.flags in the stack file",
        good=[Case(with_flags(**{written: value})) for value in allowed] + (unset if may_be_unset else []),
        bad=[Case(with_flags(**{written: value})) for value in refused] + ([] if may_be_unset else unset),
        remedy=set_flag(flag, allowed[0]),
    )
    def check(instance: Resource) -> Iterator[str]:
        value = flags(instance).get(flag)
        if value not in allowed and not (value is None and may_be_unset):
            yield f"flag {flag} is {shown_flag(instance, flag)}; it must be {' or '.join(allowed)}"

    return check
