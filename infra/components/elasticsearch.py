"""The elasticsearch store."""

from dataclasses import dataclass

import pulumi

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.derive.elasticsearch import ElasticsearchPlan


@dataclass(frozen=True)
class ElasticsearchArgs:
    """What the store is built from."""

    plan: ElasticsearchPlan
    foundation: Foundation


class Elasticsearch(Component):
    """The store."""

    def __init__(self, name: str, args: ElasticsearchArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self.register_outputs({})

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        raise NotImplementedError
