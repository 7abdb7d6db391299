"""Documents: a collection from an exported snapshot, or a whole cluster from Atlas' own backups (MDB-BACKUP)."""
