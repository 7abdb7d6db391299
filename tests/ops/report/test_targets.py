"""Verdicts of production: the answers that are known, and that a remedy helps."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from infra.catalog.conformance_rows import conformance, promises, recoveries
from infra.catalog.price_rows import targets
from infra.catalog.requirement_rows import requirements
from infra.derive.cost_lines import Range
from ops.report.model import Verdict
from ops.report.stack import Stack
from ops.report.targets import availability
from ops.report.targets.availability import Part
from ops.report.targets.computed import COMPUTED
from ops.report.targets.facts import Facts
from ops.report.targets.judge import judge, verdict
from ops.report.targets.money import keeps
from sandbox.plan import Plan, PlannedResource


def test_postgresql_misses_its_target_by_the_edition_that_has_the_documents_machine(
    verdicts: dict[str, Verdict],
) -> None:
    verdict = verdicts["TGT-PG-SLA"]
    assert verdict.status == "not met"
    assert "99.95 %" in verdict.found.en
    assert "99.99 %" in verdict.found.en
    assert [(each.value, each.asked, each.holds) for each in verdict.evidence] == [
        ("99.95 %", "at least 99.99 %", False)
    ]
    # Enterprise Plus of 16 and two times 8 vCPU, 128 and 64 GB, of prices.md: 6,659 a month before backups.
    assert sum(each.month.low for each in verdict.remedies) == Decimal("2676.17")


def test_the_platform_is_the_product_of_its_parts(verdicts: dict[str, Verdict]) -> None:
    # 99.95 x 99.99 x 99.99 x 99.9 x 99.995 x 99.99 x 99.95 x 99.99: PostgreSQL, its pooler, cache, Atlas, BigQuery,
    # Pub/Sub, CDN; Elastic Cloud and Timescale Cloud promise nothing that could be read.
    assert verdicts["TGT-SLA"].found.en.startswith("99.755 % when a request needs every store at once")
    assert "2 of 10 parts are promised nothing" in verdicts["TGT-SLA"].found.en


def test_the_cache_and_its_workload_are_out_of_reach(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["TGT-CACHE-SLA"].status == "not met"
    assert "9 shards" in verdicts["TGT-CACHE-PERF"].found.en
    assert verdicts["WL-CACHE"].status == "not met"
    assert verdicts["WL-SEARCH"].status == "not met"


def test_what_the_document_asks_of_postgresql_is_met(verdicts: dict[str, Verdict]) -> None:
    kept = {each for each, verdict in verdicts.items() if each.startswith("PG-") and verdict.status == "met"}
    assert kept == {
        "PG-PHASE-1", "PG-INST", "PG-HA", "PG-MAINT", "PG-BACKUP", "PG-REPL", "PG-POOL",
        "PG-FLAGS", "PG-ROUTE",
    }  # fmt: skip


def test_a_phase_is_no_more_than_what_it_asks_for(verdicts: dict[str, Verdict]) -> None:
    # 99.99 % are of phase 3 as well; how many reads replicas answer is told by load alone.
    assert "99.95 % promised of 99.99 %" in verdicts["PG-PHASE-3"].found.en
    assert verdicts["PG-PHASE-2"].status == "undecided"


def test_the_loss_of_a_region_costs_a_copys_age(verdicts: dict[str, Verdict]) -> None:
    values = [each.value for each in verdicts["REC-REGION"].evidence]
    assert values == ["28,800 s until it answers", "93,600 s lost"]
    assert "復旧まで 28,800 秒" in verdicts["REC-REGION"].found.ja
    assert "until" not in verdicts["REC-REGION"].found.ja


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
    assert found["TGT-PG-SLA"] == found["TGT-SLA"] == found["PG-INST"] == found["TRIG"] == "not met"
    # What is not declared costs nothing: that is no answer to what the document's stores may cost.
    assert found["COST-Y1"] == found["COST-Y3"] == "undecided"
    assert verdict("TGT-CACHE-SLA", Facts(bare), bare.added).found.en == "not declared"
    assert found.keys() == conformance().keys()
    assert isinstance(Facts(bare).plan, Plan)


def test_one_zone_alone_has_no_bound_of_loss_nor_absence() -> None:
    facts = Facts(_before("PG-HA"))
    lost, away = (verdict(each, facts, facts.stack.added) for each in ("TGT-PG-RPO", "TGT-PG-RTO"))
    assert (lost.status, away.status) == ("not met", "not met")
    assert [each.value for each in lost.evidence if not each.holds] == ["no bound"]
    assert [each.value for each in away.evidence] == ["600 s until it answers", "no bound"]


def test_a_share_that_is_only_rounded_up_to_its_target_misses_it(
    production: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parts(_: Facts) -> tuple[Part, ...]:
        return (Part("it", Decimal("99.98999"), ""),)

    monkeypatch.setattr(availability, "of_platform", parts)
    found = verdict("TGT-SLA", production, production.stack.added)
    assert (found.status, found.found.en[:8]) == ("not met", "99.989 %")


@pytest.mark.parametrize(
    ("low", "high", "is_whole", "kept"),
    [(9, 10, True, True), (9, 11, True, None), (11, 12, True, False), (9, 10, False, None), (11, 12, False, False)],
)
def test_a_month_keeps_to_a_figure_with_both_ends_and_everything_counted(
    low: int, high: int, is_whole: bool, kept: bool | None
) -> None:
    assert keeps(Range(Decimal(low), Decimal(high)), Decimal(10), is_whole=is_whole) is kept


@pytest.mark.parametrize("requirement", ["CACHE-LAYERS", "PRIN", "RDS-USE"])
def test_an_address_range_and_names_are_no_cache(requirement: str, production: Facts) -> None:
    rest = [each for each in production.plan.resources if each.name != "cache-redis"]
    assert any(each.name == "cache-range" for each in rest)
    facts = replace(production, planned=Plan("prod", rest))
    assert verdict(requirement, facts, facts.stack.added).status == "not met"


def test_a_pool_of_1000_is_not_one_of_100(production: Facts) -> None:
    def larger(each: PlannedResource) -> PlannedResource:
        if each.name != "pooler-template":
            return each
        text = each.inputs["metadata"]["user-data"].replace("default_pool_size = 100", "default_pool_size = 1000")
        return replace(each, inputs={**each.inputs, "metadata": {"user-data": text}})

    facts = replace(production, planned=Plan("prod", list(map(larger, production.plan.resources))))
    assert verdict("PG-POOL", production, production.stack.added).status == "met"
    assert verdict("PG-POOL", facts, facts.stack.added).status == "not met"
