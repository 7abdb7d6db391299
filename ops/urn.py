"""The parts of a URN: `urn:pulumi:<stack>::<project>::<parents' types>$<type>::<name>`; a name may hold colons."""


def type_of(urn: str) -> str:
    """The resource's own type, without its parents'; what is no URN is returned as it is."""
    _, _, rest = urn.partition("::")
    _, found, qualified = rest.partition("::")
    return qualified.partition("::")[0].rpartition("$")[2] if found else urn


def name_of(urn: str) -> str:
    """The resource's name; empty for what is no URN."""
    return (urn.split("::", 3) + [""] * 3)[3]


def stack_urn(urn: str) -> str:
    """The URN of the stack that a resource belongs to."""
    head, project = urn.split("::")[:2]
    return f"{head}::{project}::pulumi:pulumi:Stack::{project}-{head.rpartition(':')[2]}"
