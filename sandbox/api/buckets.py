"""A simulated bucket as the platform's own client sees it: what is copied into one, and taken out of it."""

import gc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import google.auth.credentials
from google.cloud.storage import Client

from sandbox.api import Api, ApiServer
from sandbox.api.storage import Storage
from schema.kit.bucket import CloudBucket

BACKUPS = "triptrip-test-1-backups"


class Copies(CloudBucket):
    """A bucket that is there, in a Cloud Storage of its own; `api` takes faults, `storage` shows what lies there.

    `endpoint` is where other clients find it.
    """

    def __init__(self, server: ApiServer, storage: Storage, client: Client) -> None:
        super().__init__(BACKUPS, client)
        self.api: Api = server.api
        self.endpoint = server.endpoint("storage.v1")
        self.storage = storage

    def names(self) -> list[str]:
        """Every object."""
        return self.storage.names(BACKUPS)

    def content(self, name: str) -> bytes:
        """What one holds."""
        return self.storage.content(BACKUPS, name)

    def put(self, name: str, content: bytes) -> None:
        """Lay one there, also over another."""
        self.storage.put(BACKUPS, name, content)


@contextmanager
def simulated_bucket() -> Iterator[Copies]:
    """Serve a Cloud Storage with one empty bucket."""
    storage = Storage()
    storage.add_bucket(BACKUPS)
    with ApiServer([storage]) as server:
        anonymous = google.auth.credentials.AnonymousCredentials()  # type: ignore[no-untyped-call] # its signature
        client = Client("triptrip-test", anonymous, client_options={"api_endpoint": server.endpoint("storage.v1")})
        try:
            yield Copies(server, storage, client)
        finally:
            client.close()
            collect()


def collect() -> None:
    """Close what Google's client leaves to the garbage: the connection of an answer whose content it does not want."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
