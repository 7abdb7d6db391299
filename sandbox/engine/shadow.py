"""The shadow project: the folder the CLI runs in, so that nothing it writes lands in a file that git tracks.

``stack init`` and ``config set`` write into stack files. The shadow holds a symbolic link to every top-level entry of
the repository and copies of ``Pulumi.yaml`` and ``Pulumi.<stack>.yaml``. A copy follows its tracked file: when that
changes, the copy is made anew and keeps only the sandbox's own encryption salt.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.engine.errors import LauncherError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOT_LINKED = frozenset({".git", ".sandbox"})
RECORD = "copies.json"


@contextmanager
def locked(sandbox: Path) -> Iterator[None]:
    """Keep other launchers out of the sandbox folder while its project is brought up to date."""
    with (sandbox / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def refresh(root: Path, sandbox: Path, tell: Callable[[str], None]) -> Path:
    """Bring the shadow of the repository ``root`` up to date and return its folder, ``sandbox``/project.

    ``tell`` receives one line for every copy whose local edits were replaced. The caller holds the lock.
    Raises LauncherError when the repository has no Pulumi.yaml or a stack file is not valid.
    """
    if not (root / "Pulumi.yaml").is_file():
        raise LauncherError(f"{root} has no Pulumi.yaml: the sandbox runs the project of the repository it lies in")
    project = sandbox / "project"
    project.mkdir(exist_ok=True)
    _link(root, sandbox, project)
    _copy(root, sandbox, project, tell)
    return project


def write_atomically(path: Path, text: str) -> None:
    """Replace ``path`` in one step: a reader sees the old text or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)


def _is_project_file(name: str) -> bool:
    return name.startswith("Pulumi.") and name.endswith(".yaml")


def _link(root: Path, sandbox: Path, project: Path) -> None:
    wanted = {
        entry.name: entry.path
        for entry in os.scandir(root)
        if entry.name not in NOT_LINKED and not _is_project_file(entry.name) and Path(entry.path) != sandbox
    }
    for entry in os.scandir(project):
        if entry.is_symlink() and wanted.pop(entry.name, None) != str(Path(entry.path).readlink()):
            Path(entry.path).unlink()
            if entry.name not in NOT_LINKED and (root / entry.name).exists():
                wanted[entry.name] = str(root / entry.name)
    for name, target in wanted.items():
        if not (project / name).exists():
            (project / name).symlink_to(target)


def _copy(root: Path, sandbox: Path, project: Path, tell: Callable[[str], None]) -> None:
    record_file = sandbox / RECORD
    record: dict[str, dict[str, str]] = json.loads(record_file.read_text()) if record_file.exists() else {}
    before = json.dumps(record)
    tracked = {path.name: path for path in root.glob("Pulumi*.yaml") if _is_project_file(path.name)}
    for name, path in tracked.items():
        source = path.read_text()
        source_hash = hashlib.sha256(source.encode()).hexdigest()
        known = record.get(name, {})
        if known.get("source") != source_hash or not (project / name).exists():
            record[name] = {"source": source_hash, "copy": _renew(project / name, source, known.get("copy"), tell)}
    for name in record.keys() - tracked.keys():
        (project / name).unlink(missing_ok=True)
        del record[name]
    if json.dumps(record) != before:
        write_atomically(record_file, json.dumps(record, indent=2))


def _renew(copy: Path, source: str, copied: str | None, tell: Callable[[str], None]) -> str:
    """Write the copy anew from ``source``; returns the fingerprint of what it now says."""
    from sandbox.engine import stackfile  # noqa: PLC0415  (YAML is only needed when a tracked file changed)

    existing = copy.read_text() if copy.exists() else ""
    text = stackfile.for_sandbox(source, stackfile.salt_of(existing, copy.name), copy.name)
    meaning = stackfile.fingerprint(text, copy.name)
    found = stackfile.fingerprint(existing, copy.name)
    if existing and found not in {copied, meaning}:
        tell(f"{copy.name} changed in the repository: the edits made to the sandbox's copy of it were replaced")
    if text != existing:
        write_atomically(copy, text)
    return meaning
