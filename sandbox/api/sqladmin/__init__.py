"""Cloud SQL's Admin API (sqladmin v1) over databases that are in memory or real."""

from sandbox.api.sqladmin.databases import Databases, MemoryDatabases
from sandbox.api.sqladmin.service import SqlAdmin

__all__ = ["Databases", "MemoryDatabases", "SqlAdmin"]
