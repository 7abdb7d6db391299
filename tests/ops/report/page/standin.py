"""A report of invented verdicts, with everything in it that a page could stumble over."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from infra.catalog.words import Words
from infra.derive.cost import Estimate
from infra.derive.cost_lines import CostLine, Range, Unpriced
from ops.report.capacity.model import Change
from ops.report.cheapest.model import Cheaper, Cheapest, Due
from ops.report.model import Evidence, Remedy, Report, Verdict
from ops.report.page import Section

SCRIPT = "<script>alert(1)</script>"


def line(store: str, item: str, quantity: str, source: str) -> CostLine:
    price = Range(Decimal("0.0537"), Decimal("0.0537"))
    return CostLine(
        store=store,
        what=f"what {item} is for",
        item=item,
        quantity=Decimal(quantity),
        unit="vCPU-hour",
        unit_price=price,
        confidence="B",
        date=date(2026, 9, 25),
        source=source,
        biller="google",
        commitment="cloud-sql",
    )


MONTH = Estimate(
    (line("postgres", "item-one", "11680", "book & page"), line("cache", "item-two", "730", "https://example.com/a")),
    (Unpriced("pooler", "two machines", "google"),),
)

REMEDY = Remedy(
    Words("a larger edition", "上位エディション"),
    {"postgres": {"edition": "ENTERPRISE_PLUS", "replicas": {"b": None}}},
    Range(Decimal("-20.50"), Decimal(1234)),
    unpriced=("data cache",),
    closes=False,
)

REPORT = Report(
    stack="prod",
    made=date(2026, 11, 26),
    verdicts=(
        Verdict(
            "EX-ONE",
            "not met",
            Words("less than asked", "目標に届かない"),
            (Evidence("postgres-primary: edition", SCRIPT, False, "ENTERPRISE_PLUS", SCRIPT, date(2026, 11, 24)),),
            (REMEDY,),
        ),
        Verdict("EX-TWO", "met", Words("as asked", "要求どおり"), (Evidence("cache-redis: tier", "HA <&>", True),)),
        Verdict("EX-THREE", "undecided", Words("not to be told", "判定できない"), ()),
        Verdict("EX-FOUR", "not met", Words(f"gap {SCRIPT}", f"差分 {SCRIPT}"), ()),
    ),
    month=MONTH,
    advice=(("monitoring.budget", f"look {SCRIPT}"),),
    cheapest=(
        Cheapest(
            "postgres",
            Range(Decimal(627), Decimal(627)),
            (
                Cheaper(
                    settings={"postgres": {"primary": {"tier": "small"}}},
                    changes=(Change("postgres.primary.tier", SCRIPT, "small", "setting"),),
                    month=Range(Decimal(500), Decimal(500)),
                    saved=Range(Decimal(127), Decimal(130)),
                    gives_up=("EX-TWO",),
                    sooner=(Due("postgres-cpu", 13),),
                    stopped_by="postgres.flags.work_mem",
                ),
            ),
            "EX-TWO",
        ),
        Cheapest("cache", Range(Decimal(39), Decimal(39)), (), "cache.size"),
    ),
)

REQUIREMENTS: Mapping[str, tuple[Words, Words]] = {
    each.requirement: (
        Words(f"title of {each.requirement}", f"{each.requirement} の題"),
        Words(f"text of {each.requirement}", f"{each.requirement} の本文"),
    )
    for each in REPORT.verdicts
}

SECTIONS = (Section("capacity", Words("Capacity", "容量"), "<p>much room</p>", "<p>余裕あり</p>"),)
