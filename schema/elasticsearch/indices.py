"""Versioned indices behind aliases: `hotels` reads and `hotels-write` writes hotels-000001, until it is made anew."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schema.elasticsearch.change import Change, differences, in_one_line
from schema.elasticsearch.cluster import Cluster
from schema.elasticsearch.copying import Copying
from schema.elasticsearch.desired import WantedIndex
from schema.elasticsearch.fit import fit
from schema.elasticsearch.rebuild import aliases_of, make_anew, remove, swap
from schema.kit import Action, SchemaError

_NUMBER = re.compile(r"\d{6}")


@dataclass(frozen=True)
class _State:
    """The indices of one name, oldest first, each as the API tells it; `used` is the one that is read."""

    indices: Mapping[str, Any]
    used: str

    def before(self) -> list[str]:
        return [name for name in self.indices if name < self.used]

    def after(self) -> list[str]:
        return [name for name in self.indices if name > self.used]


def changes(cluster: Cluster, copying: Copying, wanted: WantedIndex) -> Iterator[Change]:
    """What brings one name's indices to what the files say, in order."""
    note = wanted.mappings["_meta"]["checksum"]
    found = numbered(cluster, wanted.name)
    if not found:
        yield _create(cluster, wanted, note)
        return
    state = _State(found, _used(wanted, found))
    used = found[state.used]
    yield from _in_place(cluster, wanted, state, note)
    anew = fit(used, wanted).anew
    former = [*state.before(), *([state.used] if anew else [])]
    surplus = former[: max(0, len(former) - wanted.kept)]
    for name in surplus:
        if name != state.used:
            yield _delete(cluster, name, note)
    for name in [] if anew else state.after():
        yield _abandon(cluster, copying, state.used, name, note)
    if anew:
        target = _next(state.used)
        detail = f"{state.used} → {target}: {in_one_line(list(anew))}"
        source = state.used

        def run() -> None:
            make_anew(cluster, copying, wanted, source, target)

        yield Change(Action.CHANGE, f"reindex of {wanted.name}", detail, note, run)
        if state.used in surplus:
            yield _delete(cluster, state.used, note)


def numbered(cluster: Cluster, name: str) -> Mapping[str, Any]:
    """The indices of a name by their own names, oldest first; raises SchemaError when an index has an alias's name."""
    every = cluster.get(f"/{name}*?expand_wildcards=open,closed,hidden&ignore_unavailable=true") or {}
    for alias in (name, f"{name}-write"):
        if alias in every:
            raise SchemaError(
                f"index {alias}",
                "has the name that an alias is to have: somebody wrote before the schema was applied",
                fix=f"write its documents through {name}-write after deleting it, or rename it by _reindex",
            )
    return {key: every[key] for key in sorted(every) if _NUMBER.fullmatch(key.removeprefix(f"{name}-"))}


def _used(wanted: WantedIndex, found: Mapping[str, Any]) -> str:
    """The index that is in use: the one that is read, or the one that is written, or the only one."""
    for alias in (wanted.name, wanted.write_alias):
        led_to = [name for name, index in found.items() if alias in index["aliases"]]
        if len(led_to) > 1:
            raise SchemaError(f"alias {alias}", f"leads to {' and '.join(led_to)}", fix="take it off all but one")
        if led_to:
            return led_to[0]
    if len(found) == 1:
        return next(iter(found))
    raise SchemaError(
        f"alias {wanted.name}",
        f"leads nowhere, and there are {', '.join(found)}",
        fix="add it to the one that holds the documents, and run again",
    )


def _create(cluster: Cluster, wanted: WantedIndex, note: str) -> Change:
    first = f"{wanted.name}-000001"
    body = {"settings": wanted.settings, "mappings": wanted.mappings, "aliases": aliases_of(wanted)}
    detail = f"read through {wanted.name}, written through {wanted.write_alias}"
    return Change(Action.CREATE, f"index {first}", detail, note, lambda: _put(cluster, first, body))


def _put(cluster: Cluster, name: str, body: Mapping[str, Any]) -> None:
    cluster.change("PUT", f"/{name}", body)


def _in_place(cluster: Cluster, wanted: WantedIndex, state: _State, note: str) -> Iterator[Change]:
    """Aliases, a write block that an interrupted run left, and what an index takes while it is in use."""
    name, used = state.used, state.indices[state.used]
    if used["settings"]["index"].get("blocks", {}).get("write") == "true":
        body = {"index.blocks.write": None}
        detail = "let writers in again"
        yield Change(Action.CHANGE, f"index {name}", detail, note, lambda: _settings(cluster, name, body))
    led = {alias: options for alias, options in used["aliases"].items() if alias in aliases_of(wanted)}
    elsewhere = next(
        (other for other, index in state.indices.items() if other != name and wanted.write_alias in index["aliases"]),
        None,
    )
    if different := list(differences(led, aliases_of(wanted))):
        request = swap(wanted, name, elsewhere or name)
        yield Change(
            Action.CHANGE,
            f"aliases of {name}",
            in_one_line(different),
            note,
            lambda: _aliases(cluster, request),
        )
    found = fit(used, wanted)
    if found.settings:
        detail = in_one_line(list(found.settings))
        yield Change(Action.CHANGE, f"settings of {name}", detail, note, lambda: _settings(cluster, name, found.asked))
    if found.mappings and not found.anew:
        detail = in_one_line(list(found.mappings))
        yield Change(Action.CHANGE, f"mapping of {name}", detail, note, lambda: _mapping(cluster, wanted, name))


def _settings(cluster: Cluster, name: str, body: Mapping[str, Any]) -> None:
    cluster.change("PUT", f"/{name}/_settings", body)


def _aliases(cluster: Cluster, request: Mapping[str, Any]) -> None:
    cluster.change("POST", "/_aliases", request)


def _mapping(cluster: Cluster, wanted: WantedIndex, name: str) -> None:
    cluster.change("PUT", f"/{name}/_mapping", wanted.mappings)


def _delete(cluster: Cluster, name: str, note: str) -> Change:
    return Change(Action.DELETE, f"index {name}", "is superseded", note, lambda: remove(cluster, name))


def _abandon(cluster: Cluster, copying: Copying, source: str, name: str, note: str) -> Change:
    def run() -> None:
        # A copy that still runs would make the index again by writing into it.
        copying.stop(source, name)
        remove(cluster, name)

    return Change(Action.DELETE, f"index {name}", "was never finished", note, run)


def _next(name: str) -> str:
    stem, _, number = name.rpartition("-")
    return f"{stem}-{int(number) + 1:06}"
