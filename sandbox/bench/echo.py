"""A provider that knows nothing and accepts everything: what the engine costs when the cloud costs nothing."""

import asyncio
import json
import sys
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from sandbox.cloud.provider import serve


class Echo(provider_pb2_grpc.ResourceProviderServicer):
    """Answers every call with what it was given."""

    async def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: ARG002, D102, N802 # the protocol's
        return empty_pb2.Empty()

    async def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:  # noqa: ARG002, D102, N802 # id.
        return plugin_pb2.PluginInfo(version="999.0.0")

    async def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802 # id.
        return provider_pb2.CheckResponse(inputs=request.news)

    async def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802 # id.
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    async def Configure(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802 # id.
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802 # id.
        return provider_pb2.CheckResponse(inputs=request.news)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802 # id.
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: ARG002, D102, N802 # id.
        return provider_pb2.CreateResponse(id="" if request.preview else request.urn, properties=request.properties)


def _announce(port: int) -> None:
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(Echo(), _announce))
