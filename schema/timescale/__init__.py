"""What lives inside TimescaleDB (Doc-DA-002, 3.3): hypertables and aggregates as SQL, policies as a table."""
