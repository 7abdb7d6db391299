"""The difference of two documents in one line."""

from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 4
_LONGEST = 60


def difference(old: Any, new: Any) -> str:
    """What changes from `old` to `new`, by path; empty when nothing does."""
    found = list(_differences("", old, new))
    more = len(found) - _SHOWN
    return ", ".join(found[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _differences(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in [*old, *(name for name in new if name not in old)]:
            below = f"{path}.{name}" if path else str(name)
            if name not in new:
                yield f"-{below}"
            elif name not in old:
                yield f"+{below}" if isinstance(new[name], Mapping) else f"+{below} {_short(new[name])}"
            else:
                yield from _differences(below, old[name], new[name])
    elif isinstance(old, list) and isinstance(new, list) and old != new:
        changed = [f"+{_short(each)}" for each in new if each not in old]
        changed += [f"-{_short(each)}" for each in old if each not in new]
        yield f"{path} {' '.join(changed) or 'in another order'}"
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield f"{path} {_short(old)} → {_short(new)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
