"""A simulated Google of four services, and Google's own clients on it."""

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import google.auth.credentials
import google_auth_httplib2
import httplib2
from google.cloud.storage import Client
from googleapiclient.discovery import build

from sandbox.api import ApiServer
from sandbox.api.dns import Dns
from sandbox.api.redis import NoCaches, Redis
from sandbox.api.sqladmin import MemoryDatabases, SqlAdmin
from sandbox.api.storage import Storage

PROJECT = "triptrip-test"
PRIMARY = "triptrip-test-primary-1"


class World:
    """A server and what is behind it; a context manager, which closes its clients too."""

    def __init__(self) -> None:
        self.databases = MemoryDatabases()
        self.sql = SqlAdmin(self.databases)
        self.storage = Storage()
        self.dns = Dns()
        self.redis = Redis(NoCaches())
        self.server = ApiServer([self.sql, self.storage, self.dns, self.redis])
        self.api = self.server.api
        self.sql.add(PROJECT, PRIMARY)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def client(self, name: str, version: str, timeout: float = 10) -> Any:
        anonymous = google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call] # its signature
        http = google_auth_httplib2.AuthorizedHttp(anonymous, http=httplib2.Http(timeout=timeout))
        self._open.callback(http.close)
        endpoint = self.server.endpoint(f"{name}.{version}")
        return build(name, version, http=http, client_options={"api_endpoint": endpoint}, static_discovery=True)

    def bucket_client(self) -> Any:
        client = Client(
            PROJECT,
            google.auth.credentials.AnonymousCredentials(),  # type: ignore[no-untyped-call] # its signature
            client_options={"api_endpoint": self.server.endpoint("storage.v1")},
        )
        self._open.callback(client.close)
        return client
