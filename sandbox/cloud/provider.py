"""The simulated cloud as a Pulumi provider: one gRPC servicer for every package and every provider instance.

Written on the raw service (SDK `provider_pb2_grpc`) rather than on `pulumi.provider.experimental`, which cannot
answer unknown outputs, drops the old inputs and prints tracebacks (measured with SDK 3.272.0).
The engine opens one connection for each provider instance and configures it first, so a connection's peer address
tells which instance a call belongs to.
"""

# ruff: noqa: N802, D102, ARG002 - the methods carry the protocol's own names and signatures, documented there

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import any_pb2, empty_pb2
from google.rpc import status_pb2  # type: ignore[import-untyped]  # googleapis-common-protos ships no types
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.cloud.errors import CloudError, PartialFailureError
from sandbox.cloud.values import Path, decode, encode

if TYPE_CHECKING:
    from sandbox.cloud.facade import Cloud, Provider, Resource
    from sandbox.cloud.trouble import Operation, Trouble

_PROPERTY_DIFF = provider_pb2.PropertyDiff
_MAXIMUM_MESSAGE = 400 * 2**20
_KINDS = {
    ("add", False): _PROPERTY_DIFF.ADD,
    ("add", True): _PROPERTY_DIFF.ADD_REPLACE,
    ("delete", False): _PROPERTY_DIFF.DELETE,
    ("delete", True): _PROPERTY_DIFF.DELETE_REPLACE,
    ("update", False): _PROPERTY_DIFF.UPDATE,
    ("update", True): _PROPERTY_DIFF.UPDATE_REPLACE,
}


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """Translates the engine's calls to the cloud's; `open_cloud` runs after the port is told, `trouble` if any."""

    def __init__(self, open_cloud: Callable[[], Cloud], trouble: Trouble | None) -> None:
        self._open = open_cloud
        self._trouble = trouble
        self._cloud: Cloud | None = None
        self._providers: dict[str, Provider] = {}

    @property
    def cloud(self) -> Cloud:
        """The cloud, opened when first needed. Raises CloudError when its file cannot be."""
        if self._cloud is None:
            self._cloud = self._open()
        return self._cloud

    def prepare(self) -> None:
        """Load the data while the engine dials."""
        # The first call meets the same error and can tell it.
        with contextlib.suppress(CloudError):
            self.cloud.prepare()

    def _provider(self, context: Any) -> Provider:
        from sandbox.cloud.facade import Provider  # noqa: PLC0415 - loaded after the port is told

        return self._providers.get(context.peer(), Provider())

    # --- the provider itself ------------------------------------------------------------------------------------

    async def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    async def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        # Newer than any SDK, or the engine warns at every run that it expected a newer plugin.
        return plugin_pb2.PluginInfo(version="999.0.0")

    async def Parameterize(self, request: Any, context: Any) -> provider_pb2.ParameterizeResponse:
        """Become the Terraform provider that the program's package names."""
        from sandbox.cloud import parameters  # noqa: PLC0415 - only a Terraform provider's package asks

        if request.WhichOneof("parameters") == "args":
            name, version = await _answer(context, lambda: parameters.from_arguments(request.args.args))
        else:
            name, version = await _answer(context, lambda: parameters.from_value(request.value.value))
        return provider_pb2.ParameterizeResponse(name=name, version=version)

    async def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        inputs, _ = decode(request.news)
        token = "pulumi:providers:" + request.urn.split("::")[2].split(":")[-1]
        found = await _answer(context, lambda: self.cloud.check_provider(token, inputs))
        failures = [provider_pb2.CheckFailure(property=one.property, reason=one.reason) for one in found]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    async def DiffConfig(self, request: Any, context: Any) -> Any:
        old, _ = decode(request.old_inputs if request.HasField("old_inputs") else request.olds)
        new, _ = decode(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
        return _diff_response([(key, "update", False) for key in changed], (), delete_first=False)

    async def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:
        from sandbox.cloud.facade import Provider  # noqa: PLC0415 - loaded after the port is told

        arguments, _ = decode(request.args)
        self._providers[context.peer()] = await _answer(context, lambda: Provider.from_arguments(arguments))
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Invoke(self, request: Any, context: Any) -> provider_pb2.InvokeResponse:
        arguments, _ = decode(request.args)
        provider = self._provider(context)
        result = await _answer(context, lambda: self.cloud.invoke(request.tok, arguments, provider=provider))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(result))  # the field's name is a Python keyword
        return response

    # --- resources ----------------------------------------------------------------------------------------------

    async def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:
        inputs, secrets = decode(request.news)
        old, _ = decode(request.olds)
        name = request.name or request.urn.split("::")[-1]
        proposed = f"{name}-{hashlib.sha256(request.randomSeed).hexdigest()[:7]}"
        checked = await _answer(
            context,
            lambda: self.cloud.check(
                request.type, inputs, provider=self._provider(context), old_inputs=old, proposed_name=proposed.lower()
            ),
        )
        failures = [provider_pb2.CheckFailure(property=one.property, reason=one.reason) for one in checked.failures]
        return provider_pb2.CheckResponse(inputs=encode(checked.inputs, secrets), failures=failures)

    async def Diff(self, request: Any, context: Any) -> Any:
        outputs, _ = decode(request.olds)
        old, _ = decode(request.old_inputs)
        new, _ = decode(request.news)
        found = await _answer(context, lambda: self.cloud.diff(request.type, old or outputs, new, outputs))
        return _diff_response(
            [(change.text, change.kind, change.replaces) for change in found.changes],
            found.replaces,
            delete_first=found.delete_before_replace,
        )

    async def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:
        inputs, secrets = decode(request.properties)
        made = await self._run(
            "create",
            request,
            context,
            lambda: self.cloud.create(request.type, inputs, provider=self._provider(context), preview=request.preview),
            (inputs, secrets),
        )
        return provider_pb2.CreateResponse(id=made.id, properties=self._outputs(request.type, made, secrets))

    async def Update(self, request: Any, context: Any) -> provider_pb2.UpdateResponse:
        inputs, secrets = decode(request.news)
        outputs, hidden = decode(request.olds)
        made = await self._run(
            "update",
            request,
            context,
            lambda: self.cloud.update(
                request.type, request.id, inputs, outputs, provider=self._provider(context), preview=request.preview
            ),
            (inputs, secrets),
        )
        return provider_pb2.UpdateResponse(properties=self._outputs(request.type, made, secrets | hidden))

    async def Delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        outputs, _ = decode(request.properties)
        provider = self._provider(context)
        await self._run(
            "delete",
            request,
            context,
            lambda: self.cloud.delete(request.type, request.id, outputs, provider=provider),
            None,
        )
        return empty_pb2.Empty()

    async def Read(self, request: Any, context: Any) -> provider_pb2.ReadResponse:
        old, secrets = decode(request.inputs)
        _, hidden = decode(request.properties)
        found = await self._run("read", request, context, lambda: self.cloud.read(request.type, request.id, old), None)
        if found is None:
            return provider_pb2.ReadResponse()
        resource, inputs = found
        outputs = self._outputs(request.type, resource, secrets | hidden)
        return provider_pb2.ReadResponse(id=resource.id, properties=outputs, inputs=encode(inputs, secrets))

    async def _run(self, operation: Operation, request: Any, context: Any, act: Callable[[], Any], sent: Any) -> Any:
        """One operation, with the trouble asked for; an error becomes the engine's, a half-made resource is kept."""
        if self._trouble is None or getattr(request, "preview", False):
            return await _answer(context, act)
        name = request.name or request.urn.split("::")[-1]
        try:
            return await self._trouble.around(operation, request.type, name, act)
        except PartialFailureError as failure:
            inputs, secrets = sent
            detail = provider_pb2.ErrorResourceInitFailed(
                id=failure.resource.id,
                properties=self._outputs(request.type, failure.resource, secrets),
                reasons=[str(failure)],
                inputs=encode(inputs, secrets),
            )
            await _abort(context, str(failure), detail)
        except CloudError as error:
            await _abort(context, str(error))

    def _outputs(self, token: str, resource: Resource, secrets: frozenset[Path]) -> Any:
        """The wire outputs; a secret input stays secret in them, and so does what the type always hides."""
        always = {tuple(path.split(".")) for path in self.cloud.secrets(token)}
        return encode(resource.outputs, secrets | always)


def _diff_response(changes: list[tuple[str, str, bool]], replaces: tuple[str, ...], *, delete_first: bool) -> Any:
    response = provider_pb2.DiffResponse
    return response(
        changes=response.DIFF_SOME if changes else response.DIFF_NONE,
        diffs=sorted({path.split(".")[0].split("[")[0] for path, _, _ in changes}),
        replaces=replaces,
        detailedDiff={path: _PROPERTY_DIFF(kind=_KINDS[kind, new], inputDiff=True) for path, kind, new in changes},
        hasDetailedDiff=True,
        deleteBeforeReplace=delete_first,
    )


async def _answer(context: Any, act: Callable[[], Any]) -> Any:
    """The value of `act`; a refusal becomes the call's error, one sentence without a traceback."""
    try:
        return act()
    except CloudError as error:
        return await _abort(context, str(error))


async def _abort(context: Any, message: str, detail: Any = None) -> None:
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    if detail is not None:
        packed = any_pb2.Any()
        packed.Pack(detail)
        status.details.append(packed)
    trailing = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(grpc.StatusCode.UNKNOWN, message, trailing)


async def serve(
    servicer: provider_pb2_grpc.ResourceProviderServicer,
    announce: Callable[[int], None],
    prepare: Callable[[], None] = lambda: None,
) -> None:
    """Serve every provider on one free local port until SIGTERM or SIGINT.

    The port is told to `announce` once it is open; `prepare` runs after that.
    """
    options = [
        ("grpc.max_receive_message_length", _MAXIMUM_MESSAGE),
        ("grpc.max_send_message_length", _MAXIMUM_MESSAGE),
    ]
    server = grpc.aio.server(options=options)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.start()
    announce(port)
    loop.call_soon(prepare)
    await stop.wait()
    await server.stop(None)
