"""What the image of the schema step does in an environment, as one checksum.

The image is built by hand and named in the stack file: without the checksum beside it, a change here that no image was
built of would be deployed as a run that changes nothing. It covers the files of the schemas and what the stores read of
the environment, so that another machine size or another subject's settings ask for no new image.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path

from pydantic import BaseModel

from infra.catalog.mongodb_rows import search_indexes
from schema.kit import Environment, SchemaError, load_environment
from schema.kit.files import ROOT

FOLDERS = ("schema", "services/cache")
"""What the image copies of the schemas; the functions of the cache lie beside its clients."""

READ = (
    "plan.gcp_project",
    "plan.names",
    "settings.project.gcp_project",
    "settings.project.region",
    "plan.postgres.database",
    "plan.postgres.memberships",
    "plan.postgres.report_work_memory_mib",
    "settings.mongodb.database",
    "settings.mongodb.search_indexes",
    "settings.elasticsearch.index",
    "plan.elasticsearch.key_holders",
    "plan.elasticsearch.snapshots",
    "plan.bigquery.datasets",
    "plan.bigquery.federation",
    "plan.bigquery.location",
    "plan.bigquery.tables",
)
"""What the stores read of an `Environment`; whatever a subject that is not declared would hold is None."""


def contents(environment: str, root: Path = ROOT) -> str:
    """SHA-256 over the files of the schemas and what they are filled with; line ends make no difference.

    Raises SchemaError when there is no such stack file, or it is wrong.
    """
    declared = load_environment(environment, root)
    digest = hashlib.sha256(json.dumps(_values(declared), sort_keys=True, default=_plain).encode())
    for name, content in sorted(_files(root)):
        digest.update(f"\n{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def check_contents(environment: str, root: Path = ROOT) -> str:
    """The checksum, which is also what the stack file says of its image; raises SchemaError when it is another."""
    found = contents(environment, root)
    declared = load_environment(environment, root)
    step = declared.declared(declared.settings.schemas, "schemas")
    if step.contents != found:
        raise SchemaError(
            f"schemas.contents of Pulumi.{environment}.yaml",
            f"{step.contents}: the image was built of something else than what lies here",
            allowed=found,
            fix="build a new image (docs/runbooks/schema.md, step 1)",
        )
    return found


def _values(environment: Environment) -> dict[str, object]:
    return {"search indexes": dict(search_indexes()), **{path: _value(environment, path) for path in READ}}


def _value(environment: Environment, path: str) -> object:
    subject, _, rest = path.partition(".")
    first = rest.partition(".")[0]
    if getattr(getattr(environment, subject), first) is None:
        return None
    return attrgetter(path)(environment)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form that is the same every time")


def _files(root: Path) -> Iterator[tuple[str, bytes]]:
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix(), path.read_bytes().replace(b"\r\n", b"\n")
