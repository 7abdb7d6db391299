"""Everything in a cluster that has a name and a body: templates, synonym sets, policies, the repository, roles."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schema.elasticsearch.change import Change, differences, in_one_line
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.files import MANAGED_BY, checksum
from schema.kit import Action

_RULES = "synonyms_set"
_NO_MARK: tuple[str, ...] = ()


class Capability(StrEnum):
    """What Elastic Cloud has and the core of Elasticsearch alone has not."""

    LIFECYCLE_POLICIES = "ilm"
    SNAPSHOT_POLICIES = "slm"
    CLOUD_REPOSITORIES = "repository-gcs"
    DATA_STREAMS = "data-streams"
    REINDEX = "reindex"
    ANALYSIS_PLUGINS = "analysis-plugins"


EVERYTHING = frozenset(Capability)


@dataclass(frozen=True)
class Kind:
    """How objects of one kind are read and written.

    `find` picks the body of a name out of an answer, and `names` tells whose bodies are in one; `mark` is the path
    inside the body where what made it is noted; `drops` are keys that the cluster adds.
    """

    title: str
    folder: str
    path: str
    find: Callable[[Any, str], Any]
    names: Callable[[Any], Iterable[str]] = sorted
    mark: tuple[str, ...] = _NO_MARK
    query: str = ""
    drops: tuple[str, ...] = ()
    needs: Capability | None = None
    only_made: bool = False


KINDS = (
    Kind("synonym set", "synonym_sets", "/_synonyms", lambda answer, _: {_RULES: answer[_RULES]}, query="?size=10000"),
    Kind(
        "component template",
        "component_templates",
        "/_component_template",
        lambda answer, name: _named(answer["component_templates"], name)["component_template"],
        lambda answer: [row["name"] for row in answer["component_templates"]],
        ("_meta",),
    ),
    Kind(
        "lifecycle policy",
        "lifecycle_policies",
        "/_ilm/policy",
        lambda answer, name: {"policy": answer[name]["policy"]},
        mark=("policy", "_meta"),
        needs=Capability.LIFECYCLE_POLICIES,
    ),
    Kind(
        "index template",
        "index_templates",
        "/_index_template",
        lambda answer, name: _named(answer["index_templates"], name)["index_template"],
        lambda answer: [row["name"] for row in answer["index_templates"]],
        ("_meta",),
    ),
    Kind(
        "data stream",
        "data_streams",
        "/_data_stream",
        lambda _, __: {},
        needs=Capability.DATA_STREAMS,
        only_made=True,
    ),
    Kind(
        "snapshot repository",
        "snapshot_repositories",
        "/_snapshot",
        lambda answer, name: answer[name],
        # Given by Elasticsearch to a repository that holds snapshots.
        drops=("uuid",),
        needs=Capability.CLOUD_REPOSITORIES,
    ),
    Kind(
        "snapshot policy",
        "snapshot_policies",
        "/_slm/policy",
        lambda answer, name: answer[name]["policy"],
        mark=("config", "metadata"),
        needs=Capability.SNAPSHOT_POLICIES,
    ),
    Kind(
        "role",
        "roles",
        "/_security/role",
        lambda answer, name: answer[name],
        mark=("metadata",),
        drops=("transient_metadata",),
    ),
)
"""In the order in which one may name another: an index's analysis needs its synonym set, a policy its repository."""


@dataclass(frozen=True)
class Wanted:
    """One object as the files say, with the requirements that ask for it."""

    kind: Kind
    name: str
    body: dict[str, Any]
    asked_by: tuple[str, ...]

    @property
    def what(self) -> str:
        """How the object is called in plans."""
        return f"{self.kind.title} {self.name}"

    def marked(self) -> dict[str, Any]:
        """The body with a note of what made it, where the kind has a place for one."""
        if not self.kind.mark:
            return self.body
        note = {"managed_by": MANAGED_BY, "asked_by": list(self.asked_by), "checksum": checksum(self.body)}
        return _with(self.body, self.kind.mark, note)


def changes(cluster: Cluster, wanted: Wanted) -> Iterator[Change]:
    """The change that an object needs, if any; the cluster's content decides, not its note of a checksum."""
    kind, body = wanted.kind, wanted.marked()
    path = f"{kind.path}/{wanted.name}"
    answer = cluster.get(path + kind.query)
    found = kind.find(answer, wanted.name) if answer else None

    def put() -> None:
        cluster.change("PUT", path, None if kind.only_made else body)

    if found is None:
        yield Change(Action.CREATE, wanted.what, f"asked for by {', '.join(wanted.asked_by)}", checksum(body), put)
    elif not kind.only_made:
        actual = normal({key: value for key, value in found.items() if key not in kind.drops})
        if different := list(differences(actual, normal(body))):
            yield Change(Action.CHANGE, wanted.what, in_one_line(different), checksum(body), put)


def unclaimed(cluster: Cluster, kind: Kind, wanted: Collection[str]) -> Iterator[str]:
    """Names of objects that bear our mark and are not wanted; of a kind without a place for one, nothing is known."""
    answer = cluster.get(kind.path) if kind.mark else None
    for name in kind.names(answer) if answer else ():
        note = kind.find(answer, name)
        for part in kind.mark:
            note = note.get(part) or {}
        if name not in wanted and note.get("managed_by") == MANAGED_BY:
            yield name


def normal(body: Any) -> Any:
    """A body as the cluster tells it: settings on one level, every value a string; rules of synonyms by their ids."""
    if isinstance(body, dict):
        return {key: _normal_value(key, value) for key, value in body.items()}
    return [normal(value) for value in body] if isinstance(body, list) else body


def _normal_value(key: str, value: Any) -> Any:
    if key == "settings" and isinstance(value, dict):
        return flat_settings(value)
    if key == _RULES and isinstance(value, list):
        return sorted(value, key=lambda rule: str(rule["id"]))
    return normal(value)


def flat_settings(settings: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Settings on one level, every value a string, as Elasticsearch keeps them."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        inner = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            flat |= flat_settings(value, inner)
        elif isinstance(value, list):
            flat[inner] = [_text(part) for part in value]
        else:
            flat[inner] = _text(value)
    return flat


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with(body: dict[str, Any], path: tuple[str, ...], note: Any) -> dict[str, Any]:
    first, *rest = path
    return {**body, first: _with(body.get(first, {}), tuple(rest), note) if rest else note}


def _named(rows: Sequence[Any], name: str) -> Any:
    return next(row for row in rows if row["name"] == name)
