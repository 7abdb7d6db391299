"""The differences that a refresh found, from the engine's event log.

A refresh tells its outcome in the event after the read: `same`, `update` with the properties that differ, or `delete`
for a resource that is gone (pulumi v3.250.0, `RefreshStep` of `pkg/resource/deploy/step.go`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.drift.values import Path, at, every, leaves, parse
from ops.gate.changes import UnreadableError, documents
from ops.urn import name_of, type_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path as FilePath

    Watched = Callable[[str], Iterable[tuple[str, ...]]]


UNTOLD: Path = ("(the provider does not say what)",)
"""The property of a difference whose provider names none."""


@dataclass(frozen=True)
class Difference:
    """One property that is not as the state has it; with an empty path, a resource that is gone.

    `told` when the engine itself calls it a difference. What a resource ignores (ignoreChanges) it does not tell: a
    deployment leaves that as it is. `replaces` when putting it back would replace the resource.
    """

    urn: str
    path: Path
    declared: Any
    found: Any
    inputs: Mapping[str, Any]
    told: bool = True
    replaces: bool = False

    @property
    def type(self) -> str:
        """The resource's own type."""
        return type_of(self.urn)

    @property
    def name(self) -> str:
        """The resource's name."""
        return name_of(self.urn)

    @property
    def gone(self) -> bool:
        """Whether the cloud has no such resource."""
        return not self.path


@dataclass(frozen=True)
class Refresh:
    """What a refresh has told: its differences, how many resources it read, whether it read them all."""

    differences: tuple[Difference, ...]
    resources: int
    finished: bool


def read_refresh(file: FilePath, watched: Watched) -> Refresh:
    """What an event log tells.

    `watched` names the properties of a type that are compared although the engine may pass over them, since the program
    ignores them. Raises UnreadableError when the file is no event log of a refresh.
    """
    content = documents(file)
    if not any("summaryEvent" in each or "resOutputsEvent" in each for each in content):
        raise UnreadableError(f"{file}: is no event log of a refresh")
    steps = [each["resOutputsEvent"]["metadata"] for each in content if "resOutputsEvent" in each]
    read = [step for step in steps if _is_read(step)]
    found = tuple(one for step in read for one in _differences(step, watched))
    finished = any(each.get("summaryEvent", {}).get("result") == "succeeded" for each in content)
    return Refresh(found, len(read), finished)


def _is_read(step: Mapping[str, Any]) -> bool:
    """Whether it is a resource of a cloud: a component or provider is not, nor one that is only left to be deleted."""
    old = step.get("old") or {}
    return bool(old.get("custom")) and not old.get("delete") and not type_of(step["urn"]).startswith("pulumi:")


def _differences(step: Mapping[str, Any], watched: Watched) -> Iterator[Difference]:
    urn, old, new = step["urn"], step["old"], step.get("new")
    inputs = old.get("inputs") or {}
    if step["op"] == "delete" or not new:
        yield Difference(urn, (), None, None, inputs)
        return
    told = list(_told(step)) if step["op"] == "update" else []
    yield from told
    seen = {each.path for each in told}
    for names in watched(type_of(urn)):
        for path in sorted({*every(inputs, names), *every(old.get("outputs") or {}, names)} - seen, key=str):
            declared, found = _either(old, path), _either(new, path)
            if declared != found:
                yield Difference(urn, path, declared, found, inputs, told=False)


def _told(step: Mapping[str, Any]) -> Iterator[Difference]:
    """What the engine calls a difference; of a provider that says no more, in which of its properties it may be."""
    old, new = step["old"], step["new"]
    inputs = old.get("inputs") or {}
    detailed = {parse(path): kind["diffKind"] for path, kind in (step.get("detailedDiff") or {}).items()}
    paths = detailed or dict.fromkeys(((key,) for key in step.get("diffs") or ()), "update") or {UNTOLD: "update"}
    for path, kind in sorted(paths.items(), key=str):
        declared, found = _either(old, path), _either(new, path)
        if found == declared:
            # A provider may keep what it was given among the inputs; its diff is about what it has read.
            outputs = at(new.get("outputs") or {}, path)
            found = found if outputs is None else outputs
        for part, before, after in leaves(path, declared, found):
            yield Difference(step["urn"], part, before, after, inputs, replaces=kind.endswith("-replace"))


def _either(state: Mapping[str, Any], path: Path) -> Any:
    """A property that the program sets, or else one that it never did: that is none of the inputs."""
    declared = at(state.get("inputs") or {}, path)
    return at(state.get("outputs") or {}, path) if declared is None else declared
