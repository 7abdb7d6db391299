"""Ways out of the network for what Cloud Run runs: whatever has none is refused by the firewall."""

from dataclasses import dataclass
from ipaddress import IPv4Network

_ANYWHERE = IPv4Network("0.0.0.0/0")


@dataclass(frozen=True)
class WayOutPlan:
    """A way out; no ports where only the resource that it leads to tells them."""

    key: str
    name: str
    description: str
    ranges: tuple[IPv4Network, ...]
    ports: tuple[str, ...]


def to_google(name: str) -> WayOutPlan:
    """The way to Google's APIs by TLS; `name` is what the ways of one program begin with."""
    return WayOutPlan(
        "google", f"{name}-google", "Google's APIs, which the subnet reaches privately", (_ANYWHERE,), ("443",)
    )
