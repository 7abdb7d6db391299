"""A resource monitor that keeps what a program registers and lets the simulated cloud answer for it.

Pulumi's own mocks hide resource options, accept any type token and let two resources share a URN; this monitor sees the
options and refuses the rest, as the engine and the cloud would.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2

from sandbox.cloud import Cloud, CloudError, Provider
from sandbox.cloud.values import Path, decode, encode, lookup

SECRET = "[secret]"  # noqa: S105 # what stands in place of a secret
_PROVIDERS = "pulumi:providers:"


class PlanError(Exception):
    """The program declares something that the engine or the cloud would refuse."""


@dataclass(frozen=True)
class PlannedResource:
    """One declared resource: inputs as the provider gets them (secrets masked) and the options that were set.

    `identifier` is the id the cloud gives it; empty for a component. `secrets` are digests of the masked inputs by
    their path, by which two plans are compared; they are never shown.
    """

    urn: str
    identifier: str
    type: str
    name: str
    parent: str
    custom: bool
    inputs: dict[str, Any]
    options: dict[str, Any]
    secrets: Mapping[Path, str] = field(default_factory=dict, repr=False)


@dataclass
class Plan:
    """Every resource of one stack in the order of registration, the stack's outputs, and what the program warned of."""

    stack: str
    resources: list[PlannedResource] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def named(self, name: str) -> PlannedResource:
        """The custom resource of that name; KeyError when there is none."""
        for resource in self.resources:
            if resource.name == name and resource.custom:
                return resource
        raise KeyError(name)

    def of_type(self, suffix: str) -> list[PlannedResource]:
        """The resources whose type ends so, such as `DatabaseInstance`, sorted by name."""
        found = [resource for resource in self.resources if resource.type.endswith(suffix)]
        return sorted(found, key=lambda resource: resource.name)


class _NoMocks(Mocks):
    """The recorder answers itself; the SDK asks for an object all the same."""

    def call(self, args: MockCallArgs) -> Any:
        raise PlanError(f"the program calls {args.token}, which the plan cannot answer without an account")

    def new_resource(self, args: MockResourceArgs) -> Any:
        raise PlanError(f"{args.name} was registered past the recorder")


class Recorder(MockMonitor):
    """Registers resources of one stack into a Plan, each checked and created in the simulated cloud.

    Its calls must come from one thread: neither the cloud's expressions nor its state may cross threads.
    """

    def __init__(self, plan: Plan, project: str, cloud: Cloud) -> None:
        super().__init__(_NoMocks())
        self._plan = plan
        self._project = project
        self._cloud = cloud
        self._providers: dict[str, Provider] = {}
        self._urns: set[str] = set()
        self.refusals: list[str] = []

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN the engine gives, in which the root stack does not count as a parent."""
        qualified = parent.split("::")[2] if parent else ""
        if qualified and qualified != "pulumi:pulumi:Stack":
            type_ = f"{qualified}${type_}"
        return f"urn:pulumi:{self._plan.stack}::{self._project}::{type_}::{name}"

    def RegisterResource(  # noqa: N802 # the protocol's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Record one resource and answer with the outputs the simulated cloud gives it.

        What the cloud refuses is kept in `refusals` and answered with the inputs alone: an error raised here would
        stop the program at the first one and leave its other tasks hanging.
        """
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if urn in self._urns:
            self.refusals.append(f"two resources share the URN {urn}: give one of them another name")
        self._urns.add(urn)
        inputs, secrets = decode(request.object)
        identifier, outputs = self._answer(request, inputs)
        masked = _masked(inputs, secrets)
        self._plan.resources.append(
            PlannedResource(
                urn,
                identifier,
                request.type,
                request.name,
                request.parent,
                request.custom,
                masked,
                _options(request),
                _digests(inputs, secrets),
            )
        )
        hidden = [path for path in secrets if path[0] in outputs]
        hidden += [where for path in self._secret_outputs(request) for where, _ in lookup(outputs, path)]
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier, object=encode(outputs, hidden))

    def Invoke(  # noqa: N802 # the protocol's name
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        """Answer a data function from the simulated cloud."""
        arguments, _ = decode(request.args)
        provider = self._provider_of(request)
        try:
            result = self._cloud.invoke(request.tok, arguments, provider=provider)
        except CloudError as error:
            self.refusals.append(f"{request.tok} would be refused: {error}")
            result = {}
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").CopyFrom(encode(result))  # the field's name is a Python keyword
        return response

    def RegisterResourceOutputs(  # noqa: N802 # the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Keep the stack's own outputs."""
        if "pulumi:pulumi:Stack::" in request.urn:
            outputs, secrets = decode(request.outputs)
            self._plan.outputs.update(_masked(outputs, secrets))
        return empty_pb2.Empty()

    def _answer(
        self, request: resource_pb2.RegisterResourceRequest, inputs: dict[str, Any]
    ) -> tuple[str, dict[str, Any]]:
        if not request.custom:
            return "", {}
        if request.type.startswith(_PROVIDERS):
            return self._configure(request, inputs), inputs
        provider = self._provider_of(request)
        try:
            checked = self._cloud.check(request.type, inputs, provider=provider, proposed_name=request.name)
            if not checked.failures:
                created = self._cloud.create(request.type, checked.inputs, provider=provider)
                return created.id, created.outputs
            reasons = [f"{failure.property}: {failure.reason}" for failure in checked.failures]
        except CloudError as error:
            reasons = [str(error)]
        self.refusals.append(f"{request.name} ({request.type}) would be refused: " + "; ".join(reasons))
        return f"{request.name}-refused", inputs

    def _configure(self, request: resource_pb2.RegisterResourceRequest, inputs: dict[str, Any]) -> str:
        """Keep a provider by its id; what it refuses of its arguments is kept as a refusal."""
        try:
            reasons = [f"{one.property}: {one.reason}" for one in self._cloud.check_provider(request.type, inputs)]
        except CloudError as error:
            reasons = [str(error)]
        if reasons:
            self.refusals.append(f"{request.name} ({request.type}) would be refused: " + "; ".join(reasons))
        identifier = f"{request.name}-provider"
        self._providers[identifier] = Provider.from_arguments(inputs)
        return identifier

    def _provider_of(
        self, request: resource_pb2.RegisterResourceRequest | resource_pb2.ResourceInvokeRequest
    ) -> Provider:
        return self._providers[request.provider.rpartition("::")[2]] if request.provider else Provider()

    def _secret_outputs(self, request: resource_pb2.RegisterResourceRequest) -> list[str]:
        is_cloud_resource = request.custom and not request.type.startswith(_PROVIDERS)
        return self._cloud.secrets(request.type) if is_cloud_resource else []


def _options(request: resource_pb2.RegisterResourceRequest) -> dict[str, Any]:
    """The options that differ from the engine's defaults; dependencies by resource name."""
    timeouts = request.customTimeouts
    set_options: Mapping[str, Any] = {
        "additionalSecretOutputs": sorted(request.additionalSecretOutputs),
        "customTimeouts": {key: value for key in ("create", "update", "delete") if (value := getattr(timeouts, key))},
        "deleteBeforeReplace": request.deleteBeforeReplace,
        "deletedWith": request.deletedWith,
        "dependsOn": sorted({urn.rpartition("::")[2] for urn in request.dependencies}),
        "ignoreChanges": sorted(request.ignoreChanges),
        "import": request.importId,
        "protect": request.protect,
        "provider": request.provider.rpartition("::")[0].rpartition("::")[2],
        "replaceOnChanges": sorted(request.replaceOnChanges),
        "retainOnDelete": request.retainOnDelete,
    }
    return {name: value for name, value in set_options.items() if value}


def _digests(values: Any, secrets: frozenset[Path]) -> dict[Path, str]:
    """A digest of each secret that is set."""
    found = {}
    for path in secrets:
        value = values
        for step in path:
            value = value[step]
        found[path] = sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
    return found


def _masked(values: Any, secrets: frozenset[Path], path: Path = ()) -> Any:
    """A copy in which every secret is masked."""
    if path in secrets:
        return SECRET
    if isinstance(values, dict):
        return {key: _masked(value, secrets, (*path, key)) for key, value in values.items()}
    if isinstance(values, list):
        return [_masked(value, secrets, (*path, index)) for index, value in enumerate(values)]
    return values
