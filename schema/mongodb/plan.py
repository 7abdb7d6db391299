"""From what the database has to what the files say, as commands of the database; nothing here speaks to a server.

Rules of the server that the order of the steps comes from (mongodb.com/docs/v8.0/reference/command/collMod,
createIndexes and core/index-ttl, read 2026-11-26):
* a validator is armed at level `moderate` first, so that no new document breaks it while the old ones are counted; only
  then does it become `strict`;
* an index becomes unique in two steps: `prepareUnique` keeps new duplicates out, `unique` follows when there are none;
* an index's time to live and whether it is hidden are changed in place; an index of the same name with other keys or
  other options is never dropped for it, but refused: the file gives the new one a name of its own;
* an index is dropped when its file retires it and it is hidden, so that its loss could be felt beforehand.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from schema.kit import Action, SchemaError
from schema.mongodb.change import Change, Conforming
from schema.mongodb.collection import Collection
from schema.mongodb.difference import difference
from schema.mongodb.index_plan import index_changes, index_refusals
from schema.mongodb.observed import ObservedCollection

OWN = frozenset({"schema_ledger", "schema_lock"})
"""Collections that hold the schema's own records."""

_ARMED = "moderate"


def creations(wanted: Sequence[Collection], observed: Mapping[str, ObservedCollection]) -> tuple[Change, ...]:
    """New collections with their validators, which come before everything that may write into them."""
    return tuple(
        Change(
            Action.CREATE,
            f"collection {one.name}",
            f"validator {one.level}/{one.action}",
            {
                "create": one.name,
                "validator": one.validator,
                "validationLevel": one.level,
                "validationAction": one.action,
            },
        )
        for one in wanted
        if one.name not in observed
    )


def changes(wanted: Sequence[Collection], observed: Mapping[str, ObservedCollection]) -> tuple[Change, ...]:
    """What is to be done after `creations`; raises SchemaError with everything that cannot be done."""
    pairs = [(one, observed.get(one.name) or _as_created(one)) for one in wanted]
    if refusals := [line for one, there in pairs for line in _refusals(one, there)]:
        raise SchemaError("the database", "cannot become what the files say\n  " + "\n  ".join(refusals))
    validators = [change for one, there in pairs for change in _validator_changes(one, there)]
    indexes = [change for one, there in pairs for change in index_changes(one, there)]
    return (*validators, *indexes)


def findings(wanted: Sequence[Collection], observed: Mapping[str, ObservedCollection]) -> Iterator[str]:
    """What the database has that no file knows; it is told and never deleted."""
    known = {one.name: one for one in wanted}
    for name, there in sorted(observed.items()):
        if name in OWN or name.startswith("system."):
            continue
        if name not in known:
            yield f"unknown: {there.kind} {name} is in no file of schema/mongodb/collections"
            continue
        for index in sorted(there.indexes.keys() - known[name].indexes.keys() - set(known[name].retired)):
            yield f"unknown: index {name}.{index} is in no file of schema/mongodb/collections"
        if there.others:
            yield f"unknown: collection {name} has options that no file asks for: {', '.join(there.others)}"


def _as_created(one: Collection) -> ObservedCollection:
    return ObservedCollection(one.name, validator=one.validator, level=one.level, action=one.action)


def _refusals(one: Collection, there: ObservedCollection) -> Iterator[str]:
    if there.kind != "collection":
        yield f"{one.name} is a {there.kind} in the database; to fix: rename it by hand"
        return
    yield from index_refusals(one, there)


def _validator_changes(one: Collection, there: ObservedCollection) -> Iterator[Change]:
    what = f"validator {one.name}"
    checks_all = one.level == "strict" and one.action == "error"
    first = _ARMED if checks_all else one.level
    if _difference(there, one, there.level) or there.level not in (first, one.level):
        yield Change(Action.CHANGE, what, _difference(there, one, first), _command(one, first))
    elif there.level == one.level:
        return
    if checks_all:
        yield Change(
            Action.CHANGE,
            what,
            f"validationLevel {_ARMED} → strict",
            _command(one, one.level),
            Conforming(one.name, one.validator),
        )


def _difference(there: ObservedCollection, one: Collection, level: str) -> str:
    text = difference(
        {"validationLevel": there.level, "validationAction": there.action, "validator": there.validator},
        {"validationLevel": level, "validationAction": one.action, "validator": one.validator},
    )
    return text.replace("validator.$jsonSchema.", "")


def _command(one: Collection, level: str) -> Mapping[str, Any]:
    return {
        "collMod": one.name,
        "validator": one.validator,
        "validationLevel": level,
        "validationAction": one.action,
    }
