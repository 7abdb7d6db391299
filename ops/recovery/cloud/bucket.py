"""The backup bucket: exports with their markers, and what drills achieved."""

import json
from collections.abc import Mapping
from typing import Any

from ops.recovery.cloud.calls import ChangedError, MissingError, Pace, asked
from ops.recovery.declared import Declared
from ops.recovery.errors import RecoveryError


class Bucket:
    """The bucket that the exports write to (docs/runbooks/recovery-postgres.md tells its layout)."""

    def __init__(self, client: Any, declared: Declared, pace: Pace) -> None:
        self._bucket = client.bucket(declared.bucket)
        self._client = client
        self._pace = pace
        self.name = declared.bucket
        self._where = f"bucket {declared.bucket}"

    def uri(self, name: str) -> str:
        """An object as Cloud SQL is told of it."""
        return f"gs://{self.name}/{name}"

    def names(self, prefix: str) -> list[str]:
        """The objects below a prefix, in order."""

        def listed() -> list[str]:
            found = self._client.list_blobs(self._bucket, prefix=prefix, retry=None, timeout=self._pace.timeout)
            return sorted(blob.name for blob in found)

        try:
            return asked(self._where, listed, self._pace)
        except MissingError:
            raise RecoveryError(self._where, "does not exist", fix="`pulumi up` declares it") from None

    def content(self, name: str) -> bytes | None:
        """What an object holds; None where it is not."""
        blob = self._bucket.blob(name)
        try:
            found: bytes = asked(
                self._where, lambda: blob.download_as_bytes(retry=None, timeout=self._pace.timeout), self._pace
            )
        except MissingError:
            return None
        return found

    def json(self, name: str) -> Any:
        """An object's JSON; None where it is not; raises RecoveryError where it is no JSON."""
        content = self.content(name)
        try:
            return None if content is None else json.loads(content)
        except ValueError:
            raise RecoveryError(self.uri(name), "is no JSON", fix="take another export") from None

    def keep(self, name: str, record: Mapping[str, Any]) -> None:
        """Write an object once; one that is there stays, since the bucket's retention forbids another."""
        text = json.dumps(record, indent=1, sort_keys=True).encode() + b"\n"
        blob = self._bucket.blob(name)

        def write() -> None:
            blob.upload_from_string(
                text, "application/json", if_generation_match=0, retry=None, timeout=self._pace.timeout
            )

        try:
            asked(self._where, write, self._pace)
        except ChangedError:
            return
        except MissingError:
            raise RecoveryError(self._where, "does not exist", fix="`pulumi up` declares it") from None
