"""The cache: an export imported into a new instance, looked at, and put behind the names (RDS-BACKUP)."""
