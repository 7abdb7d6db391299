"""What is lost and how long it takes when something of PostgreSQL fails (TGT-PG-RPO, TGT-PG-RTO, REC-REGION)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from infra.catalog.conformance_rows import recoveries
from infra.catalog.words import Words
from ops.report.model import Evidence
from ops.report.targets.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from ops.report.targets.facts import Facts

MOST_LOST = 60
"""Seconds (TGT-PG-RPO: a minute)."""

MOST_AWAY = 300
"""Seconds (TGT-PG-RTO: five minutes)."""

MOST_AWAY_FOR_A_REGION = 900
"""Seconds (REC-REGION: 5 to 15 minutes)."""

_DAY = 24 * 3600

_NONE = Words("PostgreSQL is not declared", "PostgreSQL は定義されていない")


@dataclass(frozen=True)
class Failure:
    """A failure, what stands against it, and seconds of data lost and of absence; None: no bound can be told."""

    what: Words
    origin: str
    lost: int | None
    takes: int | None
    source: str
    date: date | None

    def loses(self, most: int) -> Held:
        """What is lost, held against a target in seconds."""
        return self._held(self.lost, most, Words("lost", "データ損失"))

    def is_away(self, most: int) -> Held:
        """How long it takes, held against a target in seconds."""
        return self._held(self.takes, most, Words("until it answers", "復旧まで"))

    def _held(self, seconds: int | None, most: int, of: Words) -> Held:
        value = "no bound" if seconds is None else f"{seconds:,} s {of.en}"
        holds = seconds is not None and seconds <= most
        told = Words(
            f"{self.what.en}: {value}",
            f"{self.what.ja}:{of.ja}" + ("の上限なし" if seconds is None else f" {seconds:,} 秒"),
        )
        origin = f"{self.what.en} ({self.origin})"
        return Held(told, Evidence(origin, value, holds, f"at most {most} s", self.source, self.date))


class Held(NamedTuple):
    """A failure held against a target: in words, and as a fact."""

    told: Words
    evidence: Evidence


def places_lost(facts: Facts) -> Iterator[Failure]:
    """A machine or a zone of the region is lost."""
    plan = facts.platform.postgres
    if plan is None:
        return
    if plan.availability == "REGIONAL":
        yield _failure(Words("a machine or a zone is lost", "マシンまたはゾーンの障害"), "postgres-primary", "standby")
        return
    yield _failure(Words("a machine is lost", "マシンの障害"), "postgres-primary", "restart")
    restart = recoveries()["restart"]
    zone = Words("its only zone is lost", "単一ゾーンの障害")
    yield Failure(zone, "postgres-primary", None, None, restart.source, restart.date)


def rows_lost(facts: Facts) -> Iterator[Failure]:
    """Rows are lost to a mistake."""
    plan, rows = facts.platform.postgres, Words("rows are lost to a mistake", "誤操作によるデータ喪失")
    if plan is None:
        return
    if plan.backup.point_in_time_recovery:
        yield _failure(rows, "postgres-primary", "logs")
    else:
        yield Failure(rows, "postgres-primary", _DAY, recoveries()["copy"].takes, "the newest daily backup", None)


def region_loss(facts: Facts) -> Failure:
    """The first region is lost."""
    what, plan = Words("the region is lost", "リージョン障害"), facts.platform.postgres
    replica = next((each for each in plan.replicas if each.is_cross_region), None) if plan else None
    if replica:
        return _failure(what, f"postgres-replica-{replica.key}", "replica")
    recovery = facts.settings.recovery
    if plan and recovery and recovery.postgres:
        row, oldest = recoveries()["copy"], recovery.postgres.promise.seconds
        return Failure(what, "export-postgres-schedule", oldest, row.takes, row.source, row.date)
    return Failure(what, "no copy in another region", None, None, "", None)


def data_loss(facts: Facts) -> Finding:
    """What a failure inside the region loses."""
    held = [each.loses(MOST_LOST) for each in (*places_lost(facts), *rows_lost(facts))]
    return _told(
        held, Words("at most a minute of writes is lost inside the region", "リージョン内の障害で失うのは最大 1 分")
    )


def outage(facts: Facts) -> Finding:
    """How long PostgreSQL is away when a machine or a zone is lost; mistakes and regions have targets of their own."""
    held = [each.is_away(MOST_AWAY) for each in places_lost(facts)]
    return _told(
        held, Words("a lost machine or zone is replaced in about a minute", "マシン・ゾーン障害は約 1 分で復旧")
    )


def region(facts: Facts) -> Finding:
    """What becomes of the platform when the region is lost."""
    failure = region_loss(facts)
    held = [failure.is_away(MOST_AWAY_FOR_A_REGION), failure.loses(MOST_LOST)]
    return _told(held, Words("the second region takes over in minutes", "第 2 リージョンが数分で引き継ぐ"))


def _told(held: list[Held], kept: Words) -> Finding:
    if not held:
        return Finding(False, _NONE, ())
    bad = [each.told for each in held if not each.evidence.holds]
    found = Words("; ".join(each.en for each in bad), "、".join(each.ja for each in bad)) if bad else kept
    return Finding(not bad, found, tuple(each.evidence for each in held))


def _failure(what: Words, origin: str, means: str) -> Failure:
    row = recoveries()[means]
    return Failure(what, origin, row.lost, row.takes, row.source, row.date)
