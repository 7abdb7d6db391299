"""What is to be done to the indexes of one collection; the rules are told in `schema.mongodb.plan`."""

from collections.abc import Iterator, Mapping
from typing import Any

from schema.kit import Action
from schema.mongodb.change import Change, Distinct
from schema.mongodb.collection import TEXT, Collection, Index
from schema.mongodb.difference import difference
from schema.mongodb.observed import ObservedCollection, Options, index_options

NEVER = 2147483647
"""The longest time to live, in seconds: 68 years."""

_IN_PLACE = frozenset({"expireAfterSeconds", "hidden", "unique", "prepareUnique"})
_ONE_OF_EACH = ("key", "partialFilterExpression", "collation", "unique", "sparse")
"""What two indexes of a collection may not have all in common."""


def index_changes(wanted: Collection, observed: ObservedCollection) -> Iterator[Change]:
    """Retired indexes first, since a new one may have their keys; then changes in place, then new ones."""
    for name in wanted.retired:
        if name in observed.indexes:
            yield Change(
                Action.DELETE,
                f"index {wanted.name}.{name}",
                "retired and hidden",
                {"dropIndexes": wanted.name, "index": name},
            )
    for name, index in wanted.indexes.items():
        if name in observed.indexes:
            yield from _in_place(wanted.name, name, index, observed.indexes[name])
    for name, index in wanted.indexes.items():
        if name not in observed.indexes:
            yield _new(wanted.name, name, index)


def index_refusals(wanted: Collection, observed: ObservedCollection) -> Iterator[str]:
    """Why the indexes cannot become what the file says, each with the way out."""
    for name in wanted.retired:
        if name in observed.indexes and not observed.indexes[name].get("hidden"):
            yield (
                f"index {wanted.name}.{name} is retired and not hidden; to fix: declare it with `hidden: true`, apply, "
                "and retire it when nothing has become slow"
            )
    for name, index in wanted.indexes.items():
        new = index_options(index.specification(name))
        if name in observed.indexes:
            yield from _cannot_change(f"index {wanted.name}.{name}", new, observed.indexes[name])
        else:
            yield from _in_the_way(wanted, observed, name, new)


def _in_place(collection: str, name: str, index: Index, old: Options) -> Iterator[Change]:
    what = f"index {collection}.{name}"
    seconds = index.expire_after_seconds
    if seconds is not None and old.get("expireAfterSeconds") != seconds:
        before = old.get("expireAfterSeconds", "never")
        detail = f"expireAfterSeconds {before} → {seconds}: older documents are deleted"
        yield _modify(what, detail, collection, name, expireAfterSeconds=seconds)
    if index.hidden != bool(old.get("hidden")):
        detail = "hidden: queries stop using it" if index.hidden else "no longer hidden"
        yield _modify(what, detail, collection, name, hidden=index.hidden)
    prepared = bool(old.get("prepareUnique"))
    if index.unique and not old.get("unique"):
        if not prepared:
            yield _modify(what, "prepareUnique: new duplicates are refused", collection, name, prepareUnique=True)
        yield _modify(what, "unique", collection, name, needs=_distinct(collection, name, index), unique=True)
    elif prepared and not index.unique:
        yield _modify(what, "prepareUnique taken back", collection, name, prepareUnique=False)


def _modify(
    what: str, detail: str, collection: str, name: str, needs: Distinct | None = None, **options: object
) -> Change:
    return Change(Action.CHANGE, what, detail, {"collMod": collection, "index": {"name": name, **options}}, needs)


def _new(collection: str, name: str, index: Index) -> Change:
    specification = index.specification(name)
    keys = ", ".join(f"{key}: {kind}" for key, kind in index.keys.items())
    others = [_told(option, value) for option, value in specification.items() if option not in ("key", "name")]
    return Change(
        Action.CREATE,
        f"index {collection}.{name}",
        ", ".join([f"{{{keys}}}", *others]),
        {"createIndexes": collection, "indexes": [specification]},
        _distinct(collection, name, index) if index.unique else None,
    )


def _distinct(collection: str, name: str, index: Index) -> Distinct:
    return Distinct(collection, name, tuple(index.keys), index.partial_filter_expression or {})


def _told(option: str, value: Any) -> str:
    return option if value is True else f"{option} {value}"


def _cannot_change(what: str, new: Options, old: Options) -> Iterator[str]:
    if fixed := difference(_fixed(old), _fixed(new)):
        yield (
            f"{what} is otherwise in the database: {fixed}; to fix: write the old one into the file with "
            "`hidden: true` and give the new one another name; retire the old one later"
        )
    if old.get("unique") and not new.get("unique"):
        yield (
            f"{what} is unique in the database, which cannot be taken back; to fix: build one that is not under "
            "another name, and hide and retire this one"
        )
    if "expireAfterSeconds" in old and "expireAfterSeconds" not in new:
        yield (
            f"{what} deletes documents after {old['expireAfterSeconds']} s, which cannot be taken back; to fix: write "
            f"`expireAfterSeconds: {NEVER}`, which is never"
        )


def _fixed(options: Options) -> Mapping[str, Any]:
    return {
        **{name: value for name, value in options.items() if name not in _IN_PLACE},
        "key": [f"{field}: {kind}" for field, kind in options["key"]],
    }


def _in_the_way(wanted: Collection, observed: ObservedCollection, name: str, new: Options) -> Iterator[str]:
    for other, options in observed.indexes.items():
        if other in wanted.retired:
            continue
        is_text = _is_text(new) and _is_text(options)
        if is_text or all(new.get(option) == options.get(option) for option in _ONE_OF_EACH):
            why = "the collection's text index" if is_text else "with the same keys"
            yield (
                f"index {wanted.name}.{name} cannot be built beside {other}, {why} in the database; to fix: name it "
                f"{other} in the file, or hide {other} and retire it"
            )


def _is_text(options: Options) -> bool:
    return any(kind == TEXT for _, kind in options["key"])
