"""The cache store."""

from dataclasses import dataclass

import pulumi

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.derive.cache import CachePlan


@dataclass(frozen=True)
class CacheArgs:
    """What the store is built from."""

    plan: CachePlan
    foundation: Foundation


class Cache(Component):
    """The store."""

    def __init__(self, name: str, args: CacheArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self.register_outputs({})

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        raise NotImplementedError
