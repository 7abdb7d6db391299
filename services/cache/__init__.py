"""The shared cache as infra/catalog/cache.yaml says: keys, functions and clients (RDS-USE, CACHE-INV)."""
