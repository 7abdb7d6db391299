"""Versioned SQL files on a server that speaks PostgreSQL's protocol: PostgreSQL itself and TimescaleDB."""
