"""Raw values become settings in one way, with every problem at once, at its line, and without showing a secret."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.settings import Problem, Settings, SettingsError, from_stack_file, load
from infra.settings.secrets import HIDDEN
from infra.settings.stack_file import StackFile
from tests.stacks import declared, settings_of

ROOT = Path(__file__).parents[4]
PROD = (ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8")

StackWriter = Callable[[str], Path]


@pytest.fixture
def stack(tmp_path: Path) -> StackWriter:
    def write(text: str) -> Path:
        path = tmp_path / "Pulumi.test.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problems(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(SettingsError) as caught:
        from_stack_file(path)
    return caught.value.problems


def replaced(old: str, new: str) -> str:
    assert old in PROD
    return PROD.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if part in line)


def test_every_problem_is_told_at_once_with_its_line(stack: StackWriter) -> None:
    text = replaced("retained: 35", "retained: 400").replace("region: asia-northeast1 ", "region: Tokyo ")
    text = text.replace("rotation: 90 days", "rotation: 91 days").replace("zone: asia-northeast1-b", "zones: x")
    found = {problem.path: problem.location for problem in problems(stack(text))}
    assert found == {
        "project.region": f"Pulumi.test.yaml:{line_of(text, 'region: Tokyo')}",
        "encryption.rotation": f"Pulumi.test.yaml:{line_of(text, 'rotation: 91')}",
        "postgres.backup.retained": f"Pulumi.test.yaml:{line_of(text, 'retained: 400')}",
        "postgres.replicas.b.zones": f"Pulumi.test.yaml:{line_of(text, 'zones: x')}",
        "postgres.replicas.b.zone": f"Pulumi.test.yaml:{line_of(text, '      b:')}",
    }


def test_independent_contradictions_of_one_subject_are_all_told(stack: StackWriter) -> None:
    text = replaced("limit: 4 TB", "limit: 3 TB").replace("transactionLogs: 7 days", "transactionLogs: 30 days")
    text = text.replace("pointInTimeRecovery: true", "pointInTimeRecovery: false").replace(
        "maxClientConnections: 10000", "maxClientConnections: 1"
    )
    assert {problem.path for problem in problems(stack(text))} == {
        "postgres.backup.transactionLogs",
        "postgres.backup.pointInTimeRecovery",
        "postgres.pooler.maxClientConnections",
    }


def test_the_report_says_where_what_is_allowed_and_how_to_mend_it(stack: StackWriter) -> None:
    text = replaced("retained: 35", "retained: 400")
    with pytest.raises(SettingsError) as caught:
        from_stack_file(stack(text))
    assert str(caught.value) == (
        "1 setting cannot be used:\n\n"
        f"postgres.backup.retained  (Pulumi.test.yaml:{line_of(text, 'retained: 400')})\n"
        "    given:   400\n"
        "    allowed: a whole number from 1 to 365\n"
        "    fix:     lower it to at most 365"
    )


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("18:00", "18:00"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", True),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        ("+5", 5),
        ("2026-12-20", "2026-12-20 00:00:00 +0000 UTC"),
        ("12-20", "12-20"),
        ("~", None),
        ("", None),
        ('"16"', "16"),
    ],
)
def test_plain_values_mean_what_they_mean_to_the_engine(stack: StackWriter, scalar: str, value: object) -> None:
    path = stack(f"config:\n  triptrip:project:\n    key: {scalar}\n")
    assert StackFile.read(path).subjects == {"project": {"key": value}}


@pytest.mark.parametrize("number", ["010", "0x10", "0o17", "0b11", "1_000", ".inf", "-.inf", ".nan", "007.5"])
def test_numbers_that_readers_disagree_about_are_refused(stack: StackWriter, number: str) -> None:
    (problem,) = problems(stack(replaced("retained: 35", f"retained: {number}")))
    assert (problem.path, problem.given) == ("postgres.backup.retained", number)
    assert "plain digits" in problem.fix


@pytest.mark.parametrize(
    ("text", "path", "given"),
    [
        ("config: [1, 2", "config", "did not find expected"),
        ("config:\n\t- x", "config", "cannot start any token"),
        ("config: &a\n  triptrip:project: {x: *a}", "config", "contains itself"),
        ("config:\n  triptrip:project: !!python/object:os.system {}\n", "config", "could not determine a constructor"),
        ("", "config", "no config"),
        ("config: 5", "config", "something else"),
        ("config: {}\nconfig: {}", "config", "written twice"),
        ("config:\n  triptrip:posgres: {}", "posgres", "an unknown subject"),
        ("config:\n  triptrip:project: {a: 1, a: 2}", "project.a", "written twice"),
        ("config: " + "[" * 5000, "config", ""),
    ],
)
def test_a_file_that_is_no_stack_file_is_refused_in_words(stack: StackWriter, text: str, path: str, given: str) -> None:
    found = problems(stack(text))[0]
    assert found.path == path
    assert given in found.given
    assert (found.location or "").startswith("Pulumi.test.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "Pulumi.nowhere.yaml")
    assert (problem.path, problem.given) == (str(tmp_path / "Pulumi.nowhere.yaml"), "no such file")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.test.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in problems(path)[0].given


def test_other_namespaces_are_none_of_our_business(stack: StackWriter) -> None:
    text = PROD.replace("config:\n", "config:\n  gcp:project: x\n  pulumi:disable-default-providers: ['*']\n", 1)
    assert from_stack_file(stack(text)) == from_stack_file(ROOT / "Pulumi.prod.yaml")


@pytest.mark.parametrize(
    "secret",
    [
        "{secure: v1:AAAAnonce:AAAAsecretciphertext}",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0",
        "postgresql://triptrip:hunter2@10.0.0.1/triptrip",
        "ghp_0123456789abcdefghijABCDEFGHIJ0123",
        "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTIzNDU2Nzg5",
    ],
)
def test_what_may_be_a_secret_is_never_shown(stack: StackWriter, secret: str) -> None:
    with pytest.raises(SettingsError) as caught:
        from_stack_file(stack(replaced("database: triptrip", f"database: {secret}")))
    (problem,) = caught.value.problems
    assert (problem.path, problem.given) == ("postgres.database", HIDDEN)
    assert secret not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_secret_under_a_wrong_name_is_never_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        load({"project": {"apiKey": "hunter2", "password": ["hunter2"]}})
    assert "hunter2" not in str(caught.value)


def test_numbers_and_switches_may_come_as_the_engine_hands_them_over() -> None:
    raw = declared("prod")
    raw["postgres"] = raw["postgres"] | {"version": 16.0}
    raw["project"] = raw["project"] | {"generation": "1", "deletionGuards": "true"}
    assert load(raw) == from_stack_file(ROOT / "Pulumi.prod.yaml")


def test_a_date_without_quotes_is_the_same_from_the_file_and_from_the_engine() -> None:
    raw = declared("prod")
    deny = {"start": "2026-12-20 00:00:00 +0000 UTC", "end": "2027-01-05", "time": "00:00 UTC"}
    raw["postgres"] = raw["postgres"] | {"maintenance": raw["postgres"]["maintenance"] | {"deny": deny}}
    postgres = load(raw).postgres
    assert postgres is not None
    period = postgres.maintenance.deny
    assert period is not None
    assert (period.start, period.end) == ("2026-12-20", "2027-01-05")


def test_settings_cannot_be_changed() -> None:
    settings = settings_of("prod")
    with pytest.raises(ValueError, match="frozen"):
        settings.project.generation = 2  # type: ignore[misc]  # the checker refuses it too


def test_settings_are_written_back_as_they_are_read() -> None:
    settings = settings_of("prod")
    assert Settings.model_validate(settings.model_dump(mode="json")) == settings
