"""The invalidation worker: takes events of the bus and empties Redis and the CDN of what is stale (CACHE-INV).

`python -m services.invalidator` is the whole program; its configuration is its environment alone (configuration.py).
"""
