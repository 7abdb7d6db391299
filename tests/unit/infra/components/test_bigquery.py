"""What the stacks declare of the warehouse: place, encryption, access, guards, order, cost; read from the plan."""

import json

from sandbox.plan import Plan
from sandbox.plan.recorder import SECRET
from sandbox.plan.render import as_data
from tests.plans import plan_of

KEY = "/locations/asia-northeast1/keyRings/triptrip-{}-data-primary-1/cryptoKeys/bigquery"
BIGQUERY = ("gcp:bigquery/", "gcp:serviceusage/", "random:")


def _after(plan: Plan, name: str) -> set[str]:
    return set(plan.named(name).options["dependsOn"])


def test_everything_is_in_tokyo(plan: Plan) -> None:
    placed = [
        *plan.of_type(":Dataset"),
        *plan.of_type("bigquery/connection:Connection"),
        *plan.of_type("TransferConfig"),
    ]
    assert len(placed) == 5
    for each in placed:
        assert each.inputs["location"] == "asia-northeast1"


def test_everything_that_keeps_data_has_the_platforms_key(plan: Plan) -> None:
    key = f"projects/triptrip-{plan.stack}" + KEY.format(plan.stack)
    for dataset in plan.of_type(":Dataset"):
        assert dataset.inputs["defaultEncryptionConfiguration"] == {"kmsKeyName": key}
    for each in (*plan.of_type("bigquery/table:Table"), *plan.of_type("TransferConfig")):
        assert each.inputs["encryptionConfiguration"] == {"kmsKeyName": key}
    assert plan.named("bigquery-connection").inputs["kmsKeyName"] == key


def test_access_is_stated_whole_by_group_and_account_and_to_nobody_else(plan: Plan) -> None:
    for dataset in plan.of_type(":Dataset"):
        entries = [entry for entry in dataset.inputs["accesses"] if "dataset" not in entry]
        assert {"OWNER"} <= {entry["role"] for entry in entries} <= {"OWNER", "READER", "WRITER"}
        for entry in entries:
            assert set(entry) in ({"role", "groupByEmail"}, {"role", "userByEmail"})
            assert entry.get("userByEmail", "@.iam.gserviceaccount.com").endswith(".iam.gserviceaccount.com")
    assert not plan.of_type("DatasetIamMember")
    assert not plan.of_type("DatasetAccess")


def test_views_of_analytics_read_what_came_in_for_those_who_may_not(plan: Plan) -> None:
    views = {
        dataset.inputs["datasetId"]: [entry for entry in dataset.inputs["accesses"] if "dataset" in entry]
        for dataset in plan.of_type(":Dataset")
    }
    let_in = {"projectId": f"triptrip-{plan.stack}", "datasetId": "analytics"}
    assert views == {"raw": [{"dataset": {"dataset": let_in, "targetTypes": ["VIEWS"]}}], "analytics": [], "ml": []}


def test_nothing_is_open_to_everybody(plan: Plan) -> None:
    text = json.dumps(as_data(plan))
    assert "allUsers" not in text
    assert "allAuthenticatedUsers" not in text
    assert "specialGroup" not in text


def test_the_application_writes_to_raw_alone(plan: Plan) -> None:
    account = f"triptrip-{plan.stack}-application@triptrip-{plan.stack}.iam.gserviceaccount.com"
    roles = {
        dataset.inputs["datasetId"]: [
            entry["role"] for entry in dataset.inputs["accesses"] if entry.get("userByEmail") == account
        ]
        for dataset in plan.of_type(":Dataset")
    }
    assert roles == {"raw": ["WRITER"], "analytics": [], "ml": []}


def test_only_those_who_are_named_run_queries(plan: Plan) -> None:
    users = {each.inputs["member"] for each in plan.of_type(":IAMMember") if "jobUser" in each.inputs["role"]}
    account = f"serviceAccount:triptrip-{plan.stack}-{{}}@triptrip-{plan.stack}.iam.gserviceaccount.com"
    expected = {"group:data-science@triptrip.jp", account.format("report-runner"), account.format("migration")}
    if plan.stack == "prod":
        expected |= {"group:analysts@triptrip.jp", account.format("reporting")}
    assert users == expected


def test_datasets_and_tables_are_guarded_by_engine_and_provider(plan: Plan) -> None:
    for dataset in plan.of_type(":Dataset"):
        assert dataset.options["protect"] is True
        assert dataset.inputs["deleteContentsOnDestroy"] is False
        assert dataset.inputs["deletionPolicy"] == "PREVENT"
    for table in plan.of_type("bigquery/table:Table"):
        assert table.options["protect"] is True
        assert table.inputs["deletionProtection"] is True


def test_without_guards_datasets_go_with_their_tables() -> None:
    plan = plan_of("dev", {"project": {"deletionGuards": False}})
    for dataset in plan.of_type(":Dataset"):
        assert dataset.inputs["deleteContentsOnDestroy"] is True
        assert dataset.inputs["deletionPolicy"] == "DELETE"
        assert not dataset.options.get("protect")
    assert {table.inputs["deletionProtection"] for table in plan.of_type("bigquery/table:Table")} == {False}


def test_no_query_reads_a_whole_table_by_mistake(plan: Plan) -> None:
    for table in plan.of_type("bigquery/table:Table"):
        assert table.inputs["requirePartitionFilter"] is True
        assert "requirePartitionFilter" not in table.inputs["timePartitioning"]
        assert table.inputs["timePartitioning"]["type"] == "DAY"


def test_queries_are_bounded_a_day_for_the_project_and_for_each_user(plan: Plan) -> None:
    quotas = {each.inputs["limit"]: each for each in plan.of_type("ConsumerQuotaOverride")}
    assert set(quotas) == {"%2Fd%2Fproject", "%2Fd%2Fproject%2Fuser"}
    for quota in quotas.values():
        assert quota.inputs["metric"] == "bigquery.googleapis.com%2Fquota%2Fquery%2Fusage"
        assert quota.inputs["force"] is True
        assert quota.options["protect"] is True
    mebibytes = {"dev": "32768", "prod": "2097152"}[plan.stack]
    assert quotas["%2Fd%2Fproject"].inputs["overrideValue"] == mebibytes


def test_bought_slots_stand_in_place_of_the_quotas() -> None:
    cost = {"kind": "reservation", "edition": "ENTERPRISE", "baselineSlots": 50, "maximumSlots": 150}
    plan = plan_of("prod", {"bigquery": {"cost": {**cost, "perDay": None, "perUserPerDay": None}}})
    assert not plan.of_type("ConsumerQuotaOverride")
    reservation = plan.named("bigquery-reservation")
    assert (reservation.inputs["slotCapacity"], reservation.inputs["autoscale"]) == (50, {"maxSlots": 100})
    assert reservation.inputs["location"] == "asia-northeast1"
    assert {each.inputs["jobType"] for each in plan.of_type("ReservationAssignment")} == {"QUERY", "PIPELINE"}
    assert "bigquery-reservation-query" in _after(plan, "bigquery-report-daily_prices")


def test_what_must_stand_first_stands_first(plan: Plan) -> None:
    grant = "key-grant-primary-bigquery"
    assert {grant, "service-bigquery"} <= _after(plan, "bigquery-dataset-raw")
    assert {grant, "bigquery-dataset-raw"} <= _after(plan, "bigquery-table-events")
    assert {
        grant,
        "bigquery-quota-day",
        "bigquery-quota-user-day",
        "bigquery-query-program-report-runner",
        "bigquery-reports-token",
        "bigquery-table-daily_prices",
        "bigquery-table-price_history",
    } <= _after(plan, "bigquery-report-daily_prices")
    assert {grant, "bigquery-connection-key", "bigquery-user", "postgres-database"} <= _after(
        plan, "bigquery-connection"
    )
    assert "service-bigqueryconnection" in _after(plan, "agent-bigqueryconnection")
    assert "service-bigquerydatatransfer" in _after(plan, "agent-bigquerydatatransfer")


def test_the_key_is_granted_to_the_agents_the_api_tells(plan: Plan) -> None:
    members = {each.name: each.inputs["member"] for each in plan.of_type("CryptoKeyIAMMember")}
    assert "@bigquery-encryption." in members["key-grant-primary-bigquery"]
    assert "@gcp-sa-bigqueryconnection." in members["bigquery-connection-key"]


def test_the_transfer_service_acts_as_the_reports_account_alone(plan: Plan) -> None:
    grant = plan.named("bigquery-reports-token").inputs
    assert "report-runner@" in grant["serviceAccountId"]
    assert "@gcp-sa-bigquerydatatransfer." in grant["member"]
    assert "report-runner@" in plan.named("bigquery-report-daily_prices").inputs["serviceAccountName"]


def test_a_report_that_runs_twice_leaves_the_same_rows(plan: Plan) -> None:
    report = plan.named("bigquery-report-daily_prices").inputs
    assert report["schedule"] == "every day 20:03"
    assert report["params"]["write_disposition"] == "WRITE_TRUNCATE"
    assert report["params"]["destination_table_name_template"] == 'daily_prices${run_time-15h|"%Y%m%d"}'


def test_the_password_is_nowhere_in_plain(plan: Plan) -> None:
    user, connection = plan.named("bigquery-user"), plan.named("bigquery-connection")
    assert user.inputs["passwordWo"] == connection.inputs["cloudSql"]["credential"]["passwordWo"] == SECRET
    assert "password" not in user.inputs
    assert "password" not in connection.inputs["cloudSql"]["credential"]
    assert user.inputs["passwordWoVersion"] == 1
    assert "aA1-" not in json.dumps(as_data(plan))
    assert {"result", "bcryptHash"} <= set(plan.named("bigquery-password").options["additionalSecretOutputs"])


def test_a_new_version_changes_the_password_at_both_ends() -> None:
    plan = plan_of("dev", {"bigquery": {"federation": {"passwordVersion": 2}}})
    assert plan.named("bigquery-password").inputs["keepers"] == {"version": "2"}
    assert plan.named("bigquery-user").inputs["passwordWoVersion"] == 2
    assert plan.named("bigquery-connection").inputs["cloudSql"]["credential"]["passwordWoVersion"] == "2"


def test_federation_reads_a_replica_through_its_own_account(plan: Plan) -> None:
    instance = plan.named("bigquery-connection").inputs["cloudSql"]["instanceId"]
    assert instance == f"triptrip-{plan.stack}:asia-northeast1:triptrip-{plan.stack}-postgres-replica-b-1"
    assert plan.named("bigquery-user").inputs["instance"] == f"triptrip-{plan.stack}-postgres-1"
    client = plan.named("bigquery-connection-client").inputs
    assert "@gcp-sa-bigqueryconnection." in client["member"]
    assert f"instances/triptrip-{plan.stack}-postgres" in client["condition"]["expression"]


def test_federation_asks_the_primary_where_there_is_no_replica() -> None:
    plan = plan_of("dev", {"postgres": {"replicas": {"b": None, "c": None}}})
    assert plan.named("bigquery-connection").inputs["cloudSql"]["instanceId"].endswith(":triptrip-dev-postgres-1")


def test_switched_off_it_leaves_no_trace() -> None:
    plan = plan_of("prod", {"bigquery": None})
    own = [each.name for each in plan.resources if each.type.startswith("gcp:bigquery") or "bigquery" in each.name]
    assert not own
    # One filter says what each service calls a change, whichever of them are there.
    plan.resources = [each for each in plan.resources if each.name != "alert-configuration-change-warning"]
    assert "bigquery" not in json.dumps(as_data(plan))


def test_without_postgres_there_is_a_warehouse_and_no_federation() -> None:
    plan = plan_of("prod", {"postgres": None, "bigquery": {"federation": None}, "monitoring": {"exporters": None}})
    assert len(plan.of_type(":Dataset")) == 3
    assert not plan.of_type("bigquery/connection:Connection")
    assert "bigquery-password" not in {each.name for each in plan.resources}


def test_the_inventory_tells_what_it_is(plan: Plan) -> None:
    record = next(each for each in plan.outputs["inventory"] if each["store"] == "bigquery")
    assert record["location"] == "asia-northeast1"
    assert record["endpoints"]["analytics"] == f"triptrip-{plan.stack}.analytics"
    assert record["encryptionKey"].endswith(KEY.format(plan.stack))
