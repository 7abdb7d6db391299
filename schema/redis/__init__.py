"""The functions of the shared cache in Redis or Valkey (services/cache, RDS-USE, CACHE-INV)."""
