"""One node for all of these tests, emptied before each, and the store of the dev environment on it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox.servers.elasticsearch import SUPERUSER, ElasticsearchServer
from sandbox.servers.workspace import Workspace
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.desired import desired
from schema.elasticsearch.files import FOLDER
from schema.elasticsearch.objects import EVERYTHING, KINDS, Capability
from schema.elasticsearch.store import ElasticsearchStore, connected
from schema.kit import Environment, load_environment
from tests.integration.conftest import group

NODE_HAS = EVERYTHING - {
    Capability.ANALYSIS_PLUGINS,
    Capability.CLOUD_REPOSITORIES,
    Capability.DATA_STREAMS,
    Capability.REINDEX,
}
"""What the node stands in for; tests/unit/schema/elasticsearch has the requests to what it lacks."""


class Vault:
    """Secret Manager in memory."""

    def __init__(self) -> None:
        self.versions: dict[str, list[str]] = {}

    def latest(self, name: str) -> str | None:
        return str(len(self.versions[name])) if name in self.versions else None

    def add_version(self, name: str, payload: str) -> str:
        self.versions.setdefault(name, []).append(payload)
        return str(len(self.versions[name]))


class Lab:
    """A node, the files of a test's own, and stores that bring one to the other."""

    def __init__(self, server: ElasticsearchServer, cluster: Cluster, folder: Path) -> None:
        self.server = server
        self.cluster = cluster
        self.folder = folder
        self.vault = Vault()
        self.environment: Environment = load_environment("dev")

    def address(self, user: str = SUPERUSER, password: str | None = None) -> str:
        password = self.server.workspace.password if password is None else password
        return f"http://{quote(user)}:{quote(password, safe='')}@{self.server.endpoint}"

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def store(self, cluster: Cluster | None = None, lease_seconds: float = 30) -> ElasticsearchStore:
        wanted = desired(self.environment, self.folder)
        return ElasticsearchStore(cluster or self.cluster, wanted, self.vault, NODE_HAS, lease_seconds)

    def apply(self, cluster: Cluster | None = None, lease_seconds: float = 30, wait: float = 30) -> list[str]:
        """Run the plan; returns its lines."""
        store = self.store(cluster, lease_seconds)
        with store.lock(wait):
            steps = store.steps()
            for step in steps:
                step.run()
        return [f"{step.action} {step.what}" for step in steps]

    def plan(self) -> list[str]:
        return [f"{step.action} {step.what}: {step.detail}" for step in self.store().steps()]

    def key(self, client: str) -> str | None:
        """What a client is handed."""
        return next(reversed(self.vault.versions.get(f"triptrip-dev-elasticsearch-{client}-api-key", [])), None)

    def write(self, documents: dict[str, dict[str, object]], index: str = "hotels-write") -> None:
        lines: list[dict[str, object]] = []
        for key, document in documents.items():
            lines += [{"index": {"_index": index, "_id": key}}, document]
        answer = self.cluster.bulk(lines)
        assert not answer["errors"], answer
        self.cluster.change("POST", f"/{index}/_refresh")

    def used(self, alias: str = "hotels") -> str:
        (name,) = self.cluster.get(f"/_alias/{alias}") or {}
        return str(name)


@pytest.fixture(scope="session")
def node() -> Iterator[ElasticsearchServer]:
    with Workspace() as workspace:
        server = ElasticsearchServer(workspace, group("elasticsearch"))
        server.start()
        yield server


@pytest.fixture
def lab(node: ElasticsearchServer, tmp_path: Path) -> Iterator[Lab]:
    folder = tmp_path / "files"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    address = f"http://{SUPERUSER}:{quote(node.workspace.password, safe='')}@{node.endpoint}"
    with connected(address) as cluster:
        _empty(cluster)
        yield Lab(node, cluster, folder)


@pytest.fixture
def closing() -> Iterator[Callable[[str, str | None], Cluster]]:
    """Open more connections, closed with the test."""
    open_now = []

    def opened(address: str, key: str | None = None) -> Cluster:
        context = connected(address, key)
        open_now.append(context)
        return context.__enter__()

    yield opened
    for context in open_now:
        context.__exit__(None, None, None)


def _empty(cluster: Cluster) -> None:
    """Take away everything that a test may have made."""
    for index in (
        cluster.get("/hotels*,products*,triptrip-schema,stranger*?expand_wildcards=all&ignore_unavailable=true") or {}
    ):
        cluster.change("DELETE", f"/{index}")
    for kind in reversed(KINDS):
        for file in (FOLDER / kind.folder).glob("*.yaml"):
            if kind.needs is None or kind.needs in NODE_HAS:
                cluster.change("DELETE", f"{kind.path}/{file.stem}", none_for=(404,))
    cluster.change("DELETE", "/_security/api_key", {"username": SUPERUSER})
