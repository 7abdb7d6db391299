"""What lives inside PostgreSQL: roles, tables, partitions, materialized views, grants, and their upkeep."""
