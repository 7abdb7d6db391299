"""The real Pulumi engine and a simulated cloud, for a machine without a cloud account."""
