"""A cluster that answers what a test says, and remembers what it was sent."""

from collections.abc import Iterable, Mapping
from typing import Any

from elasticsearch import Elasticsearch

from schema.elasticsearch.cluster import Cluster


class ToldCluster(Cluster):
    """Answers by `method path`, the query left out; what has no answer is not there, and every change is accepted."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        super().__init__(Elasticsearch("http://127.0.0.1:1"), "the cluster")
        self.answers = {name: list(each) if isinstance(each, list) else each for name, each in (answers or {}).items()}
        self.sent: list[tuple[str, str, Any]] = []

    def _asked(
        self, client: Elasticsearch, method: str, path: str, body: Any, none_for: Iterable[int] = ()
    ) -> Any | None:
        del client, none_for
        if method != "GET":
            self.sent.append((method, path, body))
        answer = self.answers.get(f"{method} {path.partition('?')[0]}")
        if isinstance(answer, list):
            return answer.pop(0)
        return answer if answer is not None or method == "GET" else {"acknowledged": True}
