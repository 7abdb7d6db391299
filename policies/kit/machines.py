"""What rules of several packs read of a machine, or of a template that machines are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.kit.types import INSTANCE_TEMPLATE, MACHINE, REGION_INSTANCE_TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.kit.resource import Node

MACHINES = (MACHINE, INSTANCE_TEMPLATE, REGION_INSTANCE_TEMPLATE)


def told(machine: Node) -> Iterator[str]:
    """The paths of what a machine is told at its start; raises Undecided when the metadata as a whole is unknown.

    Whoever may see the machine, and every program on it, reads them.
    """
    yield "metadataStartupScript"
    yield from (f"metadata.{key}" for key in machine.node("metadata").values)


def boot_images(machine: Node) -> list[tuple[Node, str]]:
    """Where the images of its boot disks are named: an object and the path in it."""
    if machine.has("bootDisk"):
        return [(machine, "bootDisk.initializeParams.image")]
    # The first disk is the one that it starts from, unless it says otherwise.
    return [(disk, "sourceImage") for index, disk in enumerate(machine.nodes("disks")) if _is_boot(disk, index)]


def _is_boot(disk: Node, index: int) -> bool:
    stated = disk.get("boot")
    return stated is True or (stated is None and index == 0)


def disk_keys(machine: Node) -> list[tuple[Node, str]]:
    """Where the keys of the disks that it is made with are named; a disk inside the host itself takes none."""
    if machine.has("bootDisk"):
        return [(machine, "bootDisk.kmsKeySelfLink")]
    kept = (disk for disk in machine.nodes("disks") if disk.get("type") != "SCRATCH")
    return [(disk, "diskEncryptionKey.kmsKeySelfLink") for disk in kept]
