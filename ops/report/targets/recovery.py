"""What is lost and how long it takes when something of PostgreSQL fails (TGT-PG-RPO, TGT-PG-RTO, REC-REGION)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.catalog.conformance_rows import recoveries
from ops.report.model import Evidence
from ops.report.targets.finding import Finding
from ops.report.words import Words

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

    def loses(self, most: int) -> Evidence:
        """What is lost, held against a target in seconds."""
        return self._held(self.lost, most, "lost")

    def is_away(self, most: int) -> Evidence:
        """How long it takes, held against a target in seconds."""
        return self._held(self.takes, most, "until it answers")

    def _held(self, seconds: int | None, most: int, of: str) -> Evidence:
        value = "no bound" if seconds is None else f"{seconds:,} s {of}"
        holds = seconds is not None and seconds <= most
        return Evidence(f"{self.what.en} ({self.origin})", value, holds, f"at most {most} s", self.source, self.date)


def failures(facts: Facts) -> Iterator[Failure]:
    """What goes wrong inside a region: a machine or zone lost, rows lost."""
    plan = facts.platform.postgres
    if plan is None:
        return
    zone = Words("a machine or a zone is lost", "マシンまたはゾーンの障害")
    yield _failure(zone, "postgres-primary", "standby" if plan.availability == "REGIONAL" else "restart")
    rows = Words("rows are lost to a mistake", "誤操作によるデータ喪失")
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
    held = [each.loses(MOST_LOST) for each in failures(facts)]
    return _told(held, "at most a minute of writes is lost inside the region", "リージョン内の障害で失うのは最大 1 分")


def outage(facts: Facts) -> Finding:
    """How long PostgreSQL is away when a machine or a zone is lost; mistakes and regions have targets of their own."""
    held = [each.is_away(MOST_AWAY) for each in list(failures(facts))[:1]]
    return _told(held, "a lost machine or zone is replaced in about a minute", "マシン・ゾーン障害は約 1 分で復旧")


def region(facts: Facts) -> Finding:
    """What becomes of the platform when the region is lost."""
    failure = region_loss(facts)
    held = [failure.is_away(MOST_AWAY_FOR_A_REGION), failure.loses(MOST_LOST)]
    return _told(held, "the second region takes over in minutes", "第 2 リージョンが数分で引き継ぐ")


def _told(held: list[Evidence], en: str, ja: str) -> Finding:
    if not held:
        return Finding(False, _NONE, ())
    bad = [each for each in held if not each.holds]
    if not bad:
        return Finding(True, Words(en, ja), tuple(held))
    told = "; ".join(f"{each.origin}: {each.value}" for each in bad)
    return Finding(False, Words(told, told), tuple(held))


def _failure(what: Words, origin: str, means: str) -> Failure:
    row = recoveries()[means]
    return Failure(what, origin, row.lost, row.takes, row.source, row.date)
