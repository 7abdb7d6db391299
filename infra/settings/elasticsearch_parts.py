"""The hot tier, the index it must hold, Kibana and the snapshots of our own of the search store."""

from ipaddress import AddressValueError, IPv4Network, NetmaskValueError
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from infra.settings.constraints import Between, Whole
from infra.settings.model import SettingsModel
from infra.settings.scalar import refusal
from infra.settings.units import Duration, Size

_Memory = Annotated[Size, Between("1 GB", "1 TB", "1 GB")]
_Zones = Annotated[int, Whole(1, 3)]

_WIDEST_PREFIX = 16
"""An allow list of a wider range than a /16 is a list of strangers."""

# RFC 6890: addresses that never reach Elastic over the internet.
_NOT_PUBLIC = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
        "224.0.0.0/3",
    )
)  # fmt: skip

_RANGE = "a public IPv4 range in CIDR form, /16 or narrower"


def _public_range(value: object) -> IPv4Network:
    if isinstance(value, IPv4Network):
        return value
    allowed = f"{_RANGE}, e.g. 203.0.113.8/29"
    if not isinstance(value, str) or "/" not in value:
        raise refusal(allowed, "write the range with its prefix length, /32 for one address")
    try:
        network = IPv4Network(value, strict=False)
    except (AddressValueError, NetmaskValueError) as error:
        raise refusal(allowed, "write four numbers 0-255 and a prefix length 16-32") from error
    if str(network) != value.strip():
        raise refusal(allowed, f"write the range's own first address: {network}")
    if network.prefixlen < _WIDEST_PREFIX:
        raise refusal(allowed, "name the ranges of your own offices and VPN; the whole internet is no filter")
    if any(network.overlaps(other) for other in _NOT_PUBLIC):
        raise refusal(allowed, "private addresses arrive through the private endpoint: remove the line")
    return network


PublicRange = Annotated[
    IPv4Network,
    BeforeValidator(_public_range),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d+\.\d+\.\d+\.\d+/\d+$",
            "examples": ["203.0.113.8/29"],
            "description": _RANGE,
        }
    ),
]


class HotTierSettings(SettingsModel):
    """The nodes that hold the content and answer the queries; search data needs no other tier (ES-SVC)."""

    size: _Memory = Field(
        examples=["8 GB"],
        description="Memory in each zone (WL-SEARCH); CPU and disk follow from it by the template's ratios. Elastic "
        "offers steps, doubling from 1 GB to 64 GB, and then whole multiples of the largest.",
    )
    zones: _Zones = Field(
        examples=[3],
        description="Availability zones the tier spans, each with `size` (TGT-SEARCH-SLA); 2 or 3 in prod. The disks "
        "are local: a zone's data comes back from its replicas.",
    )
    limit: _Memory | None = Field(
        default=None,
        description="Memory in each zone up to which Elastic may enlarge the tier by itself, when its disks fill; it "
        "never makes it smaller and never looks at load. Absent: the size is fixed.",
    )


class IndexSettings(SettingsModel):
    """What the disks must hold; the indices themselves are made by the schema step."""

    size: Annotated[Size, Between("1 GB", "64 TB", "1 GB")] = Field(
        examples=["100 GB"], description="Size of all primary shards together (WL-SEARCH)."
    )
    replicas: Annotated[int, Whole(0, 2)] = Field(
        examples=[1],
        description="Copies of each primary shard, each in a zone of its own; at least 1 in prod (TGT-SEARCH-SLA).",
    )


class KibanaSettings(SettingsModel):
    """The console of the operators."""

    size: _Memory = Field(default=Size.parse("1 GB"), description="Memory in each zone: 1, 2, 4 or 8 GB.")
    zones: _Zones = Field(default=1, description="Availability zones it runs in; search does not depend on it.")


class SnapshotSettings(SettingsModel):
    """A bucket of our own for snapshots, beside the ones that Elastic keeps."""

    key_generation: Annotated[int, Whole(1, 999)] = Field(
        default=1,
        description="Raise it by one to give Elastic a new key of its service account and to delete the old one, at "
        "least every 90 days (CIS Google Cloud Foundations 1.7).",
    )
    deleted_kept: Annotated[Duration, Between("7 days", "90 days", "1 day")] = Field(
        default=Duration.parse("30 days"),
        description="How long a deleted or overwritten object of the bucket can be brought back (soft delete). It is "
        "no retention policy: Elasticsearch overwrites and deletes files of a repository all the time, and a bucket "
        "that forbids it makes the repository useless.",
    )
