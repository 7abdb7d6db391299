"""The simulated cloud as a Python object: check, diff, create, read, update, delete on plain dicts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sandbox.cloud import diff as differences
from sandbox.cloud import outcome
from sandbox.cloud.catalogue import TABLES, defines, function_rows, resource_type, rules, type_row
from sandbox.cloud.errors import CheckFailure, CloudError
from sandbox.cloud.expressions import Scope, functions, short_type
from sandbox.cloud.readback import inputs_now
from sandbox.cloud.refusal import refusals, refuse
from sandbox.cloud.state import Record, State
from sandbox.cloud.values import DEFAULTS, has_unknown, place, without_marks

ATTRIBUTION = {"goog-pulumi-provisioned": "true"}
"""The label pulumi-gcp adds to labelled resources unless addPulumiAttributionLabel is false (its patches/0006)."""


@dataclass(frozen=True)
class Provider:
    """One configured provider instance: where its resources go by default, and the labels it adds.

    `quota_project` is the project that calls are counted for, where the provider is told to name one with each.
    """

    project: str | None = None
    region: str | None = None
    zone: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    attribution: bool = True
    deletion_policy: str = "DELETE"
    quota_project: str | None = None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> Self:
        """Read a provider's arguments; everything but text arrives as JSON, an unknown (preview) counts as not set."""
        known = {key: value for key, value in arguments.items() if not has_unknown(value)}
        labels, attribution = known.get("defaultLabels"), known.get("addPulumiAttributionLabel")
        return cls(
            project=known.get("project") or known.get("projectId"),
            region=known.get("region"),
            zone=known.get("zone"),
            labels=json.loads(labels) if isinstance(labels, str) else labels or {},
            attribution=attribution not in (False, "false"),
            deletion_policy=known.get("deletionPolicy") or "DELETE",
            quota_project=known.get("billingProject") if known.get("userProjectOverride") in (True, "true") else None,
        )


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

    `create`, `update`, `delete` and `invoke` raise CloudError; every write is one transaction of the state.
    """

    def __init__(self, state: State) -> None:
        self.state = state

    @classmethod
    def open(cls, path: Path | str | None = None, clock: Callable[[], float] = time.time) -> Self:
        """The cloud kept in that file, made when missing; None keeps it in memory."""
        return cls(State(Path(path) if path is not None else None, clock))

    def prepare(self) -> None:
        """Read the rules now rather than at the first call."""
        rules()

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
        kind = resource_type(token)
        given, named = without_marks(inputs), kind.row.auto_name
        unnamed = named in kind.shape.inputs and given.get(named) is None
        if unnamed and named:
            given[named] = (old_inputs or {}).get(named) or proposed_name
        checked, failures = kind.shape.check(given)
        if not failures:
            scope = self._scope(kind.name, provider, self=kind.shape.complete(checked), given=checked)
            scope.bind(self=kind.shape.complete(outcome.with_defaults(kind.row, checked, scope)))
            failures = list(refusals(kind.name, "check", scope))
        return Checked({**checked, DEFAULTS: [named]} if unnamed else checked, tuple(failures))

    def check_provider(self, token: str, arguments: Mapping[str, Any]) -> tuple[CheckFailure, ...]:
        """What a provider refuses of its own arguments; everything but text arrives as JSON, so no type is asked."""
        kind = resource_type(token)
        declared = {**kind.shape.inputs, "version": {}, "pluginDownloadURL": {}}
        failures = [CheckFailure(key, "Invalid or unknown key") for key in arguments if key not in declared]
        failures += [
            CheckFailure(key, f"Missing required property '{key}'")
            for key, one in declared.items()
            if one.get("required") and arguments.get(key) is None
        ]
        scope = self._scope(kind.name, Provider(), self=kind.shape.complete(dict(arguments)), given=dict(arguments))
        return (*failures, *refusals(kind.name, "check", scope))

    def diff(
        self, token: str, old_inputs: Mapping[str, Any], new_inputs: Mapping[str, Any], outputs: Mapping[str, Any]
    ) -> differences.Diff:
        """What an update would change, and what it could only change by replacing the resource."""
        return differences.compare(token, old_inputs, new_inputs, outputs)

    def create(self, token: str, inputs: Mapping[str, Any], *, provider: Provider, preview: bool = False) -> Resource:
        """Make the resource; in a preview only foretell its outputs."""
        kind, inputs = resource_type(token), without_marks(inputs)
        scope = self._scope(kind.name, provider, self=kind.shape.complete(inputs), given=inputs)
        wanted = outcome.with_defaults(kind.row, inputs, scope)
        scope.bind(self=kind.shape.complete(wanted))
        if preview:
            return Resource("", outcome.foretold(kind, wanted, scope, None))
        with self.state.transaction():
            identifier = str(scope.render(kind.row.id))
            scope.bind(id=identifier)
            refuse(kind.name, "create", scope)
            existing = self.state.get(kind.name, identifier)
            if existing is not None and kind.row.on_exists == "refuse":
                raise CloudError(f"googleapi: Error 409: The resource '{identifier}' already exists, alreadyExists")
            return self._put(identifier, outcome.outputs(kind, wanted, scope, None), scope, self.state.now())

    def read(
        self, token: str, identifier: str, old_inputs: Mapping[str, Any] | None = None
    ) -> tuple[Resource, dict[str, Any]] | None:
        """The resource as it is now, and its inputs: all that can be set for an import, else see `inputs_now`."""
        kind = resource_type(token)
        record = self.state.get(kind.name, identifier)
        if record is None:
            return None
        # `check` leaves out what no program can set.
        now = inputs_now(kind, old_inputs, record.outputs) if old_inputs else kind.shape.check(record.outputs)[0]
        return Resource(identifier, record.outputs), now

    def update(  # noqa: PLR0913 - what the engine sends with an update
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
        kind, inputs = resource_type(token), without_marks(inputs)
        with self.state.transaction():
            record = self.state.get(kind.name, identifier)
            if record is None and not preview:
                raise CloudError(f"googleapi: Error 404: The resource '{identifier}' was not found, notFound")
            before = dict(outputs) if record is None else record.outputs
            scope = self._scope(
                kind.name,
                provider,
                self=kind.shape.complete(inputs),
                given=inputs,
                old=kind.shape.complete(before),
                id=identifier,
            )
            wanted = outcome.with_defaults(kind.row, inputs, scope)
            outcome.keep_computed(kind.row, wanted, before)
            scope.bind(self=kind.shape.complete(wanted))
            if preview or record is None:
                return Resource(identifier, outcome.foretold(kind, wanted, scope, before))
            refuse(kind.name, "update", scope)
            return self._put(identifier, outcome.outputs(kind, wanted, scope, before), scope, record.created)

    def delete(self, token: str, identifier: str, outputs: Mapping[str, Any], *, provider: Provider) -> None:
        """Delete the resource; `outputs` is the engine's state, in which the provider-level guards stand."""
        kind = resource_type(token)
        with self.state.transaction():
            record = self.state.get(kind.name, identifier)
            if record is None:
                return
            own, live = kind.shape.complete(dict(outputs)), kind.shape.complete(record.outputs)
            scope = self._scope(kind.name, provider, self=own, live=live, id=identifier)
            refuse(kind.name, "delete", scope)
            if outputs.get("deletionPolicy") == "ABANDON" or scope.evaluate(kind.row.keeps):
                return
            for child, fields in kind.row.children.items():
                self._remove_children(child, scope.render(fields))
            self.state.remove(kind.name, identifier)

    def invoke(self, token: str, arguments: Mapping[str, Any], *, provider: Provider) -> dict[str, Any]:
        """The answer of a data function. Raises CloudError for one without a row in `functions.yaml`."""
        template = function_rows().get(token)
        if template is None:
            raise CloudError(
                f"the simulated cloud has no answer for {token}: add a row to sandbox/cloud/functions.yaml"
            )
        scope = self._scope(short_type(token), provider, self={}, args=dict(arguments))
        result: dict[str, Any] = scope.render(template)
        return result

    def secrets(self, token: str) -> list[str]:
        """Dotted paths of a type's outputs that are secret whatever the program says."""
        return type_row(short_type(token)).secrets

    def find(self, token: str, reference: str) -> Record:
        """The resource of that type with that id or name. Raises CloudError when there is none."""
        record = self.state.find(short_type(token), None, reference)
        if record is None:
            raise CloudError(f"no {token} named '{reference}' exists in this cloud; the command `list` shows what does")
        return record

    def edit(self, token: str, reference: str, path: str, value: Any) -> None:
        """Somebody changes one property in the console: the resource drifts from what the program says."""
        with self.state.transaction():
            record = self.find(token, reference)
            place(record.outputs, path, value, create=True)
            self.state.put(record)

    def remove(self, token: str, reference: str) -> None:
        """Somebody deletes the resource in the console, with whatever goes with it: no guard of ours is asked."""
        with self.state.transaction():
            record = self.find(token, reference)
            row = type_row(record.type)
            scope = self._scope(record.type, Provider(), self=record.outputs, id=record.id)
            for child, fields in row.children.items():
                self._remove_children(child, scope.render(fields))
            self.state.remove(record.type, record.id)

    def _scope(self, kind: str, provider: Provider, /, **variables: Any) -> Scope:
        own = variables["self"]
        where = own.get("project") or provider.project
        labels = {**provider.labels, **(ATTRIBUTION if provider.attribution else {})}
        known = {
            "old": None,
            "live": None,
            "id": None,
            "given": {},
            "type": kind,
            "service": type_row(kind).service,
            "project": where,
            "region": own.get("region") or provider.region,
            "config": {
                "labels": labels,
                "deletionPolicy": provider.deletion_policy,
                "quotaProject": provider.quota_project,
            },
            "now": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.state.now())),
            **variables,
        }
        named = {**functions(self.state, TABLES, str(where)), "resources_of_service": self._users_of_service}
        return Scope(known, named, defines())

    def _put(self, identifier: str, outputs: dict[str, Any], scope: Scope, created: float) -> Resource:
        kind = str(scope.variables["type"])
        name = str(scope.render(type_row(kind).name))
        self.state.put(Record(kind, identifier, str(scope.variables["project"]), name, outputs, created))
        return Resource(identifier, outputs)

    def _remove_children(self, kind: str, fields: Mapping[str, Any]) -> None:
        for record in self.state.all(kind):
            if all(_tail(record.outputs.get(key)) == _tail(value) for key, value in fields.items()):
                self.state.remove(kind, record.id)

    def _users_of_service(self, service: str, project_name: str) -> list[str]:
        """Ids of a project's resources whose type needs that API."""
        records = [record for record in self.state.all() if record.project == project_name]
        return [record.id for record in records if type_row(record.type).service == service]


def _tail(reference: Any) -> str:
    """What a reference names: the last part of an id or self link, or the bare name."""
    return str(reference).rsplit("/", 1)[-1]
