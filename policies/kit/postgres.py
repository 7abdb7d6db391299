"""How to read a Cloud SQL instance."""

from policies.kit.resource import Node


def is_primary(instance: Node) -> bool:
    """Whether the instance is no replica; a source whose name is not known yet makes it one all the same."""
    return not instance.has("masterInstanceName") and instance.text("instanceType") != "READ_REPLICA_INSTANCE"


def flags(instance: Node) -> dict[str, str]:
    """The database flags by name, values as text; a flag given twice has its last value."""
    return {flag.text("name"): str(flag.get("value")) for flag in instance.nodes("settings.databaseFlags")}
