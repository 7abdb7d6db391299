import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from schema import command
from schema.kit import Action, Environment, Record, SchemaError, Step, Store
from schema.stores import StoreName

BEGUN = datetime(2026, 11, 25, 3, 4, 5, tzinfo=UTC)


class Shelf(Store):
    """A store of names, of which `wanted` are to be there; one that is `broken` cannot be put there."""

    def __init__(self, wanted: Sequence[str], broken: str = "", crooked: Sequence[str] = ()) -> None:
        self.there: list[str] = []
        self.wanted, self.broken, self.crooked, self.waited = wanted, broken, crooked, -1.0

    def lock(self, wait_seconds: float) -> AbstractContextManager[None]:
        self.waited = wait_seconds
        return nullcontext()

    def steps(self) -> Sequence[Step]:
        return [Step(Action.CREATE, name, "a book", self._put(name)) for name in self.wanted if name not in self.there]

    def _put(self, name: str) -> Callable[[], None]:
        def put() -> None:
            if name == self.broken:
                raise SchemaError(f"{name}.sql:3", "it burns", fix="water")
            self.there.append(name)

        return put

    def records(self) -> Sequence[Record]:
        return [
            Record("0001_a", "ab" * 32, BEGUN, BEGUN + timedelta(seconds=2.34), "migration"),
            Record("0002_b", "cd" * 32, BEGUN, None, "migration"),
        ]

    def findings(self) -> Sequence[str]:
        return self.crooked


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(shelf: Store | SchemaError, *words: str) -> Result:
        @contextmanager
        def opened(name: StoreName, environment: Environment) -> Iterator[Store]:
            assert (name, environment.name) == (StoreName.POSTGRES, "dev")
            if isinstance(shelf, SchemaError):
                raise shelf
            yield shelf

        monkeypatch.setattr(command, "open_store", opened)
        return CliRunner().invoke(command.app, [words[0], "postgres", "--env", "dev", *words[1:]])

    return run


def test_plan_tells_and_changes_nothing(run: Callable[..., Result]) -> None:
    shelf = Shelf(["a", "b"])
    result = run(shelf, "plan")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["create     a  a book", "create     b  a book", "postgres of dev: 2 changes"]
    assert shelf.there == []


def test_plan_can_refuse_changes_and_speak_json(run: Callable[..., Result]) -> None:
    assert run(Shelf(["a"]), "plan", "--expect-no-changes").exit_code == 1
    assert run(Shelf([]), "plan", "--expect-no-changes").exit_code == 0
    told = json.loads(run(Shelf(["a"]), "plan", "--format", "json").stdout)
    assert told == [{"action": "create", "what": "a", "detail": "a book"}]


def test_apply_makes_every_change_and_a_second_one_none(run: Callable[..., Result]) -> None:
    shelf = Shelf(["a", "b"])
    first = run(shelf, "apply", "--wait", "3")
    assert first.exit_code == 0
    assert shelf.there == ["a", "b"]
    assert shelf.waited == 3
    assert "postgres of dev: 2 changes made" in first.stdout
    assert run(shelf, "apply").stdout == "postgres of dev: no changes made\n"


def test_a_failure_says_what_is_done_what_is_not_and_how_to_go_on(run: Callable[..., Result]) -> None:
    shelf = Shelf(["a", "b", "c"], broken="b")
    result = run(shelf, "apply")
    assert result.exit_code == 2
    assert shelf.there == ["a"]
    assert result.stderr.splitlines() == [
        "b.sql:3: it burns",
        "1 change made before and kept; not made: b and 1 after it",
        "  to fix: water; then `python -m schema apply postgres --env dev` goes on from there",
    ]


def test_apply_fails_on_what_it_cannot_bring_about(run: Callable[..., Result]) -> None:
    result = run(Shelf(["a"], crooked=["c is crooked"]), "apply")
    assert result.exit_code == 1
    assert result.stderr == "c is crooked\n"


def test_verify_tells_steps_and_findings(run: Callable[..., Result]) -> None:
    result = run(Shelf(["a"], crooked=["c is crooked"]), "verify")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == ["not made: create     a  a book", "c is crooked"]
    assert run(Shelf([]), "verify").stdout == "postgres of dev: as the files say\n"


def test_status_shows_what_ran_and_what_was_interrupted(run: Callable[..., Result]) -> None:
    shown = run(Shelf([]), "status").stdout
    assert all(word in shown for word in ("0001_a", "2.3 s", "interrupted", "abababababab", "2026-11-25 03:04:05"))
    told = json.loads(run(Shelf([]), "status", "--format", "json").stdout)
    assert [row["seconds"] for row in told] == [2.3, None]
    assert told[0]["startedAt"] == "2026-11-25T03:04:05+00:00"


def test_a_store_without_upkeep_says_so(run: Callable[..., Result]) -> None:
    result = run(Shelf([]), "maintain")
    assert result.exit_code == 2
    assert "this store keeps itself" in result.stderr


@pytest.mark.parametrize("name", ["plan", "apply", "status", "verify", "maintain"])
def test_what_cannot_be_opened_is_one_message(run: Callable[..., Result], name: str) -> None:
    result = run(SchemaError("the store", "is not there", fix="look for it"), name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "the store: is not there\n  to fix: look for it\n"


def test_an_unknown_store_or_environment_is_refused() -> None:
    runner = CliRunner()
    assert runner.invoke(command.app, ["plan", "oracle", "--env", "dev"]).exit_code == 2
    wrong = runner.invoke(command.app, ["plan", "postgres", "--env", "staging"])
    assert wrong.exit_code == 2
    assert "allowed: dev, prod" in wrong.stderr
