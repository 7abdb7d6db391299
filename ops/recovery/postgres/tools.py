"""PostgreSQL's own tools: which ones fit the server, and what they say when they fail."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ops.recovery.errors import RecoveryError

FOLDER_VARIABLE = "TRIPTRIP_POSTGRES_TOOLS"
"""A folder with pg_dump and pg_restore, looked into first."""

_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_CACHES = ("TRIPTRIP_CACHE", "XDG_CACHE_HOME")


def run(program: str, arguments: Sequence[str], environment: Mapping[str, str], at_least: int) -> None:
    """Run a tool of a release that the server takes; raises RecoveryError with its own words when it fails."""
    words = [str(_find(program, at_least)), *arguments]
    done = subprocess.run(  # noqa: S603 # the tool that was found
        words, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        # pg_restore tells the error first and then the whole statement.
        said = " / ".join([line for line in lines if "error:" in line][:2] or lines[-3:])
        raise RecoveryError(program, said or f"ended with {done.returncode}", fix=_fix(said))


def _fix(said: str) -> str:
    if "No space left" in said:
        return (
            "free some disk where it was written (this machine for pg_dump, the instance for pg_restore); run it again"
        )
    return "run the command again: it goes on here"


def _find(program: str, at_least: int) -> Path:
    """The first tool of that release or a later one; an older pg_dump refuses the server."""
    seen = []
    for folder in _folders():
        file = folder / program
        if file.is_file() and (release := _release(file)):
            if release >= at_least:
                return file
            seen.append(f"{file} is of {release}")
    raise RecoveryError(
        program,
        f"none of PostgreSQL {at_least} or later is here" + (f"; {', '.join(seen)}" if seen else ""),
        allowed=f"on PATH, or in the folder that {FOLDER_VARIABLE} names",
        fix=f"install postgresql-client-{at_least}",
    )


def _folders() -> Iterator[Path]:
    if own := os.environ.get(FOLDER_VARIABLE):
        yield Path(own)
    yield from (Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry)
    # Debian keeps every release's tools apart from PATH.
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    homes = [Path(os.environ[name]) for name in _CACHES if os.environ.get(name)]
    for cache in (*homes, Path.home() / ".cache", Path("/var/cache")):
        for place in (cache, cache / "triptrip-data-platform"):
            yield from sorted(place.glob("servers/postgres-*/clients/*/pginstall/bin"))


def _release(file: Path) -> int | None:
    asked = subprocess.run(  # noqa: S603 # the tool that was found
        [str(file), "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    found = _VERSION.search(asked.stdout)
    return int(found[1]) if found else None


def is_found(program: str, at_least: int) -> bool:
    """Whether a tool is here."""
    try:
        return shutil.which(str(_find(program, at_least))) is not None
    except RecoveryError:
        return False
