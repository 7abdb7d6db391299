"""Encryption of Cloud SQL for PostgreSQL, on disk and on the wire."""

from collections.abc import Iterator
from typing import Any

from policies.kit import Case, Resource, Severity, must_be, must_be_set, rule
from policies.kit.postgres import is_primary
from policies.kit.types import SQL_INSTANCE

_KEY = "projects/p/locations/asia-northeast1/keyRings/data/cryptoKeys/postgres"


@rule(
    "sql-cmek",
    title="Cloud SQL encrypts with a key of ours",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SC-28", "NIST 800-53: SC-12", "prowler cloudsql_instance_cmek_encryption_enabled", "BAK-PG"],
    reason="with Google's own key nobody here can turn it, or take it away when a copy has leaked",
    fix="leave encryptionKeyName to the Postgres component; it cannot be set on an instance that exists",
    good=[Case({"encryptionKeyName": _KEY}), Case({"masterInstanceName": "primary"})],
    bad=[Case({"region": "asia-northeast1"}), Case({"instanceType": "CLOUD_SQL_INSTANCE"})],
)
def cmek(instance: Resource) -> Iterator[str]:
    if is_primary(instance):
        yield from must_be_set(instance, "encryptionKeyName")


def _encrypted(inputs: dict[str, Any]) -> dict[str, Any]:
    settings = inputs.get("settings")
    ip = settings.get("ipConfiguration") if isinstance(settings, dict) else None
    if not isinstance(settings, dict) or not isinstance(ip, dict):
        return inputs
    return {**inputs, "settings": {**settings, "ipConfiguration": {**ip, "sslMode": "ENCRYPTED_ONLY"}}}


def _ip(**configuration: object) -> Case:
    return Case({"settings": {"ipConfiguration": configuration}})


@rule(
    "sql-require-tls",
    title="Cloud SQL refuses connections without TLS",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=[
        "CIS GCP 5.0: 6.4",
        "NIST 800-53: SC-8",
        "CKV_GCP_6",
        "trivy GCP-0015",
        "prowler cloudsql_instance_ssl_connections",
        "CONN",
    ],
    reason="without TLS everybody on the way reads the data and the sign-in",
    fix="set settings.ipConfiguration.sslMode to ENCRYPTED_ONLY, on replicas too",
    remedy=_encrypted,
    good=[_ip(sslMode="ENCRYPTED_ONLY"), _ip(sslMode="TRUSTED_CLIENT_CERTIFICATE_REQUIRED")],
    bad=[
        _ip(sslMode="ALLOW_UNENCRYPTED_AND_ENCRYPTED"),
        _ip(),
        _ip(requireSsl=True),
        Case({"masterInstanceName": "primary", "settings": {"ipConfiguration": {"sslMode": ""}}}),
        Case({"settings": {}}),
    ],
)
def require_tls(instance: Resource) -> Iterator[str]:
    path = "settings.ipConfiguration.sslMode"
    yield from must_be(instance, path, "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")


@rule(
    "sql-server-ca",
    title="Cloud SQL states who signs its certificates",
    severity=Severity.LOW,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SC-8", "NIST 800-53: SC-17", "CONN"],
    reason="clients check the server against this authority; when it changes unseen they refuse every connection",
    fix="set settings.ipConfiguration.serverCaMode",
    good=[_ip(serverCaMode="GOOGLE_MANAGED_INTERNAL_CA"), _ip(serverCaMode="GOOGLE_MANAGED_CAS_CA")],
    bad=[_ip(serverCaMode="CA_MODE_UNSPECIFIED"), _ip(), Case({"settings": {}})],
)
def server_ca(instance: Resource) -> Iterator[str]:
    path = "settings.ipConfiguration.serverCaMode"
    modes = ("GOOGLE_MANAGED_INTERNAL_CA", "GOOGLE_MANAGED_CAS_CA", "CUSTOMER_MANAGED_CAS_CA")
    yield from must_be(instance, path, *modes)
