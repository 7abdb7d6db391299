"""What contradicts itself inside the Timescale settings alone; what needs a catalogue is checked in `infra.derive`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.settings.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings.timescale import TimescaleClientSettings, TimescaleSettings

_REPLICAS_WITH_SYNC = 2


def contradictions(timescale: TimescaleSettings) -> Iterator[Finding]:
    """Yield every contradiction; paths are relative to `timescale`."""
    if timescale.sync_replicas and timescale.ha_replicas != _REPLICAS_WITH_SYNC:
        # terraform-provider-timescale 2.13.3, service_resource.go, validateHAConfiguration.
        yield Finding(
            "syncReplicas",
            timescale.sync_replicas,
            "0, or 1 with haReplicas: 2: with one replica alone a commit would wait for it whenever it is away",
            "write haReplicas: 2, or syncReplicas: 0",
        )
    if not timescale.clients:
        yield Finding("clients", "no client", "at least one client", "add the program that connects")
    for name, client in timescale.clients.items():
        yield from _client(timescale, f"clients.{name}", client)


def _client(timescale: TimescaleSettings, path: str, client: TimescaleClientSettings) -> Iterator[Finding]:
    if len(set(client.endpoints)) != len(client.endpoints):
        yield Finding(f"{path}.endpoints", client.endpoints, "each endpoint once", "remove the repetition")
    if client.pooled and not timescale.connection_pooler:
        yield Finding(
            f"{path}.pooled",
            client.pooled,
            "false while timescale.connectionPooler is false",
            "write false, or connectionPooler: true",
        )
    elif client.pooled and "read" in client.endpoints and timescale.read_replica is None:
        yield Finding(
            f"{path}.endpoints",
            client.endpoints,
            "write alone for a pooled client without timescale.readReplica: only a service has a pooler, "
            "a high-availability replica has none",
            "add a readReplica, or write pooled: false",
        )
