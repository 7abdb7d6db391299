"""Whether the schema step can do its work: its program's rights in every store, and room in the network."""

from collections.abc import Callable, Iterator, Mapping

from infra.derive.findings import Advice
from infra.settings import Problem, Settings
from infra.settings.schemas import SchemasSettings

_LONGEST_PREFIX = 26
"""Cloud Run, "Direct VPC egress": a subnet of /26 or larger (recalled 2026-11-25)."""

_RESERVED_CLIENT = "schema"
"""Its API key would lie in the secret of the schema step's own."""


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield every problem of the schema step; nothing when it is off."""
    schemas = settings.schemas
    if schemas is None:
        return
    yield from _program(schemas, settings)
    if settings.network.subnet_range.prefixlen > _LONGEST_PREFIX:
        yield Problem(
            "network.subnetRange",
            str(settings.network.subnet_range),
            f"/{_LONGEST_PREFIX} or wider: the jobs of schemas take addresses from it",
            f"write a range of /{_LONGEST_PREFIX} or wider",
        )
    search = settings.elasticsearch
    if search and _RESERVED_CLIENT in search.clients:
        yield Problem(
            f"elasticsearch.clients[{search.clients.index(_RESERVED_CLIENT)}]",
            _RESERVED_CLIENT,
            f"another name than {_RESERVED_CLIENT}, whose API key is the schema step's own",
            "rename the program",
        )


def advice(settings: Settings) -> Iterator[Advice]:
    """Yield every finding about the schema step."""
    if settings.schemas and settings.elasticsearch and settings.schemas.elasticsearch_key_version is None:
        yield Advice(
            "schemas.elasticsearchKeyVersion",
            "Elasticsearch has no job yet: make its first API key (docs/runbooks/schema.md) and write the version here",
        )


def _program(schemas: SchemasSettings, settings: Settings) -> Iterator[Problem]:
    missing = [
        place.format(program=schemas.program)
        for store, (place, holds) in _RIGHTS.items()
        if store in settings.stores and not holds(settings, schemas.program)
    ]
    if missing:
        yield Problem(
            "schemas.program",
            schemas.program,
            f"a program with the rights that a schema needs in every store; missing: {'; '.join(missing)}",
            "add them, or name the program that has them",
        )


def _in_postgres(settings: Settings, program: str) -> bool:
    user = settings.postgres.users.get(program) if settings.postgres else None
    return user is not None and "write" in user.endpoints and not user.pooled and user.role == "owner"


def _in_timescale(settings: Settings, program: str) -> bool:
    client = settings.timescale.clients.get(program) if settings.timescale else None
    return client is not None and "write" in client.endpoints and not client.pooled


def _in_mongodb(settings: Settings, program: str) -> bool:
    user = settings.mongodb.users.get(program) if settings.mongodb else None
    return user is not None and {"readWrite", "dbAdmin"} <= set(user.roles)


def _in_bigquery(settings: Settings, program: str) -> bool:
    bigquery = settings.bigquery
    return (
        bigquery is not None
        and program in bigquery.query_programs
        and all(program in dataset.writer_programs for dataset in bigquery.datasets.values())
    )


def _in_cache(settings: Settings, program: str) -> bool:
    return settings.cache is not None and program in settings.cache.clients


_RIGHTS: Mapping[str, tuple[str, Callable[[Settings, str], bool]]] = {
    "postgres": ("postgres.users.{program} with endpoint write, role owner and not pooled", _in_postgres),
    "timescale": ("timescale.clients.{program} with endpoint write and not pooled", _in_timescale),
    "mongodb": ("mongodb.users.{program} with readWrite and dbAdmin", _in_mongodb),
    "bigquery": ("{program} in bigquery.queryPrograms and in writerPrograms of every dataset", _in_bigquery),
    "cache": ("{program} in cache.clients", _in_cache),
}
"""What each store must say of the program, and whether it does. Elasticsearch is entered with a key of its own."""
