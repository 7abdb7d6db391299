"""Secrets that stay: none expires by itself, and a destroyed version is gone only after a while."""

from collections.abc import Iterator

from policies.backup.reading import DAY, seconds
from policies.kit import Case, Parameter, Resource, Severity, rule
from policies.kit.types import SECRET

_EXPIRIES = ("ttl", "expireTime")


@rule(
    "sec-no-expiry",
    title="No secret expires",
    severity=Severity.HIGH,
    types=[SECRET],
    sources=["NIST 800-53: CP-9", "CONN"],
    reason="at its expiry a secret is deleted with every version, and programs find no password at their next start",
    fix="take ttl and expireTime out of the secret",
    good=[Case({"secretId": "connection"})],
    bad=[Case({"ttl": "86400s"}), Case({"expireTime": "2027-01-01T00:00:00Z"})],
)
def no_expiry(secret: Resource) -> Iterator[str]:
    yield from (f"{path} is {secret.shown(path)}; a secret must not expire" for path in _EXPIRIES if secret.has(path))


@rule(
    "sec-destroy-delay",
    title="Where the destruction of a secret's version is delayed, it is delayed for long enough",
    severity=Severity.LOW,
    types=[SECRET],
    sources=["NIST 800-53: CP-9"],
    reason="a version that was destroyed by mistake can be brought back only until the delay is over",
    fix="raise versionDestroyTtl",
    parameters={"delay_days": Parameter(7, "Least days between a version's destruction and its end")},
    good=[Case({"versionDestroyTtl": "604800s"}), Case({})],
    bad=[Case({"versionDestroyTtl": "86400s"}), Case({"versionDestroyTtl": "a week"})],
)
def destroy_delay(secret: Resource, delay_days: int) -> Iterator[str]:
    if secret.has("versionDestroyTtl") and seconds(secret, "versionDestroyTtl") < delay_days * DAY:
        yield f"versionDestroyTtl is {secret.shown('versionDestroyTtl')}; at least {delay_days:g} days are needed"
