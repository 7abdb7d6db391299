"""The way to Cloud SQL for PostgreSQL: from the private network alone."""

from collections.abc import Iterator

from policies.exposure.reading import is_narrow
from policies.kit import (
    Case,
    Level,
    Node,
    Parameter,
    Resource,
    Severity,
    Stack,
    must_be,
    must_be_set,
    must_reach,
    rule,
    stated,
)
from policies.kit.postgres import is_primary
from policies.kit.types import BIGQUERY_CONNECTION, SQL_INSTANCE
from policies.kit.waiting import about_each, some_of

_NETWORK = "projects/p/global/networks/data"


def _ways(**configuration: object) -> dict[str, object]:
    return {"settings": {"ipConfiguration": configuration}}


@rule(
    "sql-no-public-ip",
    title="Cloud SQL has no public address",
    severity=Severity.CRITICAL,
    types=[SQL_INSTANCE],
    sources=["CIS GCP 5.0: 6.7", "NIST 800-53: SC-7", "CKV_GCP_60", "prowler cloudsql_instance_public_ip"],
    reason="a public address lets the whole internet try passwords and weaknesses of the server",
    fix="set settings.ipConfiguration.ipv4Enabled to false: Google's own default is true",
    good=[Case(_ways(ipv4Enabled=False))],
    bad=[Case(_ways(ipv4Enabled=True)), Case(_ways()), Case({})],
)
def no_public_ip(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "settings.ipConfiguration.ipv4Enabled", False)


@rule(
    "sql-no-open-networks",
    title="Cloud SQL lets in no wide range of addresses",
    severity=Severity.CRITICAL,
    types=[SQL_INSTANCE],
    sources=[
        "CIS GCP 5.0: 6.5",
        "NIST 800-53: SC-7",
        "CKV_GCP_11",
        "trivy GCP-0017",
        "prowler cloudsql_instance_public_access",
    ],
    reason="an authorized network that is wide lets strangers reach the server's sign-in",
    fix="take the range out of settings.ipConfiguration.authorizedNetworks; programs come by the private network",
    parameters={"prefix": Parameter(29, "Shortest prefix length in bits of a range that may be let in")},
    good=[
        Case(_ways()),
        Case(_ways(authorizedNetworks=[])),
        Case(_ways(authorizedNetworks=[{"value": "203.0.113.8/32"}, {"value": "2001:db8::1"}])),
    ],
    bad=[
        Case(_ways(authorizedNetworks=[{"value": value}]))
        for value in ("0.0.0.0/0", "::/0", "10.0.0.0/8", "203.0.113.0/24", "0.0.0.0/1", "everybody")
    ],
)
def no_open_networks(instance: Resource, prefix: int) -> Iterator[str]:
    def check(network: Node) -> Iterator[str]:
        if not is_narrow(network.text("value"), prefix):
            yield stated(network, "value", f"an address or a range of /{prefix} or narrower")

    yield from about_each(instance.nodes("settings.ipConfiguration.authorizedNetworks"), check)


@rule(
    "sql-private-net",
    title="Cloud SQL stands in a private network",
    severity=Severity.HIGH,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SC-7", "CON-GCP"],
    reason="an instance in no private network can only be reached over the internet",
    fix="set settings.ipConfiguration.privateNetwork and allocatedIpRange, or an endpoint for named projects",
    good=[
        Case(_ways(privateNetwork=_NETWORK, allocatedIpRange="range")),
        Case(_ways(pscConfigs=[{"pscEnabled": True, "allowedConsumerProjects": ["triptrip-prod"]}])),
    ],
    bad=[
        Case(_ways()),
        Case({}),
        Case(_ways(privateNetwork="projects/p/global/networks/default", allocatedIpRange="range")),
        Case(_ways(privateNetwork=_NETWORK)),
        Case(_ways(pscConfigs=[{"pscEnabled": True}])),
        Case(_ways(pscConfigs=[{"pscEnabled": False, "allowedConsumerProjects": ["triptrip-prod"]}])),
    ],
)
def private_net(instance: Resource) -> Iterator[str]:
    where = instance.node("settings.ipConfiguration")
    if _has_endpoint(where):
        return
    yield from must_be_set(where, "privateNetwork")
    yield from must_be_set(where, "allocatedIpRange")
    if where.text("privateNetwork").endswith("/default"):
        yield stated(where, "privateNetwork", "a network of the platform's own")


def _has_endpoint(configuration: Node) -> bool:
    return any(
        endpoint.get("pscEnabled") is True and endpoint.has("allowedConsumerProjects")
        for endpoint in configuration.nodes("pscConfigs")
    )


@rule(
    "sql-private-path",
    title="BigQuery reaches PostgreSQL by the private path",
    severity=Severity.MEDIUM,
    types=[BIGQUERY_CONNECTION, SQL_INSTANCE],
    sources=["NIST 800-53: SC-7", "BQ-SVC"],
    reason="without the private path a connection of BigQuery needs the instance to have a public address",
    fix="set settings.ipConfiguration.enablePrivatePathForGoogleCloudServices to true",
    good=[
        Case(
            stack={
                "instance": (SQL_INSTANCE, {"name": "pg", **_ways(enablePrivatePathForGoogleCloudServices=True)}),
                "connection": (BIGQUERY_CONNECTION, {"cloudSql": {"instanceId": "p:asia-northeast1:pg"}}),
            }
        ),
        Case(stack={"instance": (SQL_INSTANCE, {"name": "pg", **_ways()})}),
    ],
    bad=[
        Case(
            stack={
                "instance": (SQL_INSTANCE, {"name": "pg", **_ways()}),
                "connection": (BIGQUERY_CONNECTION, {"cloudSql": {"instanceId": "p:asia-northeast1:pg"}}),
            }
        )
    ],
)
def private_path(stack: Stack) -> Iterator[tuple[Resource, str]]:
    if not any(connection.has("cloudSql") for connection in stack.of(BIGQUERY_CONNECTION)):
        return

    # Every instance: a promoted or restored one takes the place of the one that the connection names today.
    def check(instance: Resource) -> Iterator[tuple[Resource, str]]:
        for message in must_be(instance, "settings.ipConfiguration.enablePrivatePathForGoogleCloudServices", True):
            yield instance, message

    yield from about_each(stack.of(SQL_INSTANCE), check)


@rule(
    "bq-own-instance",
    title="BigQuery's connection leads to an instance of this stack",
    severity=Severity.MEDIUM,
    types=[BIGQUERY_CONNECTION, SQL_INSTANCE],
    sources=["NIST 800-53: AC-4", "BQ-SVC"],
    reason="a connection to another instance sends it our password, and hands its rows to our analysts",
    fix="take cloudSql.instanceId from the instance itself",
    good=[
        Case(
            stack={
                "instance": (SQL_INSTANCE, {"name": "pg"}),
                "connection": (BIGQUERY_CONNECTION, {"cloudSql": {"instanceId": "p:asia-northeast1:pg"}}),
            }
        ),
        Case(stack={"connection": (BIGQUERY_CONNECTION, {"cloudResource": {}})}),
    ],
    bad=[
        Case(
            stack={
                "instance": (SQL_INSTANCE, {"name": "pg"}),
                "connection": (BIGQUERY_CONNECTION, {"cloudSql": {"instanceId": instance}}),
            }
        )
        for instance in ("p:asia-northeast1:other", "pg-2", "")
    ],
)
def own_instance(stack: Stack) -> Iterator[tuple[Resource, str]]:
    def check(connection: Resource) -> Iterator[tuple[Resource, str]]:
        name = connection.text("cloudSql.instanceId").rpartition(":")[2]
        if not (name and some_of(stack.of(SQL_INSTANCE), lambda instance: instance.text("name") == name)):
            yield connection, stated(connection, "cloudSql.instanceId", "that of an instance of this stack")

    yield from about_each((each for each in stack.of(BIGQUERY_CONNECTION) if each.has("cloudSql")), check)


@rule(
    "sql-connector-only",
    title="Cloud SQL takes connections of Google's connectors only",
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: AC-3"],
    reason="a connector asks IAM before each connection; without it a stolen sign-in works from the whole network",
    fix="set settings.connectorEnforcement to REQUIRED once every client and the pooler use a connector",
    good=[Case({"settings": {"connectorEnforcement": "REQUIRED"}})],
    bad=[Case({"settings": {"connectorEnforcement": "NOT_REQUIRED"}}), Case({"settings": {}})],
)
def connector_only(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "settings.connectorEnforcement", "REQUIRED")


@rule(
    "sql-data-api",
    title="Cloud SQL runs no SQL that comes by Google's API",
    severity=Severity.LOW,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: SC-7"],
    reason="the data API lets anybody with a role read tables from the internet, past the private network",
    fix="set settings.dataApiAccess to DISALLOW_DATA_API",
    good=[Case({"settings": {"dataApiAccess": "DISALLOW_DATA_API"}})],
    bad=[Case({"settings": {"dataApiAccess": "ALLOW_DATA_API"}}), Case({"settings": {}})],
)
def data_api(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "settings.dataApiAccess", "DISALLOW_DATA_API")


_POLICY = {
    "enablePasswordPolicy": True,
    "complexity": "COMPLEXITY_DEFAULT",
    "minLength": 12,
    "reuseInterval": 5,
    "disallowUsernameSubstring": True,
}


def _passwords(**policy: object) -> dict[str, object]:
    return {"settings": {"passwordValidationPolicy": {**_POLICY, **policy}}}


@rule(
    "sql-password-policy",
    title="Cloud SQL refuses weak passwords",
    severity=Severity.MEDIUM,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: IA-5"],
    reason="a password that is set by hand in an emergency is guessed sooner when nothing refuses a weak one",
    fix="set postgres.passwordPolicy in the stack file",
    parameters={
        "characters": Parameter(12, "Characters that a password has at least"),
        "earlier": Parameter(5, "Earlier passwords that cannot be used again"),
    },
    good=[Case(_passwords()), Case(_passwords(minLength=20)), Case({"masterInstanceName": "primary", "settings": {}})],
    bad=[
        Case({"settings": {}}),
        Case(_passwords(enablePasswordPolicy=False)),
        Case(_passwords(complexity="COMPLEXITY_UNSPECIFIED")),
        Case(_passwords(complexity=None)),
        Case(_passwords(minLength=8)),
        Case(_passwords(reuseInterval=0)),
        Case(_passwords(disallowUsernameSubstring=False)),
    ],
)
def password_policy(instance: Resource, characters: int, earlier: int) -> Iterator[str]:
    if not is_primary(instance):
        return
    path = "settings.passwordValidationPolicy"
    yield from must_be(instance, f"{path}.enablePasswordPolicy", True)
    yield from must_be(instance, f"{path}.complexity", "COMPLEXITY_DEFAULT")
    yield from must_be(instance, f"{path}.disallowUsernameSubstring", True)
    yield from must_reach(instance, f"{path}.minLength", characters, "characters")
    yield from must_reach(instance, f"{path}.reuseInterval", earlier, "passwords")


@rule(
    "sql-insights-addresses",
    title="Query Insights keeps no client addresses",
    severity=Severity.LOW,
    types=[SQL_INSTANCE],
    sources=["NIST 800-53: AC-6"],
    reason="client addresses are personal data, and Query Insights is open to more people than the database",
    fix="set postgres.insights.clientAddress to false in the stack file",
    good=[Case({"settings": {"insightsConfig": {"recordClientAddress": False}}}), Case({"settings": {}})],
    bad=[Case({"settings": {"insightsConfig": {"recordClientAddress": True}}})],
)
def insights_addresses(instance: Resource) -> Iterator[str]:
    yield from must_be(instance, "settings.insightsConfig.recordClientAddress", False, None)
