"""The SDKs of Google, MongoDB Atlas and Grafana, loaded class by class instead of package by package.

Importing `pulumi_gcp.compute` runs 400 modules and `pulumi_mongodbatlas` 200, of which the platform uses some thirty:
half of what a preview spent before its first resource (`make bench`). A class of such a package is imported from its
own module when it is first named. A name that has no module of that spelling loads the package as the SDK wrote it, so
nothing can be missing, only slower. Importing this module switches that on (ADR 0018).
"""

import importlib.util
import re
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any

_PACKAGES = re.compile(r"pulumi_gcp\.\w+|pulumi_mongodbatlas|pulumiverse_grafana\.oss")


class _ClassByClass(SourceFileLoader):
    """Makes a package that finds each class in the module of its name."""

    def exec_module(self, module: ModuleType) -> None:
        """Give the package a `__getattr__` in place of its `__init__`."""

        def find(name: str) -> Any:
            own = f"{module.__name__}.{module_of(name)}"
            if importlib.util.find_spec(own) is None:
                del module.__dict__["__getattr__"]
                super(_ClassByClass, self).exec_module(module)
                return getattr(module, name)
            loaded = importlib.import_module(own)
            value = loaded if name == module_of(name) else getattr(loaded, name)
            setattr(module, name, value)
            return value

        module.__dict__["__getattr__"] = find


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not _PACKAGES.fullmatch(fullname):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None and spec.submodule_search_locations is not None:
            spec.loader = _ClassByClass(fullname, spec.origin)
        return spec


def module_of(name: str) -> str:
    """The module of a class or data function: `url_map` of URLMap, `get_cluster` of get_cluster_output."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower().removesuffix("_output")


if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
    sys.meta_path.insert(0, _Finder())
