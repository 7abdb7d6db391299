"""Verdicts of production: the answers that are known, and that a remedy helps."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from infra.catalog.conformance_rows import conformance, promises, recoveries
from infra.catalog.price_rows import targets
from infra.catalog.requirement_rows import requirements
from ops.report.model import Verdict
from ops.report.stack import Stack
from ops.report.targets.computed import COMPUTED
from ops.report.targets.facts import Facts
from ops.report.targets.judge import judge, verdict
from sandbox.plan import Plan


def test_postgresql_misses_its_target_by_the_edition_that_has_the_documents_machine(
    verdicts: dict[str, Verdict],
) -> None:
    verdict = verdicts["TGT-PG-SLA"]
    assert verdict.status == "not met"
    assert "99.95 %" in verdict.found.en
    assert "99.99 %" in verdict.found.en
    assert [each.value for each in verdict.evidence] == ["99.95 %"]
    # Enterprise Plus of 16 and two times 8 vCPU, 128 and 64 GB, of prices.md: 6,659 a month before backups.
    assert sum(each.month.low for each in verdict.remedies) == Decimal("2676.17")


def test_the_platform_is_the_product_of_its_parts(verdicts: dict[str, Verdict]) -> None:
    # 99.95 x 99.99 x 99.99 x 99.9 x 99.995 x 99.95 x 99.99: PostgreSQL, its pooler, cache, Atlas, Pub/Sub, CDN.
    assert verdicts["TGT-SLA"].found.en.startswith("99.765 % when a request needs every store at once")
    assert "1 of 8 parts are promised nothing" in verdicts["TGT-SLA"].found.en


def test_the_cache_and_its_workload_are_out_of_reach(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["TGT-CACHE-SLA"].status == "not met"
    assert "9 shards" in verdicts["TGT-CACHE-PERF"].found.en
    assert verdicts["WL-CACHE"].status == "not met"
    assert verdicts["WL-SEARCH"].status == "not met"


def test_what_the_document_asks_of_postgresql_is_met(verdicts: dict[str, Verdict]) -> None:
    kept = {each for each, verdict in verdicts.items() if each.startswith("PG-") and verdict.status == "met"}
    assert kept == {
        "PG-PHASE-1", "PG-PHASE-2", "PG-PHASE-3", "PG-INST", "PG-HA", "PG-MAINT", "PG-BACKUP", "PG-REPL", "PG-POOL",
        "PG-FLAGS", "PG-ROUTE",
    }  # fmt: skip


def test_the_loss_of_a_region_costs_a_copys_age(verdicts: dict[str, Verdict]) -> None:
    values = [each.value for each in verdicts["REC-REGION"].evidence]
    assert values == ["28,800 s until it answers", "93,600 s lost"]


def test_a_verdict_has_words_in_both_languages_and_something_to_see(verdicts: dict[str, Verdict]) -> None:
    for requirement, found in verdicts.items():
        assert found.found.en, requirement
        assert found.found.ja, requirement
        assert found.evidence, requirement


def _remedies() -> Iterator[tuple[str, int]]:
    for requirement, row in conformance().items():
        yield from ((requirement, index) for index in range(len(row.remedies)))


@cache
def _before(requirement: str) -> Stack:
    """Production, or what misses a requirement that production keeps."""
    stack = Stack.read("prod")
    missing: dict[str, dict[str, Any]] = {
        "PG-HA": {"postgres": {"primary": {"availability": "ZONAL"}}},
        "PG-BACKUP": {"postgres": {"backup": {"retained": 8, "transactionLogs": "3 days"}}},
    }
    missed = stack.laid_over(missing.get(requirement, {}))
    assert missed
    return missed


@pytest.mark.parametrize(("requirement", "index"), list(_remedies()))
def test_a_remedy_closes_its_gap_and_says_what_it_costs(requirement: str, index: int) -> None:
    row, stack = conformance()[requirement].remedies[index], _before(requirement)
    after, added = stack.laid_over(row.settings), stack.added(row.settings)
    assert after
    assert added
    assert verdict(requirement, Facts(stack), stack.added).status == "not met"
    if row.closes:
        assert verdict(requirement, Facts(after), after.added).status != "not met"
    else:
        assert after.month.month().low < stack.month.month().low
    assert added.month.low == after.month.month().low - stack.month.month().low


def test_a_remedy_that_the_stack_refuses_is_not_told() -> None:
    # dev's replicas have other names: Enterprise Plus of them would want machines that nobody wrote.
    assert Stack.read("dev").added({"postgres": {"replicas": {"z": {"tier": "db-none"}}}}) is None


def test_every_name_of_the_catalogue_is_used() -> None:
    assert {row.computed for row in conformance().values() if row.computed} == set(COMPUTED)
    assert {"COST-Y1", "COST-Y3"} <= set(targets()) & set(conformance())
    assert all(row.source for row in promises().values())
    assert all(row.source for row in recoveries().values())


def test_each_requirement_is_judged_and_nothing_else() -> None:
    assert list(conformance()) == list(requirements())


def test_a_stack_without_stores_keeps_little_and_breaks_nothing() -> None:
    stack = Stack.read("dev")
    bare = Stack.of(
        "dev", {key: value for key, value in stack.raw.items() if key in {"project", "network", "encryption"}}
    )
    found = {each.requirement: each.status for each in judge(Facts(bare), bare.added)}
    assert found["TGT-PG-SLA"] == found["TGT-SLA"] == found["PG-INST"] == "not met"
    assert found.keys() == conformance().keys()
    assert isinstance(Facts(bare).plan, Plan)
