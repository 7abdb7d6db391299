"""Plans kept between runs, each by all that it was made of: code, catalogue, SDKs, settings."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.plan.recorder import Plan, PlannedResource
from sandbox.plan.run import ROOT, plan_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.settings import Settings

_MADE_OF = ("infra", "sandbox/cloud", "sandbox/monitoring", "sandbox/plan", "sdks")
_MOST = 20


def kept_plan(settings: Settings, stack: str, folder: Path = ROOT / ".sandbox/plans", root: Path = ROOT) -> Plan:
    """The plan of settings, read where the same was made before; raises as `plan_settings` does.

    What was refused is not kept: it is worked out, and told, each time.
    """
    made_of = "\n".join((code(root), stack, settings.model_dump_json()))
    file = folder / f"{hashlib.sha256(made_of.encode()).hexdigest()}.json"
    # A file that was cut off is no plan, and a folder that cannot be written costs the next run its head start alone.
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return _read(json.loads(file.read_text(encoding="utf-8")))
    plan = plan_settings(settings, stack)
    with contextlib.suppress(OSError):
        _keep(plan, file)
    return plan


@cache
def code(root: Path) -> str:
    """A digest of everything but the settings that a plan follows from."""
    digest = hashlib.sha256(sys.version.encode())
    for file in _files(root):
        digest.update(f"{file.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    yield root / "uv.lock"
    for folder in _MADE_OF:
        found = (root / folder).rglob("*")
        yield from sorted(each for each in found if each.is_file() and "__pycache__" not in each.parts)


def _keep(plan: Plan, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    for old in sorted(file.parent.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)[_MOST - 1 :]:
        old.unlink(missing_ok=True)
    unfinished = file.with_name(f"{file.stem}.{os.getpid()}.new")
    unfinished.write_text(json.dumps(_written(plan)), encoding="utf-8")
    unfinished.replace(file)


def _written(plan: Plan) -> dict[str, Any]:
    # JSON knows no tuple as a key, which the paths of secrets are.
    resources = [{**vars(each), "secrets": list(each.secrets.items())} for each in plan.resources]
    return {**vars(plan), "resources": resources}


def _read(data: dict[str, Any]) -> Plan:
    return Plan(**{**data, "resources": list(map(_resource, data["resources"]))})


def _resource(data: dict[str, Any]) -> PlannedResource:
    return PlannedResource(**{**data, "secrets": {tuple(path): digest for path, digest in data["secrets"]}})
