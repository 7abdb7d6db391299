"""The Pulumi CLI run against the simulated cloud: its launcher and its Python language host."""
