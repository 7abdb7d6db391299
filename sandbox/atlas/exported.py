"""An export as Atlas lays it into a bucket, made of a live database."""

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bson import json_util
from pymongo.database import Database

from sandbox.api.buckets import Copies

CLUSTER = "triptrip-test"
TAKEN = datetime(2026, 11, 26, 16, 11, tzinfo=UTC)
_FILE_DOCUMENTS = 700


def write_export(
    copies: Copies, database: Database[Mapping[str, Any]], taken: datetime = TAKEN, *, is_complete: bool = True
) -> str:
    """Write every collection; returns the prefix."""
    prefix = f"exported_snapshots/{'0' * 24}/{'1' * 24}/{CLUSTER}/{taken:%Y-%m-%dT%H%M}/{int(taken.timestamp()) + 99}/"
    files = 0
    for name in sorted(database.list_collection_names()):
        lines = [
            json_util.dumps(document, json_options=json_util.CANONICAL_JSON_OPTIONS)
            for document in database[name].find()
        ]
        for number, start in enumerate(range(0, len(lines), _FILE_DOCUMENTS)):
            content = "".join(f"{line}\n" for line in lines[start : start + _FILE_DOCUMENTS])
            copies.put(
                f"{prefix}{database.name}/{name}/atlas-shard-0.{number}.json.gz", gzip.compress(content.encode())
            )
            files += 1
        copies.put(f"{prefix}{database.name}/{name}/metadata.json", b'{"options":{},"indexes":[]}')
    if is_complete:
        told = {
            "clusterName": CLUSTER,
            "snapshotInitiationDate": f"{taken:%Y-%m-%dT%H:%M:%S.000Z}",
            "totalFiles": files,
        }
        copies.put(f"{prefix}.complete", json.dumps(told).encode())
    return prefix
