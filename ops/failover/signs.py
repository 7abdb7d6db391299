"""Whether the primary's region is really lost: signs that do not depend on each other (REC-REGION, "confirm").

One sign alone can lie: an API that is slow, a network that fails between here and there, a replica that was stopped by
hand. Two that agree are an outage.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import requests

from ops.recovery.cloud.sql import Instance
from ops.recovery.errors import RecoveryError

Verdict = Literal["lost", "well", "unknown"]

NEEDED = 2
"""Independent signs of a loss that a failover needs."""

SILENT_AFTER = 60.0
"""Seconds without a message from the primary after which its replica counts as cut off.

PostgreSQL 16, wal_sender_timeout: an idle primary sends a keepalive at half of it, 30 s, at the latest.
"""

_BAD_STATES = frozenset({"FAILED", "SQL_INSTANCE_STATE_UNSPECIFIED"})
_GOOD_STATES = frozenset({"RUNNABLE"})
"""Maintenance and an account that was suspended are neither: no region is lost by them."""

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL 16, "Message Formats", SSLRequest: a server answers S or N before it knows who asks."""

STATUS = "https://status.cloud.google.com/incidents.json"
"""Google's own account of incidents, for everybody, without a sign-in."""

_PRODUCTS = ("Google Cloud SQL", "Multiple Products", "Google Compute Engine", "Google Cloud Networking")


@dataclass(frozen=True)
class Sign:
    """One sign: where it comes from, what it says, and in what words."""

    source: str
    verdict: Verdict
    said: str

    def __str__(self) -> str:
        return f"{self.source}: {self.verdict} ({self.said})"


@dataclass(frozen=True)
class Heard:
    """What a replica knows of its primary; `silence` and `behind` in seconds, None where it cannot tell.

    `silence` is how long ago the last message came, `behind` how old the newest row is that it has (COR-17).
    """

    is_streaming: bool
    silence: float | None
    behind: float | None
    position: str


def of_api(get: Callable[[], Instance | None], name: str) -> Sign:
    """What the Admin API says of the primary. An API that does not answer is no sign: it may be the way to it."""
    source = "Cloud SQL Admin API"
    try:
        instance = get()
    except RecoveryError as error:
        return Sign(source, "unknown", str(error).splitlines()[0])
    if instance is None:
        return Sign(source, "lost", f"{name} does not exist")
    verdict: Verdict = (
        "lost" if instance.state in _BAD_STATES else "well" if instance.state in _GOOD_STATES else "unknown"
    )
    return Sign(source, verdict, f"{name} is {instance.state}")


def of_probe(primary: str, replica: str, port: int, answers: Callable[[str, int], bool]) -> Sign:
    """Whether the primary takes connections from here; the replica is asked too, so that it is not our own network."""
    source = "connection"
    if answers(primary, port):
        return Sign(source, "well", f"{primary}:{port} answers")
    if not answers(replica, port):
        return Sign(source, "unknown", f"neither {primary} nor the replica answers: run it inside the network")
    return Sign(source, "lost", f"{primary}:{port} does not answer, the replica does")


def of_replica(heard: Callable[[], Heard]) -> Sign:
    """What the replica hears of its primary."""
    source = "replication"
    try:
        found = heard()
    except RecoveryError as error:
        return Sign(source, "unknown", str(error).splitlines()[0])
    if found.is_streaming and (found.silence is None or found.silence < SILENT_AFTER):
        return Sign(source, "well", f"the replica receives, up to {found.position}")
    since = "for an unknown time" if found.silence is None else f"for {found.silence:.0f} s"
    return Sign(source, "lost", f"the replica has received nothing {since}, up to {found.position}")


def of_status(incidents: Callable[[], list[Mapping[str, Any]]], region: str) -> Sign:
    """What Google's status page says of the region. No incident there is no sign: it comes late."""
    source = "Google Cloud status"
    try:
        found = incidents()
    except (OSError, ValueError) as error:
        return Sign(source, "unknown", f"not reached: {type(error).__name__}")
    for incident in found:
        places = {place.get("id") for place in incident.get("currently_affected_locations") or []}
        products = {product.get("title") for product in incident.get("affected_products") or []}
        if not incident.get("end") and region in places and products & set(_PRODUCTS):
            return Sign(source, "lost", str(incident.get("external_desc") or incident.get("id"))[:120])
    return Sign(source, "unknown", f"tells of nothing in {region}")


def answers(host: str, port: int, seconds: float = 5.0, tries: int = 3) -> bool:
    """Whether a PostgreSQL server or pooler answers the first message of TLS."""
    for _ in range(tries):
        try:
            with socket.create_connection((host, port), timeout=seconds) as connection:
                connection.sendall(_SSL_REQUEST)
                if connection.recv(1) in (b"S", b"N"):
                    return True
        except OSError:
            continue
    return False


def incidents(address: str = STATUS, seconds: float = 10.0) -> list[Mapping[str, Any]]:
    """The status page's incidents; raises OSError or ValueError where it is not reached."""
    answer = requests.get(address, timeout=seconds)
    answer.raise_for_status()
    found: list[Mapping[str, Any]] = answer.json()
    return found


HEARD = """
select coalesce(receiver.status = 'streaming', false),
       extract(epoch from clock_timestamp() - receiver.last_msg_receipt_time),
       extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()),
       coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::text, 'nothing')
  from (select 1) as one
  left join pg_stat_wal_receiver as receiver on true
"""
"""What a replica hears; pg_last_wal_receive_lsn() is null on one that reads archived logs (PostgreSQL 16, 9.27.4)."""


def read_heard(row: tuple[Any, ...]) -> Heard:
    """The answer of HEARD."""
    streaming, silence, behind, position = row
    return Heard(
        bool(streaming),
        None if silence is None else float(silence),
        None if behind is None else float(behind),
        str(position),
    )


def confirmed(found: list[Sign]) -> bool:
    """Whether enough independent signs say that the region is lost."""
    return sum(sign.verdict == "lost" for sign in found) >= NEEDED
