"""`python -m services.pooler.secrets FILE`: fetch what a pooler machine must not keep on a disk, into memory.

The machine proves who it is by its own service account; Secret Manager says whether it may read each secret.
"""

import argparse
import base64
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from string import Template
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

_TOKEN = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 # an address
_API = "https://secretmanager.googleapis.com"
_ATTEMPTS = 5
_TIMEOUT_SECONDS = 10
_TRANSIENT = (429, 500, 502, 503, 504)


class SecretError(RuntimeError):
    """A secret could not be had or is not what it should be; the message shows nothing of its content."""


class Secret(BaseModel):
    """A secret's name and version, and what it is made into.

    Form template is one `file` with what `template` says: ${text} stands for the content, ${line} for a content that
    must be one line, ${quoted} for it as a JSON string.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    secret: str
    version: str
    form: Literal["certificate", "authorities", "password", "template"]
    file: str = ""
    template: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.form == "template") != bool(self.file and self.template):
            raise ValueError("file and template belong to form template")
        return self


class Wanted(BaseModel):
    """The file that names them; `folders` are made beside, for sockets; `user` is the one of form password."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: str
    folder: Path
    folders: tuple[Path, ...] = ()
    user: str = ""
    secrets: tuple[Secret, ...]


def fetch(wanted: Wanted, api: str = _API, token: str = _TOKEN) -> None:
    """Write the files of every secret; raises SecretError before anything is written when one is missing or wrong."""
    bearer = _get(token, {"Metadata-Flavor": "Google"})["access_token"]
    contents: dict[str, str] = {}
    for one in wanted.secrets:
        path = f"v1/projects/{wanted.project}/secrets/{one.secret}/versions/{one.version}:access"
        try:
            answer = _get(f"{api}/{path}", {"Authorization": f"Bearer {bearer}"})
        except SecretError as error:
            raise SecretError(f"secret {one.secret}, version {one.version}: {error}") from error
        contents[one.secret] = base64.b64decode(answer["payload"]["data"]).decode()
    made = files(wanted, contents)
    for folder in wanted.folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file, text in made.items():
        _write(file, text)


def files(wanted: Wanted, contents: Mapping[str, str]) -> dict[Path, str]:
    """The files that the secrets' contents become; raises SecretError when one is not what it should be."""
    made: dict[Path, str] = {}
    for one in wanted.secrets:
        named = _FORMS[one.form](wanted, one, contents[one.secret])
        made |= {wanted.folder / name: text for name, text in named.items()}
    return made


def _certificate(_: Wanted, one: Secret, content: str) -> dict[str, str]:
    """Chain and key of one PEM text, apart: PgBouncer wants two files."""
    start = content.find("-----BEGIN ", content.rfind("-----END CERTIFICATE-----"))
    chain, key = content[: max(start, 0)], content[max(start, 0) :]
    if "BEGIN CERTIFICATE" not in chain or "PRIVATE KEY" not in key:
        raise SecretError(f"secret {one.secret} is no certificate with its key behind it: see docs/runbooks/pooler.md")
    return {"certificate.pem": chain, "key.pem": key}


def _authorities(_: Wanted, one: Secret, content: str) -> dict[str, str]:
    if "BEGIN CERTIFICATE" not in content:
        raise SecretError(f"secret {one.secret} holds no certificate")
    return {"postgres-ca.pem": content}


def _password(wanted: Wanted, one: Secret, content: str) -> dict[str, str]:
    """The router's password, and PgBouncer's list with it: the only user that is not looked up."""
    if not content or '"' in content or "\n" in content:
        raise SecretError(
            f"secret {one.secret} is empty, or has a quote or line break, which PgBouncer's list cannot hold"
        )
    return {"password": content, "users.txt": f'"{wanted.user}" "{content}"\n'}


def _template(_: Wanted, one: Secret, content: str) -> dict[str, str]:
    told = content.strip()
    if not told or ("\n" in told and "${line}" in one.template):
        raise SecretError(f"secret {one.secret} is empty, or has more than one line")
    return {one.file: Template(one.template).substitute(text=content, line=told, quoted=json.dumps(told))}


_FORMS: Mapping[str, Callable[[Wanted, Secret, str], dict[str, str]]] = {
    "certificate": _certificate,
    "authorities": _authorities,
    "password": _password,
    "template": _template,
}


def _get(address: str, headers: Mapping[str, str]) -> Any:
    """A JSON answer; what may pass by itself is asked for again, ever more slowly."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            request = urllib.request.Request(address, headers=dict(headers))  # noqa: S310 # addresses of this module
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            fault, may_pass = f"HTTP {error.code} {error.reason}", error.code in _TRANSIENT
        except OSError as error:
            fault, may_pass = str(error), True
        if not may_pass or attempt == _ATTEMPTS:
            raise SecretError(fault)
        time.sleep(0.1 * 2**attempt)
    raise AssertionError("unreachable")


def _write(path: Path, text: str) -> None:
    """Replace a file that only its owner reads."""
    made = path.with_name(f".{path.name}.new")
    made.unlink(missing_ok=True)
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    made.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Fetch; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m services.pooler.secrets", description=__doc__)
    parser.add_argument("file", type=Path, help="which secrets, JSON")
    given = parser.parse_args(arguments)
    try:
        fetch(Wanted.model_validate_json(given.file.read_bytes()))
    except (SecretError, ValidationError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
