"""Google's audit logs of access to data: they are off until a project switches them on, service by service."""

from collections.abc import Iterator

from policies.kit import Case, Resource, Rule, Severity, Stack, rule
from policies.kit.types import AUDIT_CONFIG, KEY, SECRET, SQL_INSTANCE
from policies.kit.waiting import some_of

_KINDS = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


def is_audited(stack: Stack, service: str) -> bool:
    """Whether every kind of access to the service's data is recorded, whoever it is."""
    return some_of(
        stack.of(AUDIT_CONFIG),
        lambda config: config.text("service") in (service, "allServices") and _is_whole(config),
    )


def _is_whole(config: Resource) -> bool:
    logs = config.nodes("auditLogConfigs")
    recorded = {log.text("logType") for log in logs if not log.has("exemptedMembers")}
    return recorded.issuperset(_KINDS)


def _config(service: str, *kinds: str, **log: object) -> tuple[str, dict[str, object]]:
    return AUDIT_CONFIG, {"service": service, "auditLogConfigs": [{"logType": each, **log} for each in kinds]}


def _audit_rule(  # noqa: PLR0913 # the parts of a rule, all by name
    id_: str, *, store: str, service: str, title: str, severity: Severity, reason: str, sources: list[str]
) -> Rule:
    def with_config(config: tuple[str, dict[str, object]]) -> Case:
        return Case(stack={"store": (store, {}), "audit": config})

    @rule(
        id_,
        title=title,
        severity=severity,
        types=[store, AUDIT_CONFIG],
        sources=["CIS GCP 5.0: 2.1", "NIST 800-53: AU-2", "NIST 800-53: AU-12", *sources],
        reason=reason,
        fix=f"declare an audit config of {service} with {', '.join(_KINDS)} and without exempted members",
        good=[with_config(_config(service, *_KINDS)), with_config(_config("allServices", *_KINDS)), Case()],
        bad=[
            Case(stack={"store": (store, {})}),
            with_config(_config("other.googleapis.com", *_KINDS)),
            with_config(_config(service, *_KINDS[1:])),
            with_config(_config(service)),
            with_config(_config(service, *_KINDS, exemptedMembers=["user:somebody@triptrip.jp"])),
        ],
    )
    def check(stack: Stack) -> Iterator[tuple[Resource | None, str]]:
        if stack.of(store) and not is_audited(stack, service):
            yield None, f"no audit config records every access to {service}"

    return check


sql = _audit_rule(
    "audit-sql",
    store=SQL_INSTANCE,
    service="cloudsql.googleapis.com",
    title="Access to Cloud SQL is recorded",
    severity=Severity.HIGH,
    reason="what pgAudit writes goes into the data access logs: while these are off, it is recorded nowhere",
    sources=["CKV2_GCP_5", "trivy GCP-0079"],
)

secrets = _audit_rule(
    "audit-secrets",
    store=SECRET,
    service="secretmanager.googleapis.com",
    title="Reading a secret is recorded",
    severity=Severity.HIGH,
    reason="without it nobody can tell who has read a password, and so which ones must be changed",
    sources=["CKV2_GCP_5", "trivy GCP-0079"],
)

keys = _audit_rule(
    "audit-keys",
    store=KEY,
    service="cloudkms.googleapis.com",
    title="Use of the encryption keys is recorded",
    severity=Severity.MEDIUM,
    reason="without it nobody can tell whether a key was used to read a stolen copy",
    sources=["CKV2_GCP_5", "trivy GCP-0079"],
)
