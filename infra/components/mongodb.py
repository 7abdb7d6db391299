"""The mongodb store."""

from dataclasses import dataclass

import pulumi

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.derive.mongodb import MongodbPlan


@dataclass(frozen=True)
class MongodbArgs:
    """What the store is built from."""

    plan: MongodbPlan
    foundation: Foundation


class Mongodb(Component):
    """The store."""

    def __init__(self, name: str, args: MongodbArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self.register_outputs({})

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        raise NotImplementedError
