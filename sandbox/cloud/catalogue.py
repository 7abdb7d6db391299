"""What the data files say about each type: ids, defaults, computed outputs, rules, replace-on-change keys."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from sandbox.cloud.expressions import load_yaml, short_type
from sandbox.cloud.shape import Shape, load

HERE = Path(__file__).parent
TABLES = HERE / "tables"
FORCE_NEW = HERE.parent.parent / "infra" / "catalog" / "force_new"

Stage = Literal["check", "create", "update", "delete"]


@dataclass(frozen=True)
class TypeRow:
    """One type's row in `types/*.yaml`; templates are text with `${CEL}` parts.

    id, name          the provider's id and the name other resources may use
    service           the API that must be enabled in the project first
    auto_name         the property that gets the resource's name plus seven hex digits when unset
    defaults          path → template: what provider or API put where nothing was set
    computed          paths the API keeps when the program stops setting them (Terraform: Optional and Computed)
    created, outputs  path → template: computed once at creation, or at every write
    sorted            path → key: lists the API keeps as sets and gives back in that key's order
    secrets           paths of outputs that are always secret
    quiet             path → CEL on `new`, `old`, `self`: a difference that is none
    on_exists         "refuse" with 409, or "adopt" what is there
    keeps             CEL on `self`: true where deleting leaves the thing in the cloud
    children          type → {property: template}: what disappears with the resource
    discovery         the document and schema that give enums and patterns (see documents.py)
    """

    id: str = "${lower(type)}-${hexadecimal(type + string(ever(type, '')), 12)}"
    name: str = "${has(self.name) && self.name != null ? self.name : base(id)}"
    service: str | None = None
    auto_name: str | None = "name"
    defaults: dict[str, Any] = field(default_factory=dict)
    computed: list[str] = field(default_factory=list)
    created: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    sorted: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    quiet: dict[str, str] = field(default_factory=dict)
    on_exists: Literal["refuse", "adopt"] = "refuse"
    keeps: str = "false"
    children: dict[str, dict[str, Any]] = field(default_factory=dict)
    discovery: dict[str, Any] | None = None


@dataclass(frozen=True)
class Rule:
    """One refusal of the provider (stage check) or of the API (create, update, delete).

    `of` names the property looked at, `[*]` for each element of a list: the rule is asked for each set value, which it
    sees as `value`, the element around it as `item`. `require` (and `when`) are CEL; `message` is a template.
    """

    id: str
    types: tuple[str, ...]
    stages: tuple[Stage, ...]
    require: str
    message: str
    source: str
    when: str = "true"
    of: str | None = None
    property: str = ""

    def covers(self, kind: str) -> bool:
        """Whether the rule is about that type; `gcp.*` is every type of a package."""
        package = kind.partition(".")[0]
        return kind in self.types or f"{package}.*" in self.types


@dataclass(frozen=True)
class Replacement:
    """One replace-on-change key of a type; `when` is CEL on `new`, `old` and `self` (null where unset)."""

    property: str
    when: str
    source: str


@functools.cache
def _type_files() -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for file in sorted((HERE / "types").glob("*.yaml")):
        rows.update(load_yaml(file))
    return rows


@functools.cache
def type_row(kind: str) -> TypeRow:
    """The row of a type as rules write it; a type without one gets its package's general row."""
    rows = _type_files()
    general = rows.get(f"{kind.partition('.')[0]}.*", {})
    row = rows.get(kind, general.get("row", {}))
    return TypeRow(**row)


@dataclass(frozen=True)
class ResourceType:
    """One resource type: its name as rules write it, its row, its shape."""

    name: str
    row: TypeRow
    shape: Shape


@functools.cache
def resource_type(token: str) -> ResourceType:
    """The type of a token such as `gcp:sql/user:User`. Raises UnknownTypeError where no SDK declares it."""
    name = short_type(token)
    row = type_row(name)
    shape = load(token, row.discovery)
    general = _type_files().get(f"{name.partition('.')[0]}.*", {}).get("computed", [])
    computed = [*row.computed, *(path for path in general if path in shape.inputs)]
    return ResourceType(name, replace(row, computed=computed), shape)


@functools.cache
def general_outputs(kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What every type of the package computes by a property's name, at creation and at every write."""
    general = _type_files().get(f"{kind.partition('.')[0]}.*", {})
    return general.get("created", {}), general.get("outputs", {})


@functools.cache
def _rule_files() -> tuple[dict[str, Any], ...]:
    return tuple(load_yaml(file) for file in sorted((HERE / "rules").glob("*.yaml")))


@functools.cache
def defines() -> dict[str, str]:
    """The named expressions of all rule files, which rules and templates may use."""
    return {name: expression for file in _rule_files() for name, expression in file.get("define", {}).items()}


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Every rule of `rules/*.yaml`, in file and row order."""
    return tuple(_rule(**row) for file in _rule_files() for row in file["rules"])


def _rule(stage: str, types: list[str], **row: Any) -> Rule:
    """A row's rule; stage `write` is create and update."""
    stages: Any = ("create", "update") if stage == "write" else (stage,)
    return Rule(types=tuple(types), stages=stages, **row)


@functools.cache
def rules_of(kind: str, stage: Stage) -> tuple[Rule, ...]:
    """The rules asked about one type at one stage."""
    return tuple(rule for rule in rules() if stage in rule.stages and rule.covers(kind))


@functools.cache
def function_rows() -> dict[str, Any]:
    """The data functions the cloud answers: token → template of the result."""
    loaded: dict[str, Any] = load_yaml(HERE / "functions.yaml")
    return loaded


@functools.cache
def replacements(token: str) -> tuple[Replacement, ...]:
    """The replace-on-change keys of a type token; a type without its own row has its package's general ones."""
    rows = force_new()
    listed = rows.get(token, rows.get(f"{token.partition(':')[0]}:*", []))
    return tuple(Replacement(row["property"], row.get("when", "true"), row["source"]) for row in listed)


@functools.cache
def force_new() -> dict[str, Any]:
    """The replace-on-change rows of every type token."""
    return _merged(FORCE_NEW, "types")


@functools.cache
def durations() -> dict[str, Any]:
    """How long the real operations of each type take, in seconds, by operation."""
    return _merged(HERE / "latency", "rows")


def _merged(folder: Path, key: str) -> dict[str, Any]:
    """The rows of every file of a folder."""
    return {name: row for file in sorted(folder.glob("*.yaml")) for name, row in load_yaml(file)[key].items()}
