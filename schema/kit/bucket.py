"""A bucket of copies: objects are listed, read whole or in part, and made, never overwritten and never deleted."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Protocol

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.fileio import BlobWriter
from requests import RequestException

from schema.kit.errors import SchemaError

CHUNK_BYTES = 8 * 1024 * 1024
"""Of an upload: memory that it takes, and what is sent anew when a connection breaks. A multiple of 256 KiB."""

_MEANINGS: Mapping[int | None, tuple[str, str]] = {
    403: ("is refused (403)", "run it as an account that may: reading is for who restores, writing for who exports"),
    404: ("is not there", "`gcloud storage ls` shows what is"),
    412: ("is there already, and copies are never overwritten", "run it again"),
}
_FAILURES = (GoogleAPIError, GoogleAuthError, RequestException, DataCorruption, InvalidResponse)


@dataclass(frozen=True)
class Stored:
    """One object: bytes, and its CRC32C as Google tells it (base64 of four bytes, highest first)."""

    name: str
    size: int
    crc32c: str


class Bucket(Protocol):
    """Where copies lie; every method raises SchemaError for what cannot be asked, and KeyError never."""

    @property
    def address(self) -> str:
        """The bucket as a person writes it, e.g. gs://name."""

    def listed(self, prefix: str) -> Iterator[Stored]:
        """The objects whose names begin so, by name."""

    def found(self, name: str) -> Stored | None:
        """One object; None when there is none of this name."""

    def part(self, name: str, start: int, end: int) -> bytes:
        """Bytes from `start` up to, not with, `end`; fewer where the object ends."""

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """The content, as a file that is read from the start."""

    @contextmanager
    def creating(self, name: str) -> Iterator[IO[bytes]]:
        """A file that becomes the object when the block ends well; nothing becomes of it when the block raises.

        Raises SchemaError when there is an object of this name.
        """


class CloudBucket:
    """A bucket of Cloud Storage; the client repeats what may be, and speaks to STORAGE_EMULATOR_HOST if set."""

    def __init__(self, name: str, client: storage.Client | None = None) -> None:
        self._name = name
        self._client = client
        self._opened: storage.Bucket | None = None

    @property
    def address(self) -> str:
        """The bucket's URL."""
        return f"gs://{self._name}"

    def close(self) -> None:
        """End the connections, when the client was made here or handed over for good."""
        if self._client is not None:
            self._client.close()

    def listed(self, prefix: str) -> Iterator[Stored]:
        """By the objects.list method, page by page."""
        with self._told(f"{prefix}*"):
            for blob in self._bucket().list_blobs(prefix=prefix):
                yield _stored(blob)

    def found(self, name: str) -> Stored | None:
        """By the objects.get method."""
        with self._told(name):
            blob = self._bucket().get_blob(name)
        return _stored(blob) if blob else None

    def part(self, name: str, start: int, end: int) -> bytes:
        """By a range of the download."""
        with self._told(name):
            content: bytes = self._bucket().blob(name).download_as_bytes(start=start, end=end - 1, raw_download=True)
        return content

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """By ranges of the download, one after the other."""
        with self._told(name), self._bucket().blob(name).open("rb", raw_download=True) as source:
            yield source

    @contextmanager
    def creating(self, name: str) -> Iterator[IO[bytes]]:
        """By a resumable upload, which an error leaves without its end."""
        with self._told(name):
            blob = self._bucket().blob(name)
            target = _Upload(blob, CHUNK_BYTES, ignore_flush=True, if_generation_match=0)
            try:
                yield target
            except BaseException:
                target.abandon()
                raise
            target.close()

    def _bucket(self) -> storage.Bucket:
        if self._opened is None:
            self._client = self._client or storage.Client()
            self._opened = self._client.bucket(self._name)
        return self._opened

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        try:
            yield
        except _FAILURES as error:
            raise self._problem(name, error) from error

    def _problem(self, name: str, error: Exception) -> SchemaError:
        """What an error means, by the status that Google has answered with."""
        status = getattr(error, "code", None) or getattr(getattr(error, "response", None), "status_code", None)
        given, fix = _MEANINGS.get(status, (f"Cloud Storage cannot be asked: {type(error).__name__}", "run it again"))
        return SchemaError(f"{self.address}/{name}", given, fix=fix)


class _Upload(BlobWriter):  # type: ignore[misc] # the library has no types
    """An upload that only `close` brings to its end; one that is abandoned never becomes an object."""

    def abandon(self) -> None:
        """Give it up; what the bucket is not told of goes by itself after a week."""
        with suppress(*_FAILURES):
            self.terminate()
        # What is collected later would be closed, and so ended, by Python itself.
        self._buffer.close()


def _stored(blob: storage.Blob) -> Stored:
    return Stored(blob.name, int(blob.size or 0), blob.crc32c or "")
