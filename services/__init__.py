"""Programs of the platform that run beside the stores, each in a container image of its own (ADR 0021)."""
