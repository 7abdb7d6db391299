"""SecantusDB as a program of ours, for `sandbox.servers.as_account`: all of it is loaded before the user is changed."""

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any

_APART = frozenset({"secantus.admin", "secantus.opsboard", "secantus.sql", "secantus.__main__"})
"""Parts with needs of their own, which a server does not use."""

_secantus: Any = importlib.import_module("secantus")
_cli: Any = importlib.import_module("secantus.cli")
for _module in pkgutil.iter_modules(_secantus.__path__, "secantus."):
    if _module.name not in _APART:
        importlib.import_module(_module.name)


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal; returns the exit code."""
    status: int = _cli.main(list(arguments))
    return status
