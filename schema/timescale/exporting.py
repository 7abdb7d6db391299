"""The export of an environment's aggregates: which service, which bucket, and the lines that are told."""

from collections.abc import Iterator
from contextlib import closing

from schema.kit import Environment
from schema.kit.bucket import CloudBucket
from schema.sql.session import connected
from schema.timescale.export import export
from schema.timescale.store import EXAMPLE, check_encryption


def service_of(environment: Environment) -> str:
    """The service's name, as its folder in the bucket is called; raises SchemaError when none is declared."""
    return environment.declared(environment.plan.timescale, "timescale").name


def export_aggregates(environment: Environment, bucket: str) -> Iterator[str]:
    """Export all of the catalogue; a line for each aggregate, and one for the run. Raises SchemaError."""
    service, where = service_of(environment), f"TimescaleDB of {environment.name}"
    text = environment.connection("timescale", EXAMPLE)
    check_encryption(text, where)
    with closing(CloudBucket(bucket)) as copies, connected(text, where) as connection:
        marker = export(connection, copies, service)
    for copied in marker.aggregates:
        yield f"{copied.name}: {copied.rows} rows, {copied.bytes} bytes, up to {copied.newest or 'nothing yet'}"
    yield f"{service}: run {marker.run} is whole in {copies.address}"
