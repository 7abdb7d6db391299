"""How the store is opened, and what it says of search indexes and of migrations without a server."""

from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import InvalidURI, OperationFailure

from infra.catalog.mongodb_rows import SearchIndexRow, search_indexes
from schema.kit import Environment, SchemaError, load_environment, read_file
from schema.mongodb import plan
from schema.mongodb.migrations import Ledger, check_form
from schema.mongodb.read import collections
from schema.mongodb.search import search_findings
from schema.mongodb.store import MongodbStore, opened

VARIABLE = "TRIPTRIP_SCHEMA_MONGODB"


@pytest.fixture(scope="module")
def dev() -> Environment:
    return load_environment("dev")


def test_search_indexes_are_on_what_the_files_have() -> None:
    """COR-15: Japanese is searched by Atlas Search, whose indexes Pulumi declares."""
    assert search_indexes()["reviews-text"].collection == "reviews"
    assert list(search_findings(collections(), search_indexes())) == []


@pytest.mark.parametrize(
    ("collection", "fields", "said"),
    [
        ("ratings", {}, "collection ratings is in no file"),
        ("reviews", {"contents": {"type": "string"}}, "field contents is none of reviews"),
        (
            "reviews",
            {"reply": {"type": "document", "fields": {"text": {"type": "string"}}}},
            "field reply.text is none",
        ),
        (
            "reviews",
            {"reply": [{"type": "string"}, {"type": "document", "fields": {"x": {}}}]},
            "field reply.x is none",
        ),
    ],
)
def test_a_search_index_on_what_no_file_has_is_told(collection: str, fields: dict[str, object], said: str) -> None:
    index = SearchIndexRow(collection=collection, analyzer="lucene.kuromoji", fields=fields)
    (line,) = search_findings(collections(), {"some": index})
    assert line.startswith("search index some (infra/catalog/atlas_search_indexes.yaml): ")
    assert said in line


def test_the_client_signs_in_as_the_connection_that_pulumi_hands_out(dev: Environment) -> None:
    """CONN: the secret's text, with which pymongo fetches the token of the job's own account."""
    assert dev.plan.mongodb is not None
    assert dev.plan.mongodb.identity_provider is not None
    uri = dev.plan.mongodb.connection_string("mongodb://cluster.example")
    with MongoClient[dict[str, object]](uri, connect=False) as client:
        credentials: Any = client.options.pool_options._credentials  # noqa: SLF001 # pymongo tells them nowhere else
        assert credentials.mechanism == "MONGODB-OIDC"
        assert credentials.source == "$external"
        assert credentials.mechanism_properties.environment == "gcp"
        assert credentials.mechanism_properties.token_resource == dev.plan.mongodb.identity_provider.audience
        assert client.write_concern.document["w"] == "majority"
        assert client.get_default_database().name == "triptrip"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("postgresql://someone:hidden@host/", "is no URI that a client of MongoDB can read"),
        ("mongodb://someone:hid@den@host/", "is no URI that a client of MongoDB can read"),
        ("mongodb://someone:hidden@127.0.0.1/other", "its URI names the database other"),
        ("mongodb://someone:hidden@127.0.0.1/?authMechanism=none", "an option of its URI"),
    ],
)
def test_a_uri_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, dev: Environment, uri: str, said: str) -> None:
    monkeypatch.setenv(VARIABLE, uri)
    with pytest.raises(SchemaError) as caught, opened(dev):
        pass
    assert said in str(caught.value)
    assert VARIABLE in str(caught.value)
    assert "hid" not in str(caught.value)


@pytest.mark.parametrize(
    ("job", "option", "milliseconds"), [("", "", 10_000), ("j", "", 150_000), ("j", "?serverSelectionTimeoutMS=7", 7)]
)
def test_a_job_looks_longer_for_a_server_unless_its_uri_says_how_long(
    monkeypatch: pytest.MonkeyPatch, dev: Environment, job: str, option: str, milliseconds: int
) -> None:
    asked: dict[str, object] = {}

    class Nobody:
        def __init__(self, uri: str, **options: object) -> None:
            with MongoClient[dict[str, object]](uri, connect=False, **options) as client:  # type: ignore[arg-type]  # as given
                asked["seconds"] = client.options.server_selection_timeout
            raise InvalidURI("enough")

    monkeypatch.setenv(VARIABLE, f"mongodb://127.0.0.1/{option}")
    monkeypatch.setattr("schema.mongodb.store.MongoClient", Nobody)
    monkeypatch.delenv("CLOUD_RUN_JOB", raising=False)
    if job:
        monkeypatch.setenv("CLOUD_RUN_JOB", job)
    with pytest.raises(SchemaError), opened(dev):
        pass
    assert asked == {"seconds": milliseconds / 1000}


class Building:
    """A database in which reviews.by_user is being built, as MongoDB 8.0 tells it.

    A view and a time series bring collections of the server's along, which readWrite and dbAdmin may not look into.
    """

    name = "triptrip"

    def __getitem__(self, name: str) -> "Building":
        if name.startswith("system."):
            raise OperationFailure(f"not authorized on triptrip to execute command on {name}", 13)
        return self

    def list_collections(self) -> list[dict[str, object]]:
        return [
            {"name": "reviews", "type": "collection", "options": {}},
            {"name": "seen", "type": "view", "options": {}},
            {"name": "system.views", "type": "collection", "options": {}},
            {"name": "clicks", "type": "timeseries", "options": {"timeseries": {"timeField": "at"}}},
            {"name": "system.buckets.clicks", "type": "collection", "options": {}},
        ]

    def list_indexes(self) -> list[dict[str, object]]:
        return [{"v": 2, "key": {"a": 1}, "name": name} for name in ("by_user", "by_entity")]

    def aggregate(self, pipeline: list[dict[str, object]]) -> list[dict[str, object]]:
        assert pipeline == [{"$collStats": {"storageStats": {}}}]
        return [{"storageStats": {"indexBuilds": ["by_user"]}}]


def test_an_index_that_is_being_built_is_not_there_yet() -> None:
    database: Any = Building()
    observed = MongodbStore(database)._observed()  # noqa: SLF001 # the stand-in of the integration tests builds at once
    assert set(observed["reviews"].indexes) == {"by_entity"}
    assert observed["seen"].kind == "view"


def test_a_view_and_a_time_series_made_by_hand_are_told() -> None:
    database: Any = Building()
    told = list(plan.findings((), MongodbStore(database)._observed()))  # noqa: SLF001 # the stand-in has neither
    assert [line.partition(" is ")[0] for line in told] == [
        "unknown: timeseries clicks",
        "unknown: collection reviews",
        "unknown: view seen",
    ]


def test_without_a_uri_the_variable_is_named(monkeypatch: pytest.MonkeyPatch, dev: Environment) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(SchemaError, match=f"environment variable {VARIABLE}: is not set"), opened(dev):
        pass


class Remembering:
    """The collection of the ledger."""

    def __init__(self) -> None:
        self.changes: list[Any] = []

    def update_one(self, _: object, change: Any, *, upsert: bool = False) -> None:
        del upsert
        self.changes.append(change)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def run(database):\n    document = {}\n    document['country']\n", "0001_some.py:3: KeyError: 'country'"),
        ("import json\ndef run(database):\n    json.loads('{')\n", "0001_some.py:3: JSONDecodeError: Expecting"),
        ("def run(database):\n    raise SystemExit(3)\n", "0001_some.py:2: SystemExit: 3"),
        ("import no_such_module\ndef run(database):\n    pass\n", "0001_some.py:1: ModuleNotFoundError: No module"),
        ("class Odd:\n    odd = 1 / 0\ndef run(database):\n    pass\n", "0001_some.py:2: ZeroDivisionError"),
    ],
)
def test_what_a_migration_raises_is_told_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "0001_some.py").write_text(content, encoding="utf-8")
    remembered: Any = Remembering()
    database: Any = Building()
    with pytest.raises(SchemaError) as caught:
        Ledger(remembered, "someone").run(read_file(tmp_path / "0001_some.py"), database)
    assert said in str(caught.value)
    (begun,) = remembered.changes
    assert begun[0]["$set"]["finished_at"] is None


def test_what_the_client_raises_in_a_migration_is_told_as_the_client_s(tmp_path: Path) -> None:
    file = tmp_path / "0001_some.py"
    file.write_text("def run(database):\n    database['system.views']\n", encoding="utf-8")
    remembered: Any = Remembering()
    database: Any = Building()
    with pytest.raises(OperationFailure):
        Ledger(remembered, "someone").run(read_file(file), database)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def run(database):\n    pass\n", None),
        ("def run(\n", "is no Python"),
        ("def walk(database):\n    pass\n", "has no function run"),
        ("def run():\n    pass\n", "has no function run"),
        ("raise SystemExit(1)\ndef run(database):\n    pass\n", None),
    ],
)
def test_the_form_of_a_migration_is_seen_without_running_it(tmp_path: Path, content: str, said: str | None) -> None:
    file = tmp_path / "0001_some.py"
    file.write_text(content, encoding="utf-8")
    if said is None:
        check_form(read_file(file))
        return
    with pytest.raises(SchemaError, match=said):
        check_form(read_file(file))
