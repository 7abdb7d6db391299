"""Cloud SQL's flags as a postgresql.conf: what an instance is told, told to a real server of the same version."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from infra.catalog import Flag, flags

SHARE_OF_MEMORY = 16
"""A server may take one in so many bytes of this machine for shared_buffers: several tests run side by side."""

_BYTES = {"8 kB": 8 * 1024, "kB": 1024, "MB": 1024 * 1024}
_LIBRARY = "pg_stat_statements"
_ALLOCATED_AT_START = "shared_buffers"
"""The one flag whose memory is taken when the server starts; the others only say how much may be taken later."""


@dataclass(frozen=True)
class Translation:
    """Flags for a real server.

    `configuration` holds the lines of postgresql.conf, `expected` the settings that pg_settings must then show, in its
    own units, which are Cloud SQL's. `scaled` and `left_out` say what was changed or not taken over, and why.
    """

    configuration: Mapping[str, str]
    expected: Mapping[str, str]
    scaled: Mapping[str, str]
    left_out: Mapping[str, str]


@cache
def untranslated() -> Mapping[str, str]:
    """Flags that no server here can be given, with the reason."""
    file = Path(__file__).with_name("untranslated_flags.yaml")
    return dict(yaml.safe_load(file.read_text(encoding="utf-8")))


def translate(instance: Iterable[tuple[str, str]], memory: int) -> Translation:
    """Translate an instance's flags for a machine with so many bytes of memory.

    KeyError for a flag that the catalogue does not have.
    """
    configuration = {"shared_preload_libraries": _LIBRARY}
    expected: dict[str, str] = {}
    scaled: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for name, text in instance:
        flag = flags()[name]
        if name in untranslated():
            left_out[name] = untranslated()[name]
            continue
        value = fitted(flag, text, memory)
        if value != text:
            scaled[name] = f"{text} × {flag.unit} is more than 1/{SHARE_OF_MEMORY} of this machine: {value}"
        configuration[name] = with_unit(flag, value)
        # A special value such as -1 asks the server to choose, and it shows what it chose.
        if value not in map(str, flag.special):
            expected[name] = value
    return Translation(configuration, expected, scaled, left_out)


def fitted(flag: Flag, text: str, memory: int) -> str:
    """A flag's value, lowered where a machine of so many bytes could not allocate it."""
    if flag.name != _ALLOCATED_AT_START:
        return text
    return str(min(int(text), memory // SHARE_OF_MEMORY // _BYTES[flag.unit or "kB"]))


def with_unit(flag: Flag, value: str) -> str:
    """A value with the unit that the catalogue claims, so that a wrong one there shows as another value."""
    if flag.type != "integer" or flag.unit is None or value in map(str, flag.special):
        return value
    if flag.unit == "8 kB":
        return f"{int(value) * 8}kB"
    return f"{value}{flag.unit}"


def is_same(flag: Flag, expected: str, shown: str) -> bool:
    """Whether a setting that the server shows is the flag's value."""
    return float(expected) == float(shown) if flag.type in ("integer", "float") else expected == shown


def machine_memory() -> int:
    """Bytes of memory of this machine, or of the container the tests run in."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total
