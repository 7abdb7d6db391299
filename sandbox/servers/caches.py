"""Memorystore with real servers behind it: an instance is a Redis of its own, an import its start from an object."""

from collections.abc import Mapping
from typing import Any

from sandbox.api.call import Call, Handler
from sandbox.api.errors import ApiError
from sandbox.api.operations import OperationError
from sandbox.api.redis import Redis
from sandbox.api.storage import Storage
from sandbox.servers.certificates import certificate_for
from sandbox.servers.install import Installed
from sandbox.servers.process import ServerError
from sandbox.servers.redis import RedisServer
from sandbox.servers.server import Endpoint
from sandbox.servers.workspace import Workspace


class RealCaches(Redis):
    """The simulated API; each instance's server speaks TLS, as its description says."""

    def __init__(self, workspace: Workspace, programs: Installed, storage: Storage, polls: int = 1) -> None:
        super().__init__(self, polls)
        self._workspace, self._programs, self._storage = workspace, programs, storage
        self.servers: dict[str, RedisServer] = {}
        self.imports: list[str] = []

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Those of instances, and what clients sign in with."""
        return {**super().handlers, "redis.projects.locations.instances.getAuthString": self._password}

    def stand(self, name: str, **properties: Any) -> RedisServer:
        """An instance that stands, with its server; `name` is the whole resource name."""
        certificate = certificate_for("cache.internal")
        # Names in DNS are told apart by addresses, so each instance has one.
        endpoint = Endpoint(f"127.1.0.{len(self.servers) + 1}", self._workspace.claim_port())
        server = RedisServer(self._workspace, self._programs, name.rpartition("/")[2], certificate, endpoint)
        server.start()
        self.servers[name] = server
        where = {"host": server.address, "port": server.port}
        read = {"readEndpoint": server.address, "readEndpointPort": server.port}
        self.add(name, **where, **read, serverCaCerts=[{"cert": certificate.authority}], **properties)
        return server

    def export(self, name: str, uri: str) -> None:
        """Take a snapshot and write it to the bucket."""
        self.servers[name].save()
        bucket, _, place = uri.removeprefix("gs://").partition("/")
        self._storage.put(bucket, place, self.servers[name].snapshot.read_bytes())

    def load(self, name: str, uri: str) -> None:
        """Begin the server anew with the object's content, whatever it held."""
        self.imports.append(name)
        server = self.servers[name]
        bucket, _, place = uri.removeprefix("gs://").partition("/")
        server.kill()
        server.put(self._storage.content(bucket, place))
        try:
            server.start()
        except ServerError as error:
            raise OperationError("INTERNAL", "The file is not a valid RDB file.") from error

    def _create(self, call: Call) -> Any:
        name = f"{call['parent']}/instances/{call['instanceId']}"
        answer = super()._create(call)
        # Its address is known when it is ready; nobody reads it before.
        given = {key: value for key, value in self.instances[name].items() if key not in ("name", "state")}
        self.stand(name, **given)
        self.instances[name]["state"] = "CREATING"
        return answer

    def _password(self, call: Call) -> Any:
        if call["name"] not in self.servers:
            raise ApiError(404, f"Resource '{call['name']}' was not found")
        return {"authString": self._workspace.password}
