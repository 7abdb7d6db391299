"""The names that clients of PostgreSQL hold, whatever stands behind them: instances, or the pooler (CONN, COR-17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.components.component import Component
from infra.components.dns import address_record
from infra.components.foundation import Foundation
from infra.components.pooler import Pooler
from infra.components.postgres import Postgres
from infra.derive.postgres import PostgresPlan


@dataclass(frozen=True)
class PostgresNamesArgs:
    """What the names point to; None where there is no pooler of our own."""

    plan: PostgresPlan
    postgres: Postgres
    pooler: Pooler | None
    foundation: Foundation


class PostgresNames(Component):
    """pg-write and pg-read: one record each for the tier's whole life, so that a pooler or a restore moves a name.

    A record of the pooler's own beside one of the instances' could not take its name over: the old one would have to be
    deleted first.
    """

    def __init__(self, name: str, args: PostgresNamesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for endpoint, host in args.plan.hosts.items():
            address_record(self, args.foundation, f"postgres-name-{endpoint}", host, self._addresses(args)[endpoint])
        self.register_outputs({"hosts": dict(args.plan.hosts)})

    @staticmethod
    def _addresses(args: PostgresNamesArgs) -> Mapping[str, list[pulumi.Input[str]]]:
        if args.pooler is not None:
            return {endpoint: [address] for endpoint, address in args.pooler.addresses.items()}
        postgres = args.postgres
        readers = [postgres.replicas[plan.key] for plan in args.plan.replicas if not plan.is_cross_region]
        return {
            "write": [postgres.primary.private_ip_address],
            "read": [instance.private_ip_address for instance in readers or [postgres.primary]],
        }
