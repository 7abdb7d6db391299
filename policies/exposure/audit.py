"""The audit trail of PostgreSQL: what the database writes into its log, and what it keeps out of it."""

from collections.abc import Iterator, Sequence

from policies.exposure.database_flags import flag_rule, set_flag, shown_flag, with_flags
from policies.kit import Case, Parameter, Resource, Severity, rule
from policies.kit.postgres import flags
from policies.kit.types import SQL_INSTANCE

log_checkpoints = flag_rule(
    "pg-log-checkpoints",
    flag="log_checkpoints",
    allowed=["on"],
    refused=["off"],
    title="PostgreSQL logs checkpoints",
    severity=Severity.MEDIUM,
    sources=["NIST 800-53: AU-12", "CKV_GCP_51", "trivy GCP-0025"],
    reason="without checkpoints in the log nobody can tell what the disk was busy with when the database was slow",
)

log_connections = flag_rule(
    "pg-log-connections",
    flag="log_connections",
    allowed=["on"],
    refused=["off"],
    title="PostgreSQL logs connections",
    severity=Severity.MEDIUM,
    sources=["CIS GCP 5.0: 6.2.2", "NIST 800-53: AU-2", "CKV_GCP_52", "trivy GCP-0016"],
    reason="without it nobody can tell who was in the database, and attempts to get in go unseen",
)

log_disconnections = flag_rule(
    "pg-log-disconnections",
    flag="log_disconnections",
    allowed=["on"],
    refused=["off"],
    title="PostgreSQL logs disconnections",
    severity=Severity.MEDIUM,
    sources=["CIS GCP 5.0: 6.2.3", "NIST 800-53: AU-2", "CKV_GCP_53", "trivy GCP-0022"],
    reason="without it nobody can tell how long a session lasted that should not have been there",
)

log_lock_waits = flag_rule(
    "pg-log-lock-waits",
    flag="log_lock_waits",
    allowed=["on"],
    refused=["off"],
    title="PostgreSQL logs long waits for locks",
    severity=Severity.MEDIUM,
    sources=["NIST 800-53: AU-12", "CKV_GCP_54", "trivy GCP-0020"],
    reason="a session that blocks the others, by mistake or on purpose, leaves no trace without it",
)

log_min_messages = flag_rule(
    "pg-log-min-messages",
    flag="log_min_messages",
    allowed=["warning", "notice", "info"],
    refused=["fatal", "panic", "error", "debug5"],
    title="PostgreSQL logs warnings",
    severity=Severity.LOW,
    sources=["CIS GCP 5.0: 6.2.5", "NIST 800-53: AU-3", "CKV_GCP_55", "trivy GCP-0018"],
    reason="a higher threshold hides warnings, and the debug levels write what users stored into the log",
)

log_min_error_statement = flag_rule(
    "pg-log-min-error-statement",
    flag="log_min_error_statement",
    allowed=["error", "warning", "notice", "info"],
    refused=["fatal", "panic", "log"],
    title="PostgreSQL logs the statement that failed",
    severity=Severity.MEDIUM,
    sources=["CIS GCP 5.0: 6.2.6", "NIST 800-53: AU-3", "CKV_GCP_109"],
    reason="an error without its statement does not tell a mistake from an attack",
)

log_temp_files = flag_rule(
    "pg-log-temp-files",
    flag="log_temp_files",
    allowed=["0"],
    refused=["-1", "10240"],
    title="PostgreSQL logs every temporary file",
    severity=Severity.MEDIUM,
    sources=["NIST 800-53: AU-12", "CKV_GCP_56", "trivy GCP-0014"],
    reason="a query that fills the disk with temporary files cannot be found without it",
)

log_error_verbosity = flag_rule(
    "pg-log-error-verbosity",
    flag="log_error_verbosity",
    allowed=["default", "verbose"],
    refused=["terse"],
    title="PostgreSQL logs errors with their details",
    severity=Severity.LOW,
    sources=["CIS GCP 5.0: 6.2.1", "NIST 800-53: AU-3"],
    reason="a terse log leaves out detail, hint and context, which is what an investigation needs",
    may_be_unset=True,
)

log_statement = flag_rule(
    "pg-log-statement",
    flag="log_statement",
    allowed=["ddl", "mod"],
    refused=["none", "all"],
    title="PostgreSQL logs changes of the schema, and not every query",
    severity=Severity.MEDIUM,
    sources=["CIS GCP 5.0: 6.2.4", "NIST 800-53: AU-12", "CKV_GCP_111"],
    reason="`none` hides who changed the schema, `all` writes what users stored into the log",
)

log_hostname = flag_rule(
    "pg-log-hostname",
    flag="log_hostname",
    allowed=["off"],
    refused=["on"],
    title="PostgreSQL logs addresses and looks up no host names",
    severity=Severity.LOW,
    sources=["NIST 800-53: AU-3", "CKV_GCP_108"],
    reason="clients have no names in DNS, so that every connection would wait for a look-up that finds nothing",
    may_be_unset=True,
)

pgaudit = flag_rule(
    "pg-pgaudit",
    flag="cloudsql.enable_pgaudit",
    allowed=["on"],
    refused=["off"],
    title="pgAudit is on",
    severity=Severity.HIGH,
    sources=["CIS GCP 5.0: 6.2.8", "NIST 800-53: AU-12", "CKV_GCP_110"],
    reason="without pgAudit nobody can prove who changed a table or a right",
)

iam_authentication = flag_rule(
    "sql-iam-auth",
    flag="cloudsql.iam_authentication",
    allowed=["on"],
    refused=["off"],
    title="Programs sign in to PostgreSQL through IAM",
    severity=Severity.HIGH,
    sources=["CIS GCP 5.0: 6.6", "NIST 800-53: IA-2", "CONN"],
    reason="without it programs need passwords, which leak, are shared and are never changed",
)

_STATISTICS = ("log_executor_stats", "log_parser_stats", "log_planner_stats", "log_statement_stats")


@rule(
    "pg-stats-flags",
    title="PostgreSQL logs no statistics of its parts",
    severity=Severity.LOW,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: AU-12", "CKV2_GCP_14", "CKV2_GCP_15", "CKV2_GCP_16", "CKV2_GCP_17"],
    reason="each writes some lines for every query and buries what the log is kept for",
    fix="take the flag out of postgres.flags in the stack file",
    good=[Case({"settings": {}}), Case(with_flags(log_parser_stats="off"))],
    bad=[Case(with_flags(**{name: "on"})) for name in _STATISTICS],
)
def statistics(instance: Resource) -> Iterator[str]:
    found = flags(instance)
    for name in _STATISTICS:
        if found.get(name, "off") != "off":
            yield f"flag {name} is {shown_flag(instance, name)}; it must be off"


@rule(
    "pg-log-min-duration",
    title="PostgreSQL logs slow statements, and no others",
    severity=Severity.LOW,
    types=[SQL_INSTANCE],
    sources=["CIS GCP 5.0: 6.2.7", "NIST 800-53: AU-12", "CKV_GCP_57", "trivy GCP-0021", "MON-PG"],
    reason="without it slow statements stay unseen; too low, it writes what users stored into the log",
    fix="set log_min_duration_statement: 1 s in postgres.flags in the stack file",
    parameters={
        "from_milliseconds": Parameter(1000, "Shortest duration in milliseconds that may be asked for"),
        "until_milliseconds": Parameter(2000, "Longest duration in milliseconds that may be asked for"),
    },
    good=[
        Case(with_flags(log_min_duration_statement="1000")),
        Case(with_flags(log_min_duration_statement="2000")),
    ],
    bad=[
        Case(with_flags(log_min_duration_statement="-1")),
        Case(with_flags(log_min_duration_statement="0")),
        Case(with_flags(log_min_duration_statement="5000")),
        Case({"settings": {}}),
    ],
    remedy=set_flag("log_min_duration_statement", "1000"),
)
def log_min_duration(instance: Resource, from_milliseconds: int, until_milliseconds: int) -> Iterator[str]:
    value = flags(instance).get("log_min_duration_statement", "")
    if not value.isdigit() or not from_milliseconds <= int(value) <= until_milliseconds:
        wanted = f"it must be from {from_milliseconds} to {until_milliseconds} milliseconds"
        yield f"flag log_min_duration_statement is {shown_flag(instance, 'log_min_duration_statement')}; {wanted}"


@rule(
    "pg-pgaudit-classes",
    title="pgAudit records changes of the schema and of rights",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["CIS GCP 5.0: 6.2.8", "NIST 800-53: AU-2"],
    reason="pgAudit that is on and told to record nothing leaves no trace",
    fix="set pgaudit.log: ddl,role in postgres.flags in the stack file",
    parameters={"classes": Parameter(("ddl", "role"), "Classes of pgAudit that must be recorded")},
    good=[Case(with_flags(pgaudit__log=value)) for value in ("ddl,role", "role, ddl, write", "all", "all,-misc")],
    bad=[
        Case(with_flags(pgaudit__log="ddl")),
        Case(with_flags(pgaudit__log="none")),
        Case(with_flags(pgaudit__log="all,-role")),
        Case({"settings": {}}),
    ],
    remedy=set_flag("pgaudit.log", "ddl,role"),
)
def pgaudit_classes(instance: Resource, classes: Sequence[str]) -> Iterator[str]:
    value = flags(instance).get("pgaudit.log", "")
    named = {each.strip().lower() for each in value.split(",")}
    missing = [each for each in classes if f"-{each}" in named or not named & {each, "all"}]
    if missing:
        yield f"flag pgaudit.log is {shown_flag(instance, 'pgaudit.log')}; it lacks {', '.join(missing)}"
