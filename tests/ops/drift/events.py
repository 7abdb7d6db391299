"""Events of a refresh as the engine writes them, made by hand."""

import json
from pathlib import Path
from typing import Any

SIGNATURE = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
SQL = "gcp:sql/databaseInstance:DatabaseInstance"
BUCKET = "gcp:storage/bucket:Bucket"


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:prod::triptrip::triptrip:platform:Platform${type_}::{name}"


def read(  # noqa: PLR0913 # an event has as many parts
    old: dict[str, Any],
    new: dict[str, Any] | None,
    diff: dict[str, str] | None = None,
    *,
    op: str = "update",
    type_: str = SQL,
    name: str = "postgres-primary",
    outputs: tuple[dict[str, Any], dict[str, Any]] = ({}, {}),
    **more: Any,
) -> dict[str, Any]:
    """One resource that was read; `diff` is path → kind."""
    detailed = None if diff is None else {path: {"diffKind": kind, "inputDiff": True} for path, kind in diff.items()}
    before = {"custom": True, "inputs": old, "outputs": outputs[0], **more}
    after = None if new is None else {"custom": True, "inputs": new, "outputs": outputs[1]}
    metadata = {"op": op, "urn": urn(type_, name), "old": before, "new": after, "detailedDiff": detailed}
    return {"resOutputsEvent": {"metadata": metadata}}


def summary(result: str = "succeeded") -> dict[str, Any]:
    return {"summaryEvent": {"result": result}}


def written(folder: Path, *events: dict[str, Any]) -> Path:
    file = folder / "events.json"
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return file


def nested(path: str, value: Any) -> dict[str, Any]:
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)
