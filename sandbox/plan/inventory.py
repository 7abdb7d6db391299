"""The inventory of a stack as a table: what each store is, where it is, how to reach it, who answers for it."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sandbox.plan.recorder import Plan

COLUMNS = ("store, owner", "engine, size", "where, availability", "backup, key", "endpoints")
"""Headings, in order; two facts a column, or nine columns would fold every word of an ordinary terminal."""

NOTE = (
    "Names, sizes and keys are as declared. What only the cloud chooses (addresses, generated host names and ids) is "
    "the simulated cloud's; a real stack's own: pulumi stack output inventory"
)


def print_inventory(plan: Plan, console: Console) -> None:
    """Print one row a store, and what in it is not to be relied on."""
    records = plan.outputs.get("inventory") or []
    if not records:
        console.print(f"{plan.stack}: no store is switched on")
        return
    table = Table(*COLUMNS, title=f"Inventory of {plan.stack}", show_lines=True, expand=True)
    for column in table.columns:
        column.overflow = "fold"
        column.ratio = 2 if column.header == "endpoints" else 1
    for record in records:
        # As text: a bracket in a value is no markup.
        table.add_row(*(Text(cell) for cell in cells(record)))
    console.print(table)
    console.print(NOTE, style="yellow", soft_wrap=True)


def cells(record: Mapping[str, Any]) -> tuple[str, ...]:
    """One record (`infra.components.inventory`) as the cells of its row."""
    return (
        f"{record['store']}\n{record['owner']}",
        f"{record['engine']} {record['version']}".rstrip() + f"\n{record['size']}",
        f"{record['location']}\n{record['highAvailability']}",
        f"{record['backup']}\ncopies: {record['copies']}\n{_key(record['encryptionKey'])}",
        _endpoints(record["endpoints"]),
    )


def _key(name: str) -> str:
    """A Cloud KMS key by its own name and its ring's; anything else as it is."""
    match name.split("/"):
        case ["projects", _, "locations", _, "keyRings", ring, "cryptoKeys", key]:
            return f"key {key} of {ring}"
        case _:
            return name


def _endpoints(endpoints: Any) -> str:
    """Each endpoint on its own line, by purpose; a secret one stays masked."""
    if not isinstance(endpoints, Mapping):
        return str(endpoints)
    return "\n".join(f"{purpose}: {address}" for purpose, address in sorted(endpoints.items()))
