"""Values that are each right and cannot stand together, or that the cloud does not offer: every one of them, at once.

A check is a function from settings to problems; each store has its own module of them, named in `STORES`.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from infra import catalog
from infra.derive import (
    bigquery_checks,
    cache_checks,
    cdn_checks,
    elasticsearch_checks,
    exporters_checks,
    invalidation_checks,
    mongodb_checks,
    monitoring_checks,
    postgres_checks,
    recovery_checks,
    schemas_checks,
    timescale_checks,
)
from infra.derive.identities import clients_by_place
from infra.derive.names import names_for
from infra.settings import Problem, Settings

_ACCOUNT_ID_LENGTH = 30
"""Longest service account id (cloud.google.com/iam/docs/service-accounts-create, read 2026-11-24)."""


def problems(settings: Settings) -> tuple[Problem, ...]:
    """Every problem of settings whose single values are right; empty when they can be built."""
    return tuple(chain.from_iterable(check(settings) for check in CHECKS))


def _regions(settings: Settings) -> Iterator[Problem]:
    project = settings.project
    allowed = f"one of {', '.join(catalog.regions())}"
    for path, region in (("region", project.region), ("disasterRecoveryRegion", project.disaster_recovery_region)):
        if region is not None and region not in catalog.regions():
            yield Problem(
                f"project.{path}", region, allowed, "choose one of them, or add a row to infra/catalog/regions.yaml"
            )
    if project.disaster_recovery_region == project.region:
        yield Problem(
            "project.disasterRecoveryRegion",
            project.region,
            "another region than project.region",
            "choose a second region",
        )
    if (project.disaster_recovery_region is None) != (settings.network.disaster_recovery_subnet_range is None):
        yield Problem(
            "network.disasterRecoverySubnetRange",
            str(settings.network.disaster_recovery_subnet_range or "missing"),
            "a range exactly when project.disasterRecoveryRegion is set",
            "set both or neither",
        )


def _clients(settings: Settings) -> Iterator[Problem]:
    """A program's name becomes a service account's id."""
    names = names_for(settings.project)
    for client, path in clients_by_place(settings).items():
        account = names.of(client)
        if len(account) > _ACCOUNT_ID_LENGTH:
            yield Problem(
                path,
                client,
                f"a service account id of at most {_ACCOUNT_ID_LENGTH} characters; {account} has {len(account)}",
                "shorten the name",
            )


STORES = (
    bigquery_checks,
    cache_checks,
    cdn_checks,
    elasticsearch_checks,
    exporters_checks,
    invalidation_checks,
    mongodb_checks,
    monitoring_checks,
    postgres_checks,
    recovery_checks,
    schemas_checks,
    timescale_checks,
)
"""Each store's own module: its `problems` and its `advice`, neither of which says anything while the store is off."""

CHECKS: tuple[Callable[[Settings], Iterator[Problem]], ...] = (
    _regions,
    _clients,
    *(store.problems for store in STORES),
)
