"""Ports on loopback that no other test process is given, without a file that could be left behind.

A port is claimed by an abstract socket of its number: the kernel takes the claim back when its owner ends, however it
ends. Claims last while the server is down, so that it comes back on the same port.
"""

import random
import socket
from collections.abc import Iterator
from pathlib import Path

_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_SPAN = 12_000


class NoPortError(RuntimeError):
    """Every port of the range is taken."""


class Port:
    """A claimed port; `release` gives it back."""

    def __init__(self, number: int, claim: socket.socket) -> None:
        self.number = number
        self._claim = claim

    def release(self) -> None:
        """Let other processes have the port."""
        self._claim.close()


def claim_port() -> Port:
    """Claim a free port of 127.0.0.1; raises NoPortError when there is none."""
    for number in _candidates():
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0triptrip-port-{number}")
        except OSError:
            claim.close()
            continue
        if is_free(number):
            return Port(number, claim)
        claim.close()
    raise NoPortError(f"no free port among {_SPAN} below the ephemeral range of {_RANGE_FILE}")


def is_free(number: int) -> bool:
    """Whether nothing listens on, or is about to leave, a port of 127.0.0.1."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def _candidates() -> Iterator[int]:
    """The ports below the ephemeral range, which outgoing connections never take, from a random one on."""
    end = int(_RANGE_FILE.read_text(encoding="ascii").split()[0])
    start = max(1024, end - _SPAN)
    first = random.randrange(start, end)  # noqa: S311 # spreads processes, guards nothing
    yield from range(first, end)
    yield from range(start, first)
