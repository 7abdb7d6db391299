"""The read router: it keeps PgBouncer's read pools on replicas that are healthy and fresh (PG-ROUTE, COR-17).

PgBouncer pools and balances; this program only says on which servers. It asks the primary and every replica for their
position in the log, works out how far each replica is behind, and writes the `[databases]` lines that PgBouncer reads:

    python -m services.pooler CONFIGURATION
"""
