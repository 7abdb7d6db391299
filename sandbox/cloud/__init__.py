"""The simulated cloud: it keeps what it is given, and refuses what the real cloud refuses.

`Cloud.open(path)` is the cloud as a Python object; `python -m sandbox.cloud serve --state FILE` serves it to the real
Pulumi engine. What it knows is data: `types/` (ids, defaults, computed outputs), `rules/` (refusals, each with its
source), `tables/` (flags, tiers, regions), `latency/`, `functions.yaml`, and `infra/catalog/force_new/`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.cloud.errors import CheckFailure, CloudError
    from sandbox.cloud.facade import Checked, Cloud, Provider, Resource
    from sandbox.cloud.values import UNKNOWN

__all__ = ["UNKNOWN", "CheckFailure", "Checked", "Cloud", "CloudError", "Provider", "Resource"]

_HOMES = {"CheckFailure": "errors", "CloudError": "errors", "UNKNOWN": "values"}


def __getattr__(name: str) -> Any:
    """Load a public name when first used: the server must tell its port before it loads the data."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'facade')}"), name)
