"""Snapshots that Atlas has exported into a bucket, as it lays them out.

    exported_snapshots/<organisation>/<project>/<cluster>/<day>T<hour><minute>/<seconds>/.complete
    …/<database>/<collection>/<replica set>.<number>.json.gz     a document a line, as Extended JSON
    …/<database>/<collection>/metadata.json                      what the collection's indexes were

`.complete` is written last and tells the number of files; an export that failed leaves its files behind without it, and
is not tried again (mongodb.com/docs/atlas/backup/cloud-backup/export, read 2026-11-26). Whether its number counts the
files of metadata is not said there: either is taken.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bson import json_util
from bson.codec_options import DatetimeConversion

from schema.kit import SchemaError

if TYPE_CHECKING:
    from schema.kit.bucket import Bucket

ROOT = "exported_snapshots/"
_COMPLETE = ".complete"
_METADATA = "metadata.json"
_DATA = re.compile(r"[^/]+\.\d+\.json\.gz")
_RUN = re.compile(rf"{ROOT}[^/]+/[^/]+/(?P<cluster>[^/]+)/(?P<day>\d{{4}}-\d\d-\d\dT\d{{4}})/(?P<seconds>\d+)/")
_OPTIONS = json_util.JSONOptions(tz_aware=True, tzinfo=UTC, datetime_conversion=DatetimeConversion.DATETIME_AUTO)


@dataclass(frozen=True)
class AtlasExport:
    """One export that is whole; `prefix` ends with a slash, `taken_at` is when its snapshot was begun, UTC.

    What was written after `taken_at` is not in it. `files` are the objects of documents by database and collection.
    """

    prefix: str
    cluster: str
    taken_at: datetime
    files: Mapping[tuple[str, str], Sequence[str]]

    def of(self, database: str, collection: str) -> Sequence[str]:
        """The objects of one collection; raises SchemaError when the export has no such collection."""
        if found := self.files.get((database, collection)):
            return found
        known = sorted(name for base, name in self.files if base == database)
        raise SchemaError(
            f"collection {database}.{collection}",
            f"is not in the export of {self.taken_at:%Y-%m-%d %H:%M} UTC",
            allowed=", ".join(known) or f"nothing of {database} is in it",
            fix="take another export with --export, or a snapshot or a point in time of Atlas",
        )


@dataclass(frozen=True)
class Exports:
    """What there is of a cluster: exports that are whole, newest first, and what is wrong with others, by prefix."""

    whole: tuple[AtlasExport, ...]
    broken: Mapping[str, SchemaError]


def exports(bucket: Bucket, cluster: str) -> Exports:
    """The exports of a cluster that have ended; those without `.complete` have failed, or are still being written.

    One that expires loses its files one by one, so one that is broken is no reason against the others.
    """
    found: dict[str, list[str]] = {}
    for stored in bucket.listed(ROOT):
        if (run := _RUN.match(stored.name)) and run["cluster"] == cluster:
            found.setdefault(run.group(), []).append(stored.name)
    whole, broken = [], {}
    for prefix, names in found.items():
        if f"{prefix}{_COMPLETE}" not in names:
            continue
        try:
            whole.append(_export(bucket, prefix, names))
        except SchemaError as error:
            broken[prefix] = error
    return Exports(tuple(sorted(whole, key=lambda each: each.taken_at, reverse=True)), broken)


def chosen(found: Exports, cluster: str, wanted: str = "") -> AtlasExport:
    """The newest export that is whole, or the one with a text in its prefix; raises SchemaError when there is none."""
    for export in found.whole:
        if wanted in export.prefix:
            return export
    for prefix, error in found.broken.items():
        if wanted in prefix:
            raise error
    days = ", ".join(f"{each.taken_at:%Y-%m-%dT%H%M}" for each in found.whole[:5])
    raise SchemaError(
        f"export {wanted} of {cluster}" if wanted else f"exports of {cluster}",
        "there is none that is whole",
        allowed=days,
        fix="restore a snapshot or a point in time into a new cluster: `python -m ops restore mongodb-cluster`",
    )


def documents(bucket: Bucket, name: str) -> Iterator[Mapping[str, Any]]:
    """The documents of one object; raises SchemaError when it is cut off, or a line is none."""
    place = f"{bucket.address}/{name}"
    with bucket.reading(name) as source:
        number = 0
        try:
            with gzip.GzipFile(fileobj=source) as lines:
                for line in lines:
                    number += 1
                    if line.strip():
                        yield _document(line)
        except (EOFError, gzip.BadGzipFile, OSError) as error:
            raise SchemaError(
                place, f"is cut off or broken after {number} documents: {error}", fix="take an older export"
            ) from None
        except ValueError as error:
            raise SchemaError(
                place, f"line {number} is no document: {type(error).__name__}", fix="take an older export"
            ) from None


def _document(line: bytes) -> Mapping[str, Any]:
    found = json_util.loads(line, json_options=_OPTIONS)
    if not isinstance(found, dict) or "_id" not in found:
        raise ValueError("no document")  # as a line that is no JSON
    return found


def _export(bucket: Bucket, prefix: str, names: Sequence[str]) -> AtlasExport:
    with bucket.reading(f"{prefix}{_COMPLETE}") as source:
        told = _told(source.read(), f"{bucket.address}/{prefix}{_COMPLETE}")
    files: dict[tuple[str, str], list[str]] = {}
    for name in sorted(names):
        parts = name.removeprefix(prefix).split("/")
        if len(parts) == 3 and _DATA.fullmatch(parts[2]):  # noqa: PLR2004 # database, collection, file
            files.setdefault((parts[0], parts[1]), []).append(name)
    data = sum(map(len, files.values()))
    metadata = sum(name.endswith(f"/{_METADATA}") for name in names)
    if told["totalFiles"] not in (data, data + metadata):
        raise SchemaError(
            f"{bucket.address}/{prefix}",
            f"has {data} files of documents and {metadata} of metadata; its {_COMPLETE} tells {told['totalFiles']}",
            fix="somebody has deleted some: look at the objects' older versions, or name another export with --export",
        )
    run = _RUN.match(prefix)
    return AtlasExport(prefix, run["cluster"] if run else "", _moment(told["snapshotInitiationDate"]), files)


def _told(content: bytes, place: str) -> Mapping[str, Any]:
    try:
        told = json.loads(content)
        _moment(told["snapshotInitiationDate"])
        int(told["totalFiles"])
    except (ValueError, KeyError, TypeError):
        raise SchemaError(place, "is not what Atlas writes", fix="name another export with --export") from None
    found: Mapping[str, Any] = told
    return found


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
