"""Ports of the PostgreSQL tier."""

SERVER = 5432
"""Where instances answer."""

MANAGED_POOL = 6432
"""Cloud SQL's own pool (Google, "Managed Connection Pooling"; recalled, to be checked on the first real instance)."""

WRITES = 6432
"""PgBouncer's own, and the document's (CONN)."""

READS = 6433
STATUS = 8080
"""Where the read router shows its health and metrics."""
