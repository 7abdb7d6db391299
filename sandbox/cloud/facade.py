"""The simulated cloud as a Python object: check, diff, create, read, update, delete on plain dicts."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sandbox.cloud import diff as differences
from sandbox.cloud import shape as shapes
from sandbox.cloud.catalogue import TABLES, Rule, Stage, TypeRow, defines, function_rows, general_outputs, rules_of, short_type, type_row
from sandbox.cloud.errors import CheckFailure, CloudError
from sandbox.cloud.expressions import Scope, functions
from sandbox.cloud.state import Record, State
from sandbox.cloud.values import UNKNOWN, has_unknown, lookup, merge, path_text, place, project

ATTRIBUTION = {"goog-pulumi-provisioned": "true"}


@dataclass(frozen=True)
class Provider:
    """One configured provider instance: where its resources go by default, and the labels it adds."""

    project: str | None = None
    region: str | None = None
    zone: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    attribution: bool = True
    deletion_policy: str = "DELETE"

    @property
    def all_labels(self) -> dict[str, str]:
        """The default labels and, unless switched off, Pulumi's attribution label."""
        return {**self.labels, **(ATTRIBUTION if self.attribution else {})}


@dataclass(frozen=True)
class Checked:
    """Inputs after the provider's own completion, and what it refuses in them."""

    inputs: dict[str, Any]
    failures: tuple[CheckFailure, ...]


@dataclass(frozen=True)
class Resource:
    """A resource's id (empty in a preview) and its outputs, unknowns kept as `UNKNOWN`."""

    id: str
    outputs: dict[str, Any]


class Cloud:
    """A cloud that keeps what it is given and refuses what the real one refuses.

    Not thread-safe beyond its state: every write is one transaction. `create`, `update` and `delete` raise CloudError.
    """

    def __init__(self, state: State) -> None:
        self.state = state

    @classmethod
    def open(cls, path: Path | str | None = None, clock: Callable[[], float] = time.time) -> Self:
        """The cloud kept in that file, made when missing; None keeps it in memory."""
        return cls(State(Path(path) if path is not None else None, clock))

    def close(self) -> None:
        """Let go of the file."""
        self.state.close()

    def check(
        self,
        token: str,
        inputs: Mapping[str, Any],
        *,
        provider: Provider,
        old_inputs: Mapping[str, Any] | None = None,
        proposed_name: str | None = None,
    ) -> Checked:
        """What the provider does before any call: complete the name, check the types, ask the plan-time rules.

        `proposed_name` is used for a type that names itself when neither the program nor the old inputs name it.
        """
        row, shape = self._type(token)
        given = dict(inputs)
        named = row.auto_name
        if named in shape.inputs and given.get(named) is None:
            kept = (old_inputs or {}).get(named) or proposed_name
            given.update({named: kept} if kept and named is not None else {})
        checked, failures = shape.check(given)
        if not failures:
            scope = self._scope(token, provider, {"self": self._with_defaults(token, checked, provider)})
            failures = self._refusals(token, "check", scope)
        return Checked(checked, tuple(failures))

    def diff(
        self, token: str, old_inputs: Mapping[str, Any], new_inputs: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> differences.Diff:
        """What an update would change, and what it could only change by replacing the resource."""
        return differences.compare(token, old_inputs, new_inputs, outputs)

    def create(self, token: str, inputs: Mapping[str, Any], *, provider: Provider, preview: bool = False) -> Resource:
        """Make the resource; in a preview only foretell its outputs."""
        row, _ = self._type(token)
        checked = self._with_defaults(token, inputs, provider, complete=False)
        scope = self._scope(token, provider, {"self": self._type(token)[1].complete(checked)})
        if preview:
            return Resource("", self._foretell(token, checked, scope))
        with self.state.transaction():
            self._refuse(token, "create", scope)
            identifier = str(scope.render(row.id))
            existing = self.state.get(short_type(token), identifier)
            if existing is not None and row.on_exists == "refuse":
                raise CloudError(
                    f"googleapi: Error 409: The resource '{identifier}' already exists, alreadyExists"
                )
            scope.set(id=identifier)
            return Resource(identifier, self._write(token, identifier, checked, scope, existing))

    def read(self, token: str, identifier: str, old_inputs: Mapping[str, Any] | None = None) -> tuple[Resource, dict[str, Any]] | None:
        """The resource as it is now, and its inputs: those of `old_inputs`, or all of them for an import."""
        _, shape = self._type(token)
        record = self.state.get(short_type(token), identifier)
        if record is None:
            return None
        if old_inputs:
            inputs = {**{k: v for k, v in old_inputs.items() if k.endswith("Wo")}, **project(old_inputs, record.outputs)}
        else:
            # `check` leaves out what no program can set.
            inputs = shape.check(record.outputs)[0]
        return Resource(identifier, record.outputs), inputs

    def update(
        self,
        token: str,
        identifier: str,
        inputs: Mapping[str, Any],
        outputs: Mapping[str, Any],
        *,
        provider: Provider,
        preview: bool = False,
    ) -> Resource:
        """Change the resource in place; `outputs` is the state the engine last saw."""
        row, shape = self._type(token)
        record = self.state.get(short_type(token), identifier)
        if record is None and not preview:
            raise CloudError(f"googleapi: Error 404: The resource '{identifier}' was not found, notFound")
        before = record.outputs if record else dict(outputs)
        checked = self._with_defaults(token, inputs, provider, complete=False)
        for path in row.computed:
            if not any(True for _ in lookup(checked, path)):
                for _, value in lookup(before, path):
                    place(checked, path, value)
        variables = {"self": shape.complete(checked), "old": shape.complete(before), "id": identifier}
        scope = self._scope(token, provider, variables)
        if preview or record is None:
            return Resource(identifier, self._foretell(token, checked, scope, before))
        with self.state.transaction():
            self._refuse(token, "update", scope)
            return Resource(identifier, self._write(token, identifier, checked, scope, record))

    def delete(self, token: str, identifier: str, outputs: Mapping[str, Any], *, provider: Provider) -> None:
        """Delete the resource; `outputs` is the engine's state, in which the provider-level guards stand."""
        row, shape = self._type(token)
        kind = short_type(token)
        with self.state.transaction():
            record = self.state.get(kind, identifier)
            if record is None:
                return
            live = shape.complete(record.outputs)
            scope = self._scope(token, provider, {"self": shape.complete(dict(outputs)), "live": live, "id": identifier})
            self._refuse(token, "delete", scope)
            if outputs.get("deletionPolicy") == "ABANDON" or scope.evaluate(row.keeps):
                return
            for child, fields in row.children.items():
                wanted = scope.render(fields)
                for other in self.state.all(child):
                    if all(_tail(other.outputs.get(key)) == _tail(value) for key, value in wanted.items()):
                        self.state.remove(child, other.id)
            self.state.remove(kind, identifier)

    def invoke(self, token: str, arguments: Mapping[str, Any], *, provider: Provider) -> dict[str, Any]:
        """The answer of a data function. Raises CloudError for a function without a row in `functions.yaml`."""
        template = function_rows().get(token)
        if template is None:
            raise CloudError(f"the simulated cloud has no answer for {token}: add a row to sandbox/cloud/functions.yaml")
        scope = self._scope(token, provider, {"self": {}, "args": dict(arguments)})
        result: dict[str, Any] = scope.render(template)
        return result

    def edit(self, kind: str, identifier: str, path: str, value: Any) -> None:
        """Somebody changes one property in the console: the resource drifts from what the program says."""
        with self.state.transaction():
            record = self.state.get(kind, identifier)
            if record is None:
                raise CloudError(f"no {kind} with id '{identifier}' exists in this cloud")
            place(record.outputs, path, value, create=True)
            self.state.put(record)

    def secrets(self, token: str) -> list[str]:
        """Paths of the type's outputs that are secret whatever the program says."""
        return type_row(short_type(token)).secrets

    # --- the parts ----------------------------------------------------------------------------------------------

    def _type(self, token: str) -> tuple[TypeRow, shapes.Shape]:
        row = type_row(short_type(token))
        return row, _shape(token)

    def _scope(self, token: str, provider: Provider, variables: dict[str, Any]) -> Scope:
        own = variables["self"]
        project_name = own.get("project") or provider.project
        known = {
            "old": None,
            "live": None,
            "id": None,
            "type": short_type(token),
            "service": type_row(short_type(token)).service,
            "project": project_name,
            "region": own.get("region") or provider.region,
            "config": {"labels": provider.all_labels, "deletionPolicy": provider.deletion_policy},
            "now": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.state.now())),
            **variables,
        }
        return Scope(known, functions(self.state, TABLES, str(project_name)), defines())

    def _with_defaults(
        self, token: str, inputs: Mapping[str, Any], provider: Provider, *, complete: bool = True
    ) -> dict[str, Any]:
        """The inputs with the defaults of provider and API in them; `complete` fills every unset property with null."""
        row, shape = self._type(token)
        filled = copy.deepcopy(dict(inputs))
        scope = self._scope(token, provider, {"self": shape.complete(filled)})
        for path, template in row.defaults.items():
            if not any(True for _ in lookup(filled, path)):
                value = scope.render(template)
                place(filled, path, value)
        return shape.complete(filled) if complete else filled

    def _refusals(self, token: str, stage: Stage, scope: Scope) -> list[CheckFailure]:
        found: list[CheckFailure] = []
        for rule in rules_of(short_type(token), stage):
            for where, value, item in _targets(rule, scope.variables["self"]):
                scope.set(value=value, item=item)
                asked = f"({rule.when}) && !({rule.require})"
                if not scope.depends_on_unknown(asked) and scope.evaluate(asked):
                    found.append(CheckFailure(where, str(scope.render(rule.message))))
        return found

    def _refuse(self, token: str, stage: Stage, scope: Scope) -> None:
        refusals = self._refusals(token, stage, scope)
        if refusals:
            raise CloudError(refusals[0].reason)

    def _write(self, token: str, identifier: str, inputs: dict[str, Any], scope: Scope, old: Record | None) -> dict[str, Any]:
        row, shape = self._type(token)
        kind = short_type(token)
        outputs = {key: value for key, value in copy.deepcopy(inputs).items() if not key.endswith("Wo")}
        for path, key in row.sorted.items():
            for _, items in lookup(outputs, path):
                items.sort(key=lambda item, key=key: str(item.get(key)))
        templates = _templates(kind, shape, outputs)
        for path, template in templates["created"].items():
            kept = [value for _, value in lookup(old.outputs, path)] if old else []
            place(outputs, path, kept[0] if kept else scope.render(template), create=True)
        scope.set(self=shape.complete(outputs), id=identifier)
        for path, template in templates["outputs"].items():
            place(outputs, path, scope.render(template), create=True)
        outputs = {key: value for key, value in outputs.items() if value is not None}
        name = str(scope.render(row.name))
        created = old.created if old else self.state.now()
        self.state.put(Record(kind, identifier, str(scope.variables["project"]), name, outputs, created))
        return outputs

    def _foretell(
        self, token: str, inputs: dict[str, Any], scope: Scope, old: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The outputs a preview can promise: what was given, defaults, and for an update what is there already."""
        _, shape = self._type(token)
        outputs = {key: value for key, value in copy.deepcopy(inputs).items() if not key.endswith("Wo")}
        templates = _templates(short_type(token), shape, outputs)
        for section in ("created", "outputs"):
            for path, template in templates[section].items():
                kept = [value for _, value in lookup(old, path)] if old else [UNKNOWN]
                if old and section == "outputs":
                    kept = [scope.render(template)]
                if kept:
                    place(outputs, path, UNKNOWN if has_unknown(kept[0]) else kept[0], create=True)
        if old is None and "project" in outputs:
            outputs["project"] = scope.variables["project"] or UNKNOWN
        return outputs


_SHAPES: dict[str, shapes.Shape] = {}


def _shape(token: str) -> shapes.Shape:
    if token not in _SHAPES:
        _SHAPES[token] = shapes.load(token, type_row(short_type(token)).discovery)
    return _SHAPES[token]


def _targets(rule: Rule, own: Any) -> Iterator[tuple[str, Any, Any]]:
    """What a rule is asked about: the whole resource, or each set value of its property with the element around it."""
    if rule.of is None:
        yield rule.property, None, None
        return
    for where, value in lookup(own, rule.of):
        item = around = own
        for step in where:
            around = around[step]
            item = around if isinstance(step, int) else item
        yield path_text(where), value, item


def _templates(kind: str, shape: shapes.Shape, outputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The templates of a type's computed outputs: its own rows, and the package's for properties that are still unset."""
    row, general = type_row(kind), general_outputs(kind)
    own = {**row.created, **row.outputs}
    found: dict[str, dict[str, Any]] = {}
    for section, mine in (("created", row.created), ("outputs", row.outputs)):
        added = {
            key: template
            for key, template in general[section].items()
            if key in shape.outputs and key not in own and outputs.get(key) is None
        }
        unset = {path: value for path, value in mine.items() if not any(True for _ in lookup(outputs, path))}
        found[section] = {**added, **(unset if section == "created" else mine)}
    return found


def _tail(reference: Any) -> str:
    """What a reference names: the last part of an id or self link, or the bare name."""
    return str(reference).rsplit("/", 1)[-1]
