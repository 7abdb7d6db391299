"""The command against a server: from empty, twice, two at once, drift, refusals, roles (MDB-COLL, MDB-INDEX)."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, OperationFailure, WriteError

from sandbox.servers.mongodb import MongodbServer
from sandbox.servers.workspace import Workspace
from schema.mongodb.read import collections
from tests.integration.conftest import group
from tests.integration.schema.mongodb.project import DATABASE, Project, copied, ended
from tests.unit.schema.mongodb.cases import Case, cases

Documents = Database[Mapping[str, Any]]
_INVALID = 121


def applied(project: Project, database: Documents) -> list[str]:
    """Apply in this process; returns what was done."""
    store = project.store(database)
    with store.lock(0):
        steps = store.steps()
        for step in steps:
            step.run()
    assert store.steps() == []
    assert store.findings() == []
    return [f"{step.action} {step.what}" for step in steps]


def test_from_empty_and_again(project: Project, database: Documents) -> None:
    assert project.schema("plan", "--expect-no-changes").status == 1
    assert database.list_collection_names() == []
    first = project.schema("apply")
    assert (first.status, first.err) == (0, "")
    assert "collection reviews" in first.out
    again = project.schema("apply")
    assert (again.status, again.out, again.err) == (0, "mongodb of dev: no changes made\n", "")
    assert project.schema("plan", "--expect-no-changes").status == 0
    assert project.schema("verify").status == 0
    assert "0001_review_language" in project.schema("status", "--format", "json").out
    wanted = {one.name: {"_id_", *one.indexes} - {"all_text"} for one in collections()}
    assert {name: set(database[name].index_information()) for name in wanted} == wanted


@pytest.fixture(scope="module")
def filled(server: MongodbServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Documents]:
    """The schema in a database of its own, for documents that are taken out again."""
    project = copied(tmp_path_factory.mktemp("filled") / "project", server.uri())
    with MongoClient[Mapping[str, Any]](server.uri()) as client:
        applied(project, client["validators"])
        yield client["validators"]


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_server_accepts_and_refuses_as_json_schema_does(filled: Documents, case: Case) -> None:
    collection = filled[case.collection]
    if case.breaks is None:
        inserted = collection.insert_one(dict(case.document)).inserted_id
        collection.delete_one({"_id": inserted})
        return
    with pytest.raises(WriteError) as caught:
        collection.insert_one(dict(case.document))
    assert caught.value.code == _INVALID


def test_one_published_version_a_page_and_language(filled: Documents) -> None:
    page = next(dict(case.document) for case in cases() if case.collection == "pages")
    filled["pages"].insert_one({**page, "version": 7})
    filled["pages"].insert_one({**page, "version": 8, "status": "archived"})
    filled["pages"].insert_one({**page, "version": 7, "locale": "en"})
    with pytest.raises(DuplicateKeyError):
        filled["pages"].insert_one({**page, "version": 9})
    filled["pages"].delete_many({})


def test_two_at_once_are_one_after_the_other(project: Project, database: Documents) -> None:
    both = [project.start("apply", "mongodb", "--env", "dev") for _ in range(2)]
    done = [ended(process) for process in both]
    assert [one.status for one in done] == [0, 0], done
    made = sorted(one.out.splitlines()[-1] for one in done)
    assert made[0].startswith("mongodb of dev: 4")
    assert made[1] == "mongodb of dev: no changes made"
    assert database["schema_lock"].count_documents({}) == 0


def test_what_hands_changed_is_found_and_put_back(project: Project, database: Documents) -> None:
    applied(project, database)
    database.command("collMod", "reviews", validator={}, validationAction="warn")
    database.command("collMod", "travel_logs", index={"name": "deleted", "expireAfterSeconds": 60})
    database["pages"].drop_index("by_status")
    database["faqs"].drop()
    database["pages"].create_index("title", name="by_hand")
    database.create_collection("leftovers")
    found = project.schema("verify")
    assert found.status == 1
    for line in ("validator reviews", "index travel_logs.deleted", "index pages.by_status", "collection faqs"):
        assert f"{line}  " in found.err
    assert "unknown: index pages.by_hand" in found.err
    assert "unknown: collection leftovers" in found.err
    put_back = project.schema("apply")
    assert put_back.status == 1, "what no file knows is still there"
    assert "not made" not in put_back.err
    assert {"by_hand", "by_status"} <= set(database["pages"].index_information())
    database["pages"].drop_index("by_hand")
    database.drop_collection("leftovers")
    assert project.schema("verify").status == 0


def test_documents_that_break_a_new_validator_are_counted_and_nothing_is_changed(
    project: Project, database: Documents
) -> None:
    applied(project, database)
    database.command("collMod", "reviews", validator={})
    database["reviews"].insert_many([{"_id": f"r-{number}", "rating": number} for number in range(3)])
    refused = project.schema("apply")
    assert refused.status == 2
    assert "validator reviews: 3 documents break it, such as _id 'r-0'" in refused.err
    assert next(iter(database.list_collections(filter={"name": "reviews"})))["options"]["validator"] == {}
    database["reviews"].delete_many({})
    assert project.schema("apply").status == 0


def test_duplicates_keep_an_index_from_becoming_unique(project: Project, database: Documents) -> None:
    applied(project, database)
    faqs = database["faqs"]
    faqs.drop_index("by_slug")
    faqs.create_index([("slug", 1), ("locale", 1)], name="by_slug")
    faq = next(dict(case.document) for case in cases() if case.collection == "faqs")
    faqs.insert_many([{**faq, "_id": "a"}, {**faq, "_id": "b"}])
    refused = project.schema("apply")
    assert refused.status == 2
    assert "index faqs.by_slug: cannot be unique: 1 key is in more than one document" in refused.err
    faqs.delete_one({"_id": "a"})
    assert applied(project, database) == ["change index faqs.by_slug"] * 2
    with pytest.raises(DuplicateKeyError):
        faqs.insert_one({**faq, "_id": "c"})


def test_a_retired_index_goes_once_it_is_hidden(project: Project, database: Documents) -> None:
    applied(project, database)
    database["pages"].create_index([("title", 1)], name="by_title", hidden=True)
    pages = project.read("pages")
    project.write("pages", {**pages, "retired": ["by_title"]})
    assert applied(project, database) == ["delete index pages.by_title"]
    assert "by_title" not in database["pages"].index_information()


def test_reviews_are_given_their_language_once(project: Project, database: Documents) -> None:
    texts = {"ja": "とても静か", "ko": "정말 좋아요", "und": "東京 2026", "en": "Fine"}
    review = next(dict(case.document) for case in cases() if case.document.get("rating") == 1)
    database["reviews"].insert_many([{**review, "_id": name, "content": text} for name, text in texts.items()])
    database["reviews"].update_one({"_id": "en"}, {"$set": {"language": "en"}})
    applied(project, database)
    assert {each["_id"]: each["language"] for each in database["reviews"].find()} == {name: name for name in texts}
    database["reviews"].update_many({}, {"$unset": {"language": ""}})
    assert applied(project, database) == []


def test_an_edited_migration_is_refused(project: Project, database: Documents) -> None:
    applied(project, database)
    file = project.migrations / "0001_review_language.py"
    file.write_text(file.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    refused = project.schema("plan")
    assert refused.status == 2
    assert "0001_review_language.py: was edited after it ran" in refused.err


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ("reader", "the role readWrite is missing"),
        ("administrator", "the role readWrite is missing"),
        ("writer", "collection app_configs: the role dbAdmin is missing"),
        ("unknown", "the sign-in was refused"),
    ],
)
def test_who_lacks_a_role_is_told_which(workspace: Workspace, tmp_path: Path, user: str, said: str) -> None:
    server = MongodbServer(workspace, group("mongodb"), "with-users")
    server.start()
    with MongoClient[Mapping[str, Any]](server.uri()) as client:
        # The stand-in's readWrite may do what MongoDB's may not.
        actions = ["find", "insert", "update", "remove", "collStats", "createIndex", "listCollections", "listIndexes"]
        privilege = {"resource": {"db": DATABASE, "collection": ""}, "actions": actions}
        client[DATABASE].command("createRole", "documents", privileges=[privilege], roles=[])
    for name, roles in {
        "reader": ["read"],
        "writer": ["documents"],
        "administrator": ["dbAdmin"],
        "migration": ["readWrite", "dbAdmin"],
    }.items():
        server.add_user(name, DATABASE, roles)
    server.stop()
    server.start(auth=True)
    uri = server.uri(user, DATABASE)
    project = copied(tmp_path / "project", uri)
    refused = project.schema("apply")
    assert refused.status == 2
    assert said in refused.err
    assert workspace.password not in refused.err
    project.uri = server.uri("migration", DATABASE)
    assert project.schema("apply").status == 0
    assert "migration" in project.schema("status", "--format", "json").out


def test_the_stand_in_knows_no_text_index(database: Documents) -> None:
    """When it does, tests need no files of their own."""
    with pytest.raises(OperationFailure, match="text indexes are not supported"):
        database["reviews"].create_index([("$**", "text")])
