"""The bigquery store."""

from dataclasses import dataclass

import pulumi

from infra.components.component import Component
from infra.components.foundation import Foundation
from infra.components.inventory import StoreRecord
from infra.components.postgres import Postgres
from infra.derive.bigquery import BigqueryPlan


@dataclass(frozen=True)
class BigqueryArgs:
    """What the store is built from."""

    plan: BigqueryPlan
    foundation: Foundation
    postgres: Postgres | None


class Bigquery(Component):
    """The store."""

    def __init__(self, name: str, args: BigqueryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._base = args.foundation
        self.register_outputs({})

    @property
    def record(self) -> StoreRecord:
        """The store in the inventory."""
        raise NotImplementedError
