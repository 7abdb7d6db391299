"""Time series: continuous aggregates from their exports, and the service from the vendor's own backups (TS-CAGG)."""
