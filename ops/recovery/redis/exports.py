"""The cache's hourly exports: a file of Redis and, written last, its marker (docs/runbooks/recovery-redis.md).

redis/<instance>/<run>.rdb
redis/<instance>/<run>.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.recovery.redis.rdb import HEAD_BYTES, TAIL_BYTES, RdbError, RdbHeader, check_end, read_header
from schema.kit import SchemaError

if TYPE_CHECKING:
    from schema.kit.bucket import Bucket

ROOT = "redis"
_DATA, _MARKER = ".rdb", ".json"


@dataclass(frozen=True)
class CacheExport:
    """One export with its marker; `bytes` and `crc32c` are what the marker says, None where it does not."""

    run: str
    object: str
    bytes: int | None
    crc32c: str | None


def exports(bucket: Bucket, instance: str) -> Sequence[CacheExport]:
    """The exports that have a marker, newest first; one without it was cut off and is nobody's."""
    prefix = f"{ROOT}/{instance}/"
    names = {each.name for each in bucket.listed(prefix)}
    runs = sorted(
        (name.removeprefix(prefix).removesuffix(_MARKER) for name in names if name.endswith(_MARKER)), reverse=True
    )
    return [_export(bucket, prefix, run) for run in runs]


def checked(bucket: Bucket, export: CacheExport) -> RdbHeader:
    """What an export says of itself; raises SchemaError when it is not whole: by its marker, its head and its end."""
    place = f"{bucket.address}/{export.object}"
    stored = bucket.found(export.object)
    if stored is None:
        raise SchemaError(place, "is not there, its marker is", fix="exports expire after a day: take a newer one")
    if export.bytes is not None and stored.size != export.bytes:
        raise SchemaError(place, f"has {stored.size} bytes, its marker says {export.bytes}")
    if export.crc32c is not None and stored.crc32c != export.crc32c:
        raise SchemaError(place, "has another checksum than its marker says")
    try:
        header = read_header(bucket.part(export.object, 0, HEAD_BYTES))
        check_end(bucket.part(export.object, max(0, stored.size - TAIL_BYTES), stored.size))
    except RdbError as error:
        raise SchemaError(place, str(error)) from None
    return header


def newest_whole(bucket: Bucket, instance: str, wanted: str = "") -> tuple[CacheExport, RdbHeader]:
    """The newest export that is whole, or the run that was asked for; raises SchemaError when there is none.

    One that is asked for and broken is refused with the newest one that is not; without a wish, broken ones are passed
    over.
    """
    found = exports(bucket, instance)
    if wanted and wanted not in {each.run for each in found}:
        raise SchemaError(
            f"export {wanted} of {instance}",
            "is not there, or has no marker",
            allowed=", ".join(each.run for each in found) or "none",
        )
    problems = []
    for export in found:
        if wanted and export.run > wanted:
            continue
        try:
            header = checked(bucket, export)
        except SchemaError as error:
            problems.append(f"{error.where} {error.given}")
            continue
        if problems and wanted:
            raise SchemaError(
                f"export {wanted} of {instance}", f"is not whole: {problems[0]}", fix=f"take --export {export.run}"
            )
        return export, header
    raise SchemaError(
        f"exports of {instance}",
        "; ".join(problems) or f"none in {bucket.address}",
        fix="a cache can be empty: make the instance anew with `pulumi up`, and let it fill",
    )


def _export(bucket: Bucket, prefix: str, run: str) -> CacheExport:
    with bucket.reading(f"{prefix}{run}{_MARKER}") as source:
        told = _told(source.read(), f"{bucket.address}/{prefix}{run}{_MARKER}")
    size = told.get("bytes")
    return CacheExport(run, f"{prefix}{run}{_DATA}", None if size is None else int(size), told.get("crc32c"))


def _told(content: bytes, place: str) -> Mapping[str, Any]:
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise SchemaError(place, "is no marker", fix="look at who has written it")
    return told
