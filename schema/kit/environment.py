"""The environment whose stores are meant: what its stack file declares, and the way to each store."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from infra.derive.platform import PlatformPlan
from infra.derive.schemas import variable
from infra.settings import SettingsError
from infra.settings.check import check
from infra.settings.settings import Settings
from schema.kit.errors import SchemaError
from schema.kit.files import ROOT

Declared = TypeVar("Declared")


@dataclass(frozen=True)
class Environment:
    """One environment: `settings` as its stack file says, `plan` what follows from them."""

    name: str
    settings: Settings
    plan: PlatformPlan

    def declared(self, found: Declared | None, subject: str) -> Declared:
        """What the stack file declares of a subject, as it was found; raises SchemaError when that is nothing."""
        if found is None:
            where = f"Pulumi.{self.name}.yaml"
            raise SchemaError(where, f"declares no {subject}", fix=f"add triptrip:{subject} to it, and deploy it first")
        return found

    def connection(self, store: str, example: str) -> str:
        """How to reach a store: the text of TRIPTRIP_SCHEMA_<STORE>, which the job fills from Secret Manager.

        Raises SchemaError when it is not set; its content, which may hold a password, is never shown.
        """
        name = variable(store)
        if text := os.environ.get(name, "").strip():
            return text
        raise SchemaError(
            f"environment variable {name}",
            "is not set",
            allowed=f"where the store is, e.g. {example}",
            fix=f"run it in the job of {self.name} (docs/runbooks/schema.md), or set it for a server of your own",
        )


def load_environment(name: str, folder: Path = ROOT) -> Environment:
    """Read Pulumi.<name>.yaml; raises SchemaError when there is none or its settings are wrong."""
    path = folder / f"Pulumi.{name}.yaml"
    if not path.is_file():
        known = sorted(file.name.split(".")[1] for file in folder.glob("Pulumi.*.yaml"))
        raise SchemaError(
            "--env", f"{name} has no stack file", allowed=", ".join(known) or "none here", fix="name one of them"
        )
    try:
        settings, plan = check(path)
    except SettingsError as error:
        raise SchemaError(
            path.name, f"its settings are wrong\n{error}", fix=f"python -m infra.settings check {path.name}"
        ) from None
    return Environment(name, settings, plan)
