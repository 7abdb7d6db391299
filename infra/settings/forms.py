"""Forms of names that several subjects share: regions, zones, short names, addresses of people, images."""

from collections.abc import Sequence
from typing import Annotated

from infra.settings.constraints import Text

Region = Annotated[str, Text(r"[a-z]+-[a-z]+\d{1,2}", "a Google Cloud region", "asia-northeast1")]
Zone = Annotated[str, Text(r"[a-z]+-[a-z]+\d{1,2}-[a-z]", "a Google Cloud zone", "asia-northeast1-a")]

SHORT_NAME = r"[a-z](?:[a-z0-9-]{0,18}[a-z0-9])?"
SHORT_NAME_FORM = "1 to 20 lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen"

ClientName = Annotated[str, Text(SHORT_NAME, SHORT_NAME_FORM, "application")]
"""A program that uses a store: it is one service account of the platform, the same for every store it uses."""


def listed(place: str, clients: Sequence[str]) -> dict[str, str]:
    """Each client of a list with its own place in it: `clients[0]`."""
    return {client: f"{place}[{index}]" for index, client in enumerate(clients)}


Email = Annotated[
    str,
    Text(
        r"[a-z0-9][a-z0-9._+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)+", "a lower-case e-mail address", "data-platform@triptrip.jp"
    ),
]
DnsName = Annotated[
    str,
    Text(
        r"(?=.{3,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+",
        "a lower-case DNS name of two or more labels without a final dot",
        "api.triptrip.jp",
    ),
]
Image = Annotated[
    str,
    Text(
        r"[a-z0-9-]+-docker\.pkg\.dev/[a-z][a-z0-9-]{4,28}[a-z0-9]/[a-z0-9-]{1,63}/[a-z0-9._/-]{1,128}"
        r"@sha256:[0-9a-f]{64}",
        "an image by its digest: <location>-docker.pkg.dev/<project>/<repository>/<image>@sha256:…",
        "asia-northeast1-docker.pkg.dev/triptrip-images/platform/pooler@sha256:" + "0123456789abcdef" * 4,
    ),
]
"""A container image of Artifact Registry: its digest says what runs, which a tag does not."""

Checksum = Annotated[str, Text(r"[0-9a-f]{64}", "64 hexadecimal digits, a SHA-256", "0123456789abcdef" * 4)]
"""A SHA-256, as hexadecimal digits."""

SecretVersion = Annotated[
    str,
    Text(
        r"[A-Za-z0-9_-]{1,255}/[1-9]\d{0,8}",
        "a secret of this project's Secret Manager and the number of its version, <secret>/<version>",
        "pooler-certificate/1",
    ),
]
"""A secret made by hand: which version is used is a change that is reviewed like any other."""
