"""The way to and from a Grafana outside: always encrypted, and the server that it asks is checked."""

import json
from collections.abc import Iterator
from typing import Any

from policies.kit import Case, Resource, Severity, rule
from policies.kit.types import GRAFANA_PROVIDER, GRAFANA_SOURCE

_CHECKED = ("verify-ca", "verify-full")
_POSTGRES = ("postgres", "grafana-postgresql-datasource")


@rule(
    "grf-https",
    title="Grafana is spoken to over https",
    severity=Severity.HIGH,
    types=[GRAFANA_PROVIDER],
    sources=["NIST 800-53: SC-8"],
    reason="the token that writes dashboards and data sources would pass in plain text",
    fix="set monitoring.grafana.url to an https address",
    good=[Case({"url": "https://triptrip.grafana.net"})],
    bad=[Case({"url": "http://grafana.triptrip.jp"}), Case({"url": "https://g", "insecureSkipVerify": True}), Case({})],
)
def https(provider: Resource) -> Iterator[str]:
    url = provider.text("url")
    if not url.startswith("https://"):
        yield f"url is {url or 'not set'}"
    # What is no text arrives at a provider as JSON.
    if str(provider.get("insecureSkipVerify")).lower() == "true":
        yield "insecureSkipVerify is true"


@rule(
    "grf-source-tls",
    title="A data source of Grafana checks the server that it asks",
    severity=Severity.HIGH,
    types=[GRAFANA_SOURCE],
    sources=["NIST 800-53: SC-8", "DASH"],
    reason="whoever stands in between would read the password of the database, and what statements are run",
    fix="leave the data sources as infra/derive/grafana.py makes them",
    good=[
        Case({"type": "grafana-postgresql-datasource", "jsonDataEncoded": '{"sslmode": "verify-ca"}'}),
        Case({"type": "prometheus", "url": "https://monitoring.googleapis.com/v1/projects/p"}),
        Case({"type": "stackdriver"}),
    ],
    bad=[
        Case({"type": "grafana-postgresql-datasource", "jsonDataEncoded": '{"sslmode": "require"}'}),
        Case({"type": "postgres"}),
        Case({"type": "prometheus", "url": "http://prometheus.triptrip.internal"}),
    ],
)
def source_tls(source: Resource) -> Iterator[str]:
    if source.text("type") in _POSTGRES:
        mode = _data(source).get("sslmode", "not set")
        if mode not in _CHECKED:
            yield f"sslmode is {mode}, not {' or '.join(_CHECKED)}"
    elif source.text("url").startswith("http://"):
        yield f"url is {source.text('url')}"


def _data(source: Resource) -> dict[str, Any]:
    """What the data source is told in JSON; nothing where that is none, which its provider refuses."""
    try:
        read = json.loads(source.text("jsonDataEncoded") or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
