"""The checks of what runbooks give to programs, each on what cannot be given, and on what can."""

from collections.abc import Iterator

import pytest

from tests.runbooks.page import Block
from tests.runbooks.programs import problems as command_problems
from tests.runbooks.promql import promql_problems
from tests.runbooks.queries import query_problems, read_problems
from tests.runbooks.shell import commands, functions, idle_variables, script_problems


@pytest.mark.parametrize(
    "line",
    [
        'gcloud sql instances describe "$INSTANCE" --project "$PROJECT" --format "value(state)"',
        "gcloud sql instances patch x --storage-size=1500 --no-storage-auto-increase --activation-policy always",
        "gcloud logging read --limit 3",
        "gcloud compute ssh machine --tunnel-through-iap -- -N -L 5432:host:5432",
        "bq --location=asia-northeast1 cancel JOB",
        'PORT=6379 cache --scan --pattern "session:*"',
        "redis-cli --tls --cacert /tmp/cache-ca.pem SLOWLOG GET 10",
        'atlas clusters update "$CLUSTER" --tier M40',
        "pulumi up --refresh --stack prod",
        "python -m ops restore table --env prod --table public.bookings --before now --plan",
        "python -m ops drill --env prod --history",
        "python -m schema plan postgres --env prod",
        "python -m infra.settings check Pulumi.prod.yaml",
        "python -m policies check",
        "make preview STACK=prod",
        "make policy STACKS=prod",
        "make policy-prod",
        "curl --anything",
    ],
)
def test_a_command_that_can_be_given(line: str) -> None:
    assert list(_problems(line)) == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("gcloud sql instance describe x", "no such command"),
        ("gcloud", "no such command"),
        ("gcloud sql instances describe", "0 arguments [], where 1 to 1"),
        ("gcloud sql instances describe x y", "2 arguments ['x', 'y'], where 1 to 1"),
        ("gcloud sql instances describe x --zone", "no option --zone"),
        ("gcloud sql instances describe x --project", "--project has no value"),
        ("gcloud sql instances patch x --activation-policy sometimes", "--activation-policy takes always, never"),
        ("gcloud sql instances restart x --async=yes", "--async takes no value"),
        ("cache CONFIG SET maxmemory 1", "CONFIG is none of"),
        ("redis-cli -h host --tls MONITOR", "MONITOR is none of"),
        ("atlas clusters update x --size=M40", "no option --size"),
        ("pulumi up --yes-please --stack prod", "no option --yes-please"),
        ("python -m ops restore everything --env prod", "there is no 'everything'"),
        ("python -m ops restore table --env prod --before now", "Missing option '--table'"),
        ("python -m ops drill --env prod --fast", "No such option: --fast"),
        ("python -m schema plan oracle --env prod", "'oracle' is not one of"),
        ("python -m infra.settings chek", "invalid choice: 'chek'"),
        ("python -m policies check --all", "unrecognized arguments: --all"),
        ("python -m nothing", "python -m is followed by one of"),
        ("make previews STACK=prod", "the Makefile has no target previews"),
        ("make preview STAGE=prod", "the Makefile knows no STAGE"),
        ("mysql -h x", "no known program"),
        ('x=$(gcloud sql instances lst | jq .) && echo "$x"', "no such command"),
        ("for each in a b; do psqll; done", "no known program"),
    ],
)
def test_a_command_that_cannot_be_given(line: str, told: str) -> None:
    found = list(_problems(line))
    assert len(found) == 1
    assert told in found[0]


def test_a_command_in_a_sentence_may_leave_out_what_it_acts_on() -> None:
    (command,) = commands("gcloud sql instances restart")
    assert list(command_problems(command, whole=False)) == []
    (command,) = commands("gcloud sql instances restart --anew")
    assert len(list(command_problems(command, whole=False))) == 1


def _problems(text: str) -> Iterator[str]:
    for command in commands(text):
        yield from command_problems(command)


def test_commands_are_found_wherever_they_stand() -> None:
    text = "A=$(one x) two <<'E'\nthree\nE\nif four; then five | six \"$(seven)\"; fi\neight() { nine; }\n"
    found = [command.words[0] for command in commands(text)]
    assert sorted(found) == ["five", "four", "nine", "one", "seven", "six", "two"]
    assert functions(text) == {"eight"}


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("echo $1\n", "SC2086"),
        ('echo "$NOWHERE"\n', "SC2154"),
        ("if true; then\n", "SC1"),
        ('export A=1\necho "$A"\n', ""),
    ],
)
def test_a_script_is_one(script: str, told: str) -> None:
    found = list(script_problems(script))
    assert bool(found) is bool(told)
    assert all(problem.startswith(told) for problem in found[:1])


def test_a_variable_is_set_to_be_used() -> None:
    script = 'export A=1 B=2 TRIPTRIP_X=3\nC=4\nPGPASSWORD=5 psql "host=${A}"\nmake preview STACK=prod\n'
    assert list(idle_variables(script)) == ["B is set and never used", "C is set and never used"]


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("sql", "SELECT 1", ""),
        ("sql", "SELECT FROM WHERE (", "no postgres"),
        ("sql", "SELECT 1; SELECT 2", "2 statements"),
        ("sql", "VACUUM public.bookings", "it does not only read"),
        ("sql", "DELETE FROM public.bookings", "it does not only read"),
        ("sql owner", "VACUUM public.bookings", ""),
        ("sql bigquery", "SELECT * FROM `a-b`.INFORMATION_SCHEMA.JOBS_BY_PROJECT LIMIT 1", ""),
        ("sql bigquery", "SELECT * FROM `a-b LIMIT 1", "no bigquery"),
        ("logging", 'log_id("x") AND resource.type="y" AND protoPayload.status.code>0 AND (NOT severity>=ERROR)', ""),
        ("logging", 'resource.type="y', "a quote is not closed"),
        ("logging", '(severity>=ERROR AND "x"', "( is not closed"),
        ("logging", 'payload.status="y"', "payload is no field"),
        ("json", '{"a": [1]}', ""),
        ("json", "{'a': 1}", "no JSON"),
        ("js", 'db.rooms.find({a: ")"})', ""),
        ("js", "db.rooms.find({a: 1)", ") closes nothing"),
        ("js", "db.rooms.find({a: 1}", "( is not closed"),
    ],
)
def test_a_query_can_be_read(kind: str, text: str, told: str) -> None:
    found = list(query_problems(Block(kind, text, 1, "Confirm")))
    assert len(found) == bool(told)
    assert all(told in problem for problem in found)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("gcloud logging read 'severity>=ERROR' --limit 3", 0),
        ('gcloud logging read "resource.type=\\"a\\" AND \\"b c\\"" --limit 3', 0),
        ("gcloud logging read --limit 3", 0),
        ("gcloud logging read 'level>=ERROR' --limit 3", 1),
        ('gcloud logging read "(resource.type=\\"a\\"" --limit 3', 1),
    ],
)
def test_a_filter_on_the_command_line_can_be_read(line: str, count: int) -> None:
    (command,) = commands(line)
    assert len(list(read_problems(command))) == count


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('rate(cloudsql_googleapis_com:database_postgresql_transaction_count{database_id="a:b"}[10m])', ""),
        ("read_router_lag_seconds > 5", ""),
        ("rate(cloudsql_googleapis_com:database_postgresql_transaction_count[10m", "alert-promql-query"),
        ("cloudsql_googleapis_com:database_disk_usage", "alert-promql-metric-known"),
        ("read_router_lag_minutes", "alert-promql-metric-known"),
        ('read_router_lag_seconds{server="b"}', "alert-promql-label-known"),
    ],
)
def test_promql_names_what_there_is(text: str, told: str) -> None:
    found = list(promql_problems(Block("promql", text, 1, "Confirm")))
    assert len(found) == bool(told)
    assert all(told in problem for problem in found)
