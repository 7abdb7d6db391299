"""Expressions of the rules and templates: CEL, plus the look-ups that only a cloud can answer.

Rules and templates are data; this module is what they may say beyond plain CEL (https://cel.dev): the functions of
`functions()`, each a look-up in the cloud's state, in a table of `tables/`, or arithmetic on networks and dates.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import hashlib
import ipaddress
import itertools
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import cel
import yaml

from sandbox.cloud.alerts import condition_problems
from sandbox.cloud.errors import CloudError
from sandbox.cloud.values import UNKNOWN, has_unknown
from sandbox.monitoring.dashboards import check_dashboard

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.cloud.state import Record, State

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NOTHING = object()
_SEGMENT = re.compile(r"\$\{((?:[^{}]|\{[^{}]*\})*)\}")
_REFERENCE = re.compile(r"\b(self|given|old|live|args)((?:\.[A-Za-z_]\w*)+)")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

compiled = functools.cache(cel.compile)

# A failing function is told by the error that `Scope.evaluate` raises; the library would log it as well.
logging.getLogger("cel").setLevel(logging.CRITICAL)


def load_yaml(path: Path) -> Any:
    """A data file's content; the C parser where PyYAML has it, ten times as fast."""
    return yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - a safe loader either way


def short_type(token: str) -> str:
    """`gcp:sql/databaseInstance:DatabaseInstance` as rules write it: `gcp.sql.DatabaseInstance` (taken too)."""
    if ":" not in token:
        return token
    package, module, name = token.split(":")
    inner = module.split("/")[0]
    return f"{package}.{name}" if inner == "index" else f"{package}.{inner}.{name}"


class Scope:
    """The variables and functions that one operation's rules and templates see.

    `defines` are named expressions, evaluated when first needed.
    """

    def __init__(
        self,
        variables: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        defines: Mapping[str, str] | None = None,
    ) -> None:
        self.variables = dict(variables)
        self._context = cel.Context(dict(variables), dict(functions))
        self._defines = dict(defines or {})
        self._known: set[str] = set()

    def bind(self, /, **variables: Any) -> None:
        """Bind further variables, such as the element a rule looks at."""
        for name, value in variables.items():
            self.variables[name] = value
            self._context.add_variable(name, value)

    def look_at(self, expression: str, /, **variables: Any) -> None:
        """Bind those of the variables that an expression reads, itself or by a named one: each is copied as a whole.

        What a named expression made of the element before is forgotten.
        """
        read = self._read_by(expression)
        now = {name: value for name, value in variables.items() if name in read}
        now = {name: value for name, value in now.items() if self.variables.get(name, _NOTHING) is not value}
        if now:
            self.bind(**now)
            self._known = {name for name in self._known if self._read_by(self._defines[name]).isdisjoint(now)}

    def _read_by(self, expression: str) -> frozenset[str]:
        names = frozenset(compiled(expression).variables())
        return names.union(*(self._read_by(self._defines[name]) for name in names & self._defines.keys()))

    def evaluate(self, expression: str) -> Any:
        """The value of a CEL expression. Raises CloudError naming it when it cannot be evaluated."""
        program = compiled(expression)
        for name in program.variables():
            if name in self._defines and name not in self._known:
                self._known.add(name)
                self.bind(**{name: self.evaluate(self._defines[name])})
        try:
            return program.execute(self._context)
        except (TypeError, KeyError, RuntimeError, ValueError, IndexError) as error:
            reason = str(error).split(". ")[0]
            raise CloudError(f"the simulated cloud's own expression `{expression}` fails: {reason}") from error

    def depends_on_unknown(self, expression: str) -> bool:
        """Whether a property the expression names, or anything under it, is not known yet."""
        return any(has_unknown(value) for value in self._named(expression, set()))

    def _named(self, expression: str, seen: set[str]) -> Iterator[Any]:
        for root, dotted in _REFERENCE.findall(expression):
            value = self.variables.get(root)
            for step in dotted[1:].split("."):
                if not isinstance(value, Mapping) or step not in value:
                    break
                value = value[step]
            yield value
        for name in compiled(expression).variables():
            if name in self._defines and name not in seen:
                yield from self._named(self._defines[name], {*seen, name})
            elif name in ("value", "item"):
                yield self.variables.get(name)

    def render(self, template: Any) -> Any:
        """A template's value: text with `${CEL}` parts. One part alone keeps its type, an unknown makes it UNKNOWN."""
        if isinstance(template, Mapping):
            return {key: self.render(value) for key, value in template.items()}
        if isinstance(template, list):
            return [self.render(value) for value in template]
        if not isinstance(template, str) or "${" not in template:
            return template
        expressions = _SEGMENT.findall(template)
        if any(self.depends_on_unknown(expression) for expression in expressions):
            return UNKNOWN
        if _SEGMENT.fullmatch(template):
            return self.evaluate(expressions[0])
        return _SEGMENT.sub(lambda match: str(self.evaluate(match[1])), template)


def functions(state: State, tables: Path, project: str) -> dict[str, Callable[..., Any]]:
    """The functions that rules and templates may call, bound to one cloud and one project."""
    return {
        "resource": lambda kind, ref: _seen(state.find(kind, project, ref)) if ref else None,
        "resources": lambda kind: [_seen(record) for record in state.all(kind)],
        "exists": lambda kind, fields: any(_matches(_seen(record), fields) for record in state.all(kind)),
        "ever": state.ever,
        "fresh": lambda kind, prefix, form, seed, count: next(
            each for each in _ids(prefix, PURE[form], seed, count) if not state.ever(kind, each)
        ),
        "days_since_deletion": state.days_since_deletion,
        "deleted_within": lambda kind, days: [_seen(record) for record in state.deleted_within(kind, days)],
        "row": lambda table, key: _table(tables / f"{table}.yaml").get(key),
        "rows": lambda table: _table(tables / f"{table}.yaml"),
        "free_range": lambda prefix, seed, taken: _free_range(int(prefix), seed, taken),
        **PURE,
    }


def _ids(prefix: str, form: Callable[[str, int], str], seed: str, count: int) -> Iterator[str]:
    """The ids of a seed, in digits or hexadecimal, one after the other.

    They follow from what a resource is, and from the order of creation only among those of the same seed: what is made
    side by side comes in another order each time.
    """
    return (prefix + form(f"{seed} {number}", count) for number in itertools.count(1))


def _seen(record: Record | None) -> Any:
    return None if record is None else {**record.outputs, "id": record.id}


def _matches(outputs: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    return all(outputs.get(key) == value for key, value in fields.items())


@functools.cache
def _table(path: Path) -> Mapping[str, Any]:
    loaded = load_yaml(path)
    rows: Mapping[str, Any] = loaded["rows"]
    return rows


def _network(text: Any) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _overlaps(one: str, other: str) -> bool:
    first, second = _network(one), _network(other)
    return first is not None and second is not None and first.version == second.version and first.overlaps(second)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])


def _free_range(prefix: int, seed: str, taken: list[str]) -> str:
    """A network of that prefix length inside 10.0.0.0/8, chosen by the seed, that overlaps none of `taken`."""
    space = ipaddress.ip_network("10.0.0.0/8")
    count = 2 ** (prefix - space.prefixlen)
    start = _digest(seed) % count
    size = 2 ** (32 - prefix)
    for turn in range(count):
        base = int(space.network_address) + ((start + turn) % count) * size
        candidate = str(ipaddress.ip_network((base, prefix)))
        if not any(_overlaps(candidate, other) for other in taken):
            return candidate
    return ""


def _address_in(network: str, seed: str, taken: list[str]) -> str:
    """A host address of the network, chosen by the seed, that is not in `taken`; the first two are the gateway's."""
    inside = ipaddress.ip_network(network)
    hosts = inside.num_addresses - 3
    for turn in range(hosts):
        candidate = str(inside[2 + (_digest(seed) + turn) % hosts])
        if candidate not in taken:
            return candidate
    return ""


def _day(text: str, year: int) -> dt.date | None:
    parts = [int(part) for part in text.split("-")] if re.fullmatch(r"(\d{4}-)?\d{1,2}-\d{1,2}", text) else []
    try:
        return dt.date(*(parts if len(parts) == 3 else [year, *parts])) if parts else None  # noqa: PLR2004
    except ValueError:
        return None


def _days_between(start: str, end: str) -> int:
    """Days between two dates, `yyyy-mm-dd` or yearly `mm-dd` (may run over the new year); -1 where one is no date."""
    first, last = _day(start, 2001), _day(end, 2001)
    if first is None or last is None:
        return -1
    if last < first and start.count("-") == end.count("-") == 1:
        last = last.replace(year=last.year + 1)
    return (last - first).days


def _groups(pattern: str, text: Any) -> list[str]:
    match = re.fullmatch(pattern, text) if isinstance(text, str) else None
    return [group or "" for group in match.groups()] if match else []


def _present(value: Any) -> bool:
    """Whether anything is set in a value in which every unset property is null or empty."""
    if isinstance(value, Mapping):
        return any(_present(item) for item in value.values())
    return value not in (None, [])


def _from_json(text: Any) -> Any:
    """The value of a JSON text; null where it is none."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """Every object in a value, at any depth, itself first."""
    inner = list(value.values()) if isinstance(value, Mapping) else value if isinstance(value, list) else []
    return [*([value] if isinstance(value, Mapping) else []), *(found for item in inner for found in _objects(item))]


def _flag(instance: Mapping[str, Any], name: str, default: str) -> str:
    """A database flag's value on a Cloud SQL instance, or the default where it is not set."""
    flags = (instance.get("settings") or {}).get("databaseFlags") or []
    return next((str(flag["value"]) for flag in flags if flag.get("name") == name), default)


def _json_list(text: Any) -> list[Any] | None:
    """The list in a JSON text; null where there is none."""
    value = _from_json(text)
    return value if isinstance(value, list) else None


PURE: dict[str, Callable[..., Any]] = {
    "base": lambda ref: str(ref).rsplit("/", 1)[-1] if ref is not None else None,
    "part": lambda ref, name: next(iter(re.findall(rf"(?:^|/){name}/([^/]+)", str(ref or ""))), None),
    "groups": _groups,
    "replace": lambda text, old, new: None if text is None else text.replace(old, new),
    "split": lambda text, between: [part.strip() for part in text.split(between)],
    "lower": lambda text: text.lower(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "pick": lambda mapping, key: mapping.get(key),
    "flatten": lambda lists: [item for one in lists for item in one],
    "present": _present,
    "from_json": _from_json,
    "objects": _objects,
    "mentions": lambda value, text: text in json.dumps(value),
    "flag": _flag,
    "join": lambda parts, between: between.join(str(part) for part in parts),
    "merge": lambda *maps: {key: value for one in maps for key, value in (one or {}).items()},
    "is_network": lambda text: _network(text) is not None,
    "is_address": _is_address,
    "overlaps": _overlaps,
    "within": lambda inner, outer: (
        _overlaps(inner, outer) and PURE["prefix_length"](inner) >= PURE["prefix_length"](outer)
    ),
    "prefix_length": lambda text: network.prefixlen if (network := _network(text)) else -1,
    "network_address": lambda text: str(network.network_address) if (network := _network(text)) else "",
    "gateway": lambda text: str(network[1]) if (network := _network(text)) else "",
    "address_in": _address_in,
    "days_between": _days_between,
    "digits": lambda seed, count: str(_digest(seed))[: int(count)].rjust(int(count), "1"),
    "hexadecimal": lambda seed, count: hashlib.sha256(seed.encode()).hexdigest()[: int(count)],
    "json_list": _json_list,
    "condition_problems": condition_problems,
    "dashboard_problems": check_dashboard,
    "is_number": lambda text: bool(re.fullmatch(r"-?\d+(\.\d+)?", text)),
    "is_integer": lambda text: bool(re.fullmatch(r"-?\d+", text)),
    "whole": lambda text: int(text) if text is not None and PURE["is_integer"](text) else None,
}
