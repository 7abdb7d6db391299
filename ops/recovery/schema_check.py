"""A copy's schema against the files of schema/, by the schema step's own eyes; the live one may differ as well."""

from collections.abc import Sequence

from infra.derive.postgres import PostgresPlan
from ops.recovery.postgres.databases import Connection
from schema.kit import SchemaError
from schema.postgres.roles import become_owner
from schema.postgres.store import PostgresStore


def differences(connection: Connection, plan: PostgresPlan) -> Sequence[str] | None:
    """What a database has otherwise than the files say, a line each; None where no schema step has run.

    Raises SchemaError where the user of this connection may not look.
    """
    there = connection.execute("SELECT to_regclass('schema_ledger.files') IS NOT NULL").fetchone()
    if there != (True,):
        return None
    become_owner(connection)
    try:
        store = PostgresStore(connection, plan)
        return [*(f"{step.action} {step.what}" for step in store.steps()), *store.findings()]
    finally:
        connection.execute("RESET ROLE")


def compared(copy: Connection, live: Connection | None, plan: PostgresPlan) -> tuple[bool, str]:
    """Whether a copy is as declared, or as the live database is, and what is otherwise."""
    try:
        found = differences(copy, plan)
        expected = differences(live, plan) if live is not None else []
    except SchemaError as error:
        return True, f"not looked at: {error.given}"
    if found is None:
        return True, "no schema step has run there"
    if expected is None:
        return True, "the live database has no schema step to compare with"
    more = [line for line in found if line not in expected]
    return not more, ", ".join(more) or f"as declared, but for {len(found)} that the live one shares"
