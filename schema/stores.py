"""The stores by name; each is loaded only when it is asked for, so that one store's job needs no other's client."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from importlib import import_module

from schema.kit import Environment, Store

Opener = Callable[[Environment], AbstractContextManager[Store]]


class StoreName(StrEnum):
    """A store with a schema."""

    POSTGRES = "postgres"
    TIMESCALE = "timescale"
    MONGODB = "mongodb"
    ELASTICSEARCH = "elasticsearch"
    BIGQUERY = "bigquery"
    REDIS = "redis"


_MODULES: Mapping[StoreName, str] = {name: f"schema.{name}.store" for name in StoreName}


def open_store(name: StoreName, environment: Environment) -> AbstractContextManager[Store]:
    """Connect to a store of an environment; raises SchemaError when it cannot be reached."""
    opened: Opener = import_module(_MODULES[name]).opened
    return opened(environment)


def postgres_bootstrap(environment: Environment) -> str:
    """What an administrator of PostgreSQL runs once in an environment, as SQL."""
    text: str = import_module(_MODULES[StoreName.POSTGRES]).bootstrap(environment)
    return text
