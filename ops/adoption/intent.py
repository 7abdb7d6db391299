"""What the settings must say after an adoption: a pure function of what they say and of what the state has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra.derive.names import Names
    from infra.settings.project import ProjectSettings
    from ops.adoption.instances import Instance

Path = tuple[str, ...]
Leaf = str | int | float | bool

_SECOND = 2


@dataclass(frozen=True)
class Change:
    """One place of the settings, below `triptrip:postgres`; no value: the place is removed."""

    path: Path
    value: Leaf | None = None

    def __str__(self) -> str:
        place = f"postgres.{'.'.join(self.path)}"
        return f"{place}: {self.value}" if self.value is not None else f"{place} is removed"


@dataclass(frozen=True)
class Tier:
    """What is declared and what stands: the raw settings of PostgreSQL, the project, and the instances of the state."""

    raw: Mapping[str, Any]
    project: ProjectSettings
    names: Names
    known: Sequence[Instance]
    old: Instance

    @property
    def taken(self) -> set[str]:
        """Names that instances have or have been given."""
        replicas = (self.raw.get("replicas") or {}).values()
        return {each.name for each in self.known} | {str(each["instance"]) for each in replicas if "instance" in each}


def demoted_key(tier: Tier, adopted: Instance) -> str | None:
    """The key that the old primary gets when it follows the new one, after a switchover: the place where it runs."""
    if tier.old.follows != adopted.name:
        return None
    row = catalog.regions().get(tier.old.region)
    wanted = row.place.lower() if row else "former"
    used = set(tier.raw.get("replicas") or {}) - {adopted.key}
    return wanted if wanted not in used else f"{wanted}-{_SECOND}"


def changes(tier: Tier, adopted: Instance) -> list[Change]:
    """Everything that must be written or removed, in an order of which no part is wrong for longer than needed."""
    found = [*_primary(tier, adopted), *_replicas(tier, adopted), *_recovery(tier, adopted)]
    return [change for change in found if _at(tier.raw, change.path) != change.value]


def undone(raw: Mapping[str, Any], made: Sequence[Change]) -> list[Change]:
    """What brings the settings back."""
    back: dict[Path, Change] = {}
    for change in reversed(made):
        before = _at(raw, change.path)
        if before is None:
            place = _missing(raw, change.path)
            back[place] = Change(place)
        for leaf in _leaves(change.path, before):
            back[leaf.path] = leaf
    return list(back.values())


def applied(raw: Mapping[str, Any], made: Sequence[Change]) -> dict[str, Any]:
    """The raw settings after changes."""
    new: dict[str, Any] = dict(raw)
    for change in made:
        new = _with(new, change.path, change.value)
    return new


def _primary(tier: Tier, adopted: Instance) -> Iterator[Change]:
    primary = tier.raw.get("primary") or {}
    abroad = adopted.region != tier.project.region
    yield Change(("primary", "instance"), adopted.name if adopted.name != tier.names.lasting("postgres") else None)
    yield Change(("primary", "region"), adopted.region if abroad else None)
    replica = (tier.raw.get("replicas") or {}).get(adopted.key or "") or {}
    if adopted.key is not None:
        yield Change(("primary", "tier"), replica.get("tier") or adopted.tier)
    if adopted.zone and adopted.region != tier.old.region:
        yield Change(("primary", "zone"), replica.get("zone") or adopted.zone)
        if "secondaryZone" in primary:
            yield Change(("primary", "secondaryZone"))


def _replicas(tier: Tier, adopted: Instance) -> Iterator[Change]:
    """Replicas of the old primary: anew under names of their own, or gone with a region that is lost."""
    following = {each.key for each in tier.known if each.follows == adopted.name}
    for key, replica in (tier.raw.get("replicas") or {}).items():
        if key == adopted.key:
            yield Change(("replicas", key))
        elif key in following:
            continue
        elif adopted.region != tier.old.region and (replica.get("region") or tier.project.region) != adopted.region:
            yield Change(("replicas", key))
        else:
            yield Change(("replicas", key, "instance"), _fresh(tier, key))
    demoted = demoted_key(tier, adopted)
    if demoted is not None:
        place = ("replicas", demoted)
        yield Change((*place, "tier"), tier.old.tier)
        yield Change((*place, "zone"), tier.old.zone)
        yield Change((*place, "instance"), tier.old.name)
        yield Change((*place, "availability"), tier.old.availability)
        if tier.old.region != tier.project.region:
            yield Change((*place, "region"), tier.old.region)


def _recovery(tier: Tier, adopted: Instance) -> Iterator[Change]:
    """The replica to switch over to: the old primary after a switchover, else nobody until there is one."""
    if "disasterRecoveryReplica" in tier.raw and adopted.region != tier.old.region:
        yield Change(("disasterRecoveryReplica",), demoted_key(tier, adopted))


def _fresh(tier: Tier, key: str) -> str:
    number = _SECOND
    while (name := tier.names.of("postgres", "replica", key, f"{tier.names.generation}-{number}")) in tier.taken:
        number += 1
    return name


def _at(raw: Mapping[str, Any], path: Path) -> Any:
    value: Any = raw
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _missing(raw: Mapping[str, Any], path: Path) -> Path:
    """The shortest part of a path that is not there."""
    return next((path[:length] for length in range(1, len(path)) if _at(raw, path[:length]) is None), path)


def _leaves(path: Path, value: Any) -> Iterator[Change]:
    """A value as single places."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner)
    elif value is not None:
        yield Change(path, value)


def _with(raw: Mapping[str, Any], path: Path, value: Leaf | None) -> dict[str, Any]:
    head, *rest = path
    new = dict(raw)
    if rest:
        new[head] = _with(new.get(head) or {}, tuple(rest), value)
    elif value is None:
        new.pop(head, None)
    else:
        new[head] = value
    return new
