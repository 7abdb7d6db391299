"""Values that may be secret are never shown, and a setting that is not secret is never kept as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from infra.settings.problems import Problem

HIDDEN = "(hidden: it may be a secret)"

_SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|credentials?|private_?key|api_?key|auth)$")
_SECRET_VALUE = re.compile(
    r"-----BEGIN"  # PEM
    r"|^v1:[A-Za-z0-9+/=]+:"  # Pulumi's ciphertext
    r"|^(AIza|ya29\.|gh[pousr]_|github_pat_|glpat-|xox[abprs]-|eyJ|pul-|sk-|AKIA|hvs\.)"  # well-known token prefixes
    r"|://[^/\s:@]+:[^/\s@]+@"  # user:password in an address
    r"|^(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9+/_=]{32,}$"  # long keys without a word in them
)
_LONGEST_SHOWN = 80


def shown(path: str, value: object) -> str:
    """Return a value as a message may show it: hidden when its name or its form says secret, shortened when long."""
    if any(_SECRET_NAME.search(part) for part in path.split(".")) or _is_secure(value):
        return HIDDEN
    if isinstance(value, list | tuple):
        text = f"[{', '.join(shown(path, item) for item in value)}]"
    elif isinstance(value, Mapping):
        text = "a group of settings"
    elif isinstance(value, bool):
        text = str(value).lower()
    else:
        text = "nothing" if value is None else str(value) or "an empty text"
    if _SECRET_VALUE.search(text):
        return HIDDEN
    text = text if text.isprintable() else ascii(text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def secure_values(raw: object) -> list[Problem]:
    """Return a problem for every encrypted value; its content is not looked at."""
    return [secured(path) for path in _secure_paths(raw, "")]


def secured(path: str) -> Problem:
    """Return the problem of one encrypted value."""
    return Problem(
        path,
        HIDDEN,
        "a plain value: no setting is secret, and an encrypted one could not be reviewed",
        "write the value in plain in the stack file; a password or key belongs in Secret Manager, not in a setting",
    )


def _secure_paths(raw: object, path: str) -> Iterator[str]:
    if _is_secure(raw):
        yield path
    elif isinstance(raw, Mapping):
        for key, value in raw.items():
            yield from _secure_paths(value, f"{path}.{key}" if path else str(key))
    elif isinstance(raw, list):
        for index, value in enumerate(raw):
            yield from _secure_paths(value, f"{path}[{index}]")


def _is_secure(value: object) -> bool:
    """Whether this is how Pulumi writes an encrypted value in a stack file: one key, `secure`."""
    return isinstance(value, Mapping) and set(value) == {"secure"}
