"""Checks of conformance/*.yaml against the plan and the project's files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

from infra.catalog.monitoring_rows import alerts
from infra.derive.features import features
from ops.report.model import Evidence

if TYPE_CHECKING:
    from pathlib import Path

    from infra.catalog.conformance_rows import CheckRow
    from ops.report.targets.facts import Facts

_MISSING = object()
_LONGEST = 120
"""How much of a value is shown: machines are started with pages of text."""

_ITEM = re.compile(r"(?P<list>[^\[]+)\[(?P<key>\w+)=(?P<value>[^\]]+)\]")
"""One element of a list, by one of its properties: databaseFlags[name=work_mem]."""


def look(check: CheckRow, requirement: str, facts: Facts) -> Iterator[Evidence]:
    """What is seen of one check; each fact says whether it holds."""
    if check.alerts:
        yield from _alerts(requirement, facts)
    elif check.file:
        yield _file(check, facts.root / check.file)
    else:
        yield from _resources(check, facts)


def _resources(check: CheckRow, facts: Facts) -> Iterator[Evidence]:
    patterns = check.resource.split("|")
    found = [
        each for each in facts.plan.resources if each.custom and any(fnmatchcase(each.name, one) for one in patterns)
    ]
    if len(found) < check.count:
        value = f"{len(found)} declared" if found else "not declared"
        yield Evidence(check.resource, value, holds=False, asked=f"{check.count} of them" if check.count > 1 else "")
    elif not check.property:
        named = ", ".join(each.name for each in found)
        yield Evidence(check.resource, _shown(named), holds=True)
    for resource in found if check.property else ():
        yield _compared(check, f"{resource.name}: {check.property}", at(resource.inputs, check.property))


def _file(check: CheckRow, path: Path) -> Evidence:
    if not path.is_file():
        return Evidence(check.file, "no such file", holds=False)
    if check.property:
        return _compared(check, f"{check.file}: {check.property}", at(_yaml(path), check.property))
    if check.includes is not None:
        return _compared(check, check.file, path.read_text(encoding="utf-8"))
    return Evidence(check.file, "present", holds=True)


def _alerts(requirement: str, facts: Facts) -> Iterator[Evidence]:
    """Every alert that names the requirement, and is about something that the stack has, is declared."""
    present = features(facts.settings)
    declared = {each.inputs["userLabels"]["alert"] for each in facts.plan.of_type(":AlertPolicy") if _is_labelled(each)}
    asked = [
        name for name, row in alerts().items() if requirement in row.requirements and present.issuperset(row.needs)
    ]
    if not asked:
        yield Evidence("alert-*", "not declared", holds=False)
    for name in asked:
        there = name in declared
        yield Evidence(f"alert-{name}", "declared" if there else "not declared", holds=there)


def _is_labelled(policy: Any) -> bool:
    return "alert" in policy.inputs.get("userLabels", {})


def _compared(check: CheckRow, origin: str, value: object) -> Evidence:
    if value is _MISSING:
        return Evidence(origin, "not set", holds=False, asked=_asked(check))
    shown = _shown(check.includes if check.includes is not None and _includes(value, check.includes) else value)
    return Evidence(origin, shown, holds=_holds(check, value), asked=_asked(check))


def _holds(check: CheckRow, value: object) -> bool:
    if check.equals is not None:
        return bool(value == check.equals)
    if check.least is not None or check.most is not None:
        number = _number(value)
        return number is not None and (
            number >= check.least if check.least is not None else number <= (check.most or Decimal(0))
        )
    if check.includes is not None:
        return _includes(value, check.includes)
    return value in check.one_of if check.one_of is not None else True


def _asked(check: CheckRow) -> str:
    if check.equals is not None:
        return _shown(check.equals)
    if check.least is not None:
        return f"at least {check.least}"
    if check.most is not None:
        return f"at most {check.most}"
    if check.includes is not None:
        return f"with {_shown(check.includes)}"
    return " or ".join(map(str, check.one_of)) if check.one_of is not None else ""


def _includes(value: object, wanted: object) -> bool:
    return wanted in value if isinstance(value, str | list) else False


def _number(value: object) -> Decimal | None:
    try:
        return None if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None


def at(value: Any, path: str) -> Any:
    """The value at a path such as `settings.databaseFlags[name=work_mem].value` or `specs.0.size`."""
    for part in path.split("."):
        if item := _ITEM.fullmatch(part):
            listed = value.get(item["list"], []) if isinstance(value, Mapping) else []
            value = next((each for each in listed if str(each.get(item["key"])) == item["value"]), _MISSING)
        elif isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else _MISSING
        else:
            value = value.get(part, _MISSING) if isinstance(value, Mapping) else _MISSING
    return value


def _shown(value: object) -> str:
    text = str(value).strip()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@cache
def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
