"""Read routers that others make, in front of the servers of a tier: what ours is compared with (docs/adr)."""
