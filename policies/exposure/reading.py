"""How wide a range of addresses is, and whether the internet knows it."""

from __future__ import annotations

import ipaddress

Range = ipaddress.IPv4Network | ipaddress.IPv6Network

_IPV4_BITS = 32
_PRIVATE = tuple(ipaddress.IPv4Network(each) for each in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


def address_range(text: str) -> Range | None:
    """An address or a range as a range; None when the text is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def is_narrow(text: str, prefix: int) -> bool:
    """Whether it is a range with no more addresses than an IPv4 range of this prefix length."""
    found = address_range(text)
    return found is not None and found.max_prefixlen - found.prefixlen <= _IPV4_BITS - prefix


def is_within(text: str, wider: str) -> bool:
    """Whether both are ranges of one kind, and the first lies in the second."""
    found, outer = address_range(text), address_range(wider)
    if isinstance(found, ipaddress.IPv4Network) and isinstance(outer, ipaddress.IPv4Network):
        return found.subnet_of(outer)
    return found is not None and found == outer


def is_private(text: str) -> bool:
    """Whether it is an address or a range of IPv4 inside those of RFC 1918, which no router of the internet knows."""
    found = address_range(text)
    return isinstance(found, ipaddress.IPv4Network) and any(found.subnet_of(each) for each in _PRIVATE)
