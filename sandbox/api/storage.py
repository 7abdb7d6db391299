"""Cloud Storage: buckets, objects with generations, uploads in one part or in sessions, preconditions, retention.

Google Cloud, "Cloud Storage JSON API v1": objects, uploads, request preconditions, bucket lock; read 2026-11.
"""

import base64
import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import google_crc32c

from sandbox.api import times
from sandbox.api.call import Answer, Call, Handler
from sandbox.api.errors import ApiError

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_PAGE = 1000


@dataclass
class _Object:
    content: bytes
    generation: int
    made: datetime
    metadata: Mapping[str, Any]


@dataclass
class Bucket:
    """A bucket; `retention` is how long nothing may be deleted or overwritten."""

    name: str
    retention: timedelta = timedelta(0)
    location: str = "ASIA-NORTHEAST2"
    objects: dict[str, _Object] = field(default_factory=dict)


class Storage:
    """All buckets of the simulated cloud."""

    document = "storage.v1"

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self._generations = itertools.count(1)
        self._sessions: dict[str, tuple[Call, bytearray]] = {}

    def add_bucket(self, name: str, retention: timedelta = timedelta(0)) -> Bucket:
        """A new bucket."""
        return self.buckets.setdefault(name, Bucket(name, retention))

    def put(self, bucket: str, name: str, content: bytes) -> None:
        """Lay an object there, as somebody else's work."""
        self.buckets[bucket].objects[name] = _Object(content, next(self._generations), times.now(), {})

    def content(self, bucket: str, name: str) -> bytes:
        """What an object holds; KeyError where it is not."""
        return self.buckets[bucket].objects[name].content

    def names(self, bucket: str) -> list[str]:
        """The objects' names, in order."""
        return sorted(self.buckets[bucket].objects)

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What is answered."""
        return {
            "storage.buckets.get": self._bucket,
            "storage.objects.list": self._list,
            "storage.objects.get": self._get,
            "storage.objects.insert": self._insert,
            "storage.objects.delete": self._delete,
        }

    def tick(self) -> None:
        """Nothing here takes time."""

    def _found(self, call: Call) -> Bucket:
        bucket = self.buckets.get(call["bucket"])
        if bucket is None:
            raise ApiError(404, "The specified bucket does not exist.")
        return bucket

    def _object(self, call: Call) -> _Object:
        found = self._found(call).objects.get(call["object"])
        if found is None:
            raise ApiError(404, f"No such object: {call['bucket']}/{call['object']}")
        return found

    def _bucket(self, call: Call) -> Any:
        bucket = self._found(call)
        return {"kind": "storage#bucket", "id": bucket.name, "name": bucket.name, "location": bucket.location}

    def _list(self, call: Call) -> Any:
        bucket, prefix = self._found(call), call.parameters.get("prefix", "")
        delimiter, start = call.parameters.get("delimiter", ""), call.parameters.get("pageToken", "")
        names = [name for name in sorted(bucket.objects) if name.startswith(prefix) and name > start]
        folders = set()
        if delimiter:
            folders = {
                prefix + name[len(prefix) :].split(delimiter)[0] + delimiter
                for name in names
                if delimiter in name[len(prefix) :]
            }
            names = [name for name in names if delimiter not in name[len(prefix) :]]
        size = min(int(call.parameters.get("maxResults", _PAGE)), _PAGE)
        page = {"kind": "storage#objects", "items": [_resource(bucket, name) for name in names[:size]]}
        if folders:
            page["prefixes"] = sorted(folders)
        if len(names) > size:
            page["nextPageToken"] = names[size - 1]
        return page

    def _get(self, call: Call) -> Any:
        found = self._object(call)
        _check_generation(call, found)
        if call.kind != "download" and call.parameters.get("alt") != "media":
            return _resource(self._found(call), call["object"])
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Goog-Hash": f"crc32c={_crc32c(found.content)},md5={_md5(found.content)}",
            "X-Goog-Generation": str(found.generation),
            "X-Goog-Stored-Content-Length": str(len(found.content)),
        }
        wanted = _RANGE.fullmatch(call.headers.get("range", ""))
        if wanted is None or not found.content:
            return Answer(headers=headers, content=found.content)
        first, last = int(wanted[1]), int(wanted[2] or len(found.content) - 1)
        part = found.content[first : last + 1]
        headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(found.content)}"
        return Answer(status=206, headers=headers, content=part)

    def _insert(self, call: Call) -> Any:
        if call.kind == "resumable" and "upload_id" in call.parameters:
            return self._go_on(call)
        if call.kind == "resumable" or call.parameters.get("uploadType") == "resumable":
            session = f"session-{len(self._sessions) + 1}"
            self._sessions[session] = (call, bytearray())
            bucket = call["bucket"]
            place = f"{call.base}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&upload_id={session}"
            return Answer({}, headers={"Location": place})
        return self._keep(call, call.media)

    def _go_on(self, call: Call) -> Any:
        first, content = self._sessions[call["upload_id"]]
        content += call.media
        total = call.headers.get("content-range", "").rpartition("/")[2]
        if total == "*" or (total and len(content) < int(total)):
            return Answer({}, 308, {"Range": f"bytes=0-{len(content) - 1}"})
        return self._keep(first, bytes(content))

    def _keep(self, call: Call, content: bytes) -> Any:
        bucket = self._found(call)
        metadata = call.body or {}
        name = call.parameters.get("name") or metadata.get("name")
        if not name:
            raise ApiError(400, "Required object name.", "required")
        old = bucket.objects.get(name)
        _check_generation(call, old)
        if old is not None:
            _check_retention(bucket, name, old)
        bucket.objects[name] = _Object(content, next(self._generations), times.now(), metadata)
        return _resource(bucket, name)

    def _delete(self, call: Call) -> Any:
        bucket, found = self._found(call), self._object(call)
        _check_generation(call, found)
        _check_retention(bucket, call["object"], found)
        del bucket.objects[call["object"]]
        return Answer(status=204)


def _check_generation(call: Call, found: _Object | None) -> None:
    wanted = call.parameters.get("ifGenerationMatch")
    if wanted is not None and int(wanted) != (found.generation if found else 0):
        raise ApiError(412, "At least one of the pre-conditions you specified did not hold.", "conditionNotMet")


def _check_retention(bucket: Bucket, name: str, found: _Object) -> None:
    until = found.made + bucket.retention
    if until > times.now():
        message = (
            f"Object '{bucket.name}/{name}' is subject to bucket's retention policy or object retention and cannot be "
            f"deleted or overwritten until {times.text(until)}"
        )
        raise ApiError(403, message, "retentionPolicyNotMet")


def _resource(bucket: Bucket, name: str) -> dict[str, Any]:
    found = bucket.objects[name]
    return {
        "kind": "storage#object",
        "id": f"{bucket.name}/{name}/{found.generation}",
        "name": name,
        "bucket": bucket.name,
        "generation": str(found.generation),
        "metageneration": "1",
        "contentType": found.metadata.get("contentType", "application/octet-stream"),
        "size": str(len(found.content)),
        "md5Hash": _md5(found.content),
        "crc32c": _crc32c(found.content),
        "timeCreated": times.text(found.made),
        "updated": times.text(found.made),
    }


def _md5(content: bytes) -> str:
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _crc32c(content: bytes) -> str:
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()
