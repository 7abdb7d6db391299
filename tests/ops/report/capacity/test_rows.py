"""The catalogue of capacity agrees with the alerts, with the code that reads it, and with its own words."""

import re

import pytest

from infra.catalog.capacity_rows import contradictions, disks, series, triggers
from infra.catalog.mongodb_rows import atlas_alerts
from infra.catalog.monitoring_rows import alerts, document_metrics
from infra.derive.atlas_alerts import PREFIX
from infra.settings.model import SettingsModel
from infra.settings.postgres_parts import StorageSettings
from infra.settings.settings import STORES
from infra.settings.units import Size
from ops.report.capacity.gauges import GAUGES, most_iops, threshold
from ops.report.capacity.growth import value
from ops.report.capacity.remedies import REMEDIES


def test_every_trigger_of_the_document_is_there() -> None:
    asked = {row.alert for row in document_metrics() if row.requirement == "TRIG"}
    assert asked <= {row.alert for row in triggers().values()}


def test_thresholds_are_the_documents() -> None:
    found = {name: threshold(row) for name, row in triggers().items() if row.gauge and row.requirement == "TRIG"}
    assert found == {
        "postgres-cpu": 0.7,
        "postgres-memory": 0.8,
        "postgres-disk": 0.7,
        "postgres-disk-limit": 0.7,
        "postgres-write-capacity": 0.8,
        "cache-memory": 0.7,
        "valkey-memory": 0.7,
    }


def test_every_alert_of_a_trigger_is_declared_somewhere() -> None:
    declared = {*alerts(), *(f"{PREFIX}{name}" for name in atlas_alerts())}
    assert {row.alert for row in triggers().values() if row.alert} <= declared


def test_every_gauge_is_read_and_answered() -> None:
    asked = {row.gauge for row in triggers().values() if row.gauge}
    assert asked == set(GAUGES) == set(REMEDIES)


def test_what_can_be_worked_out_says_how_it_ends() -> None:
    assert all(row.ends for row in triggers().values() if row.gauge)


def test_homes_are_stores_and_followed_series_have_points() -> None:
    assert {home for row in series().values() for home in row.homes} <= set(STORES)
    assert all(series()[row.follows.series].points for row in series().values() if row.follows)


def test_the_largest_disk_is_what_the_settings_take() -> None:
    accepted = f"{disks().largest_gb} GB"
    model: type[SettingsModel] = StorageSettings
    assert model.model_validate({"size": accepted, "limit": accepted})
    with pytest.raises(ValueError, match="64 TB"):
        model.model_validate({"size": str(Size.parse(f"{disks().largest_gb + 1} GB")), "limit": "64 TB"})


@pytest.mark.parametrize(
    ("kind", "gb", "vcpus", "iops"),
    [
        ("SSD", 100, 2, 3000),  # 30 a GB
        ("SSD", 1024, 8, 15_000),  # 30,720 by its size, and the machine takes 15,000
        ("SSD", 1024, 16, 25_000),
        ("SSD", 1024, 32, 30_720),
        ("SSD", 4096, 48, 60_000),
        ("SSD", 4096, 96, 100_000),
        ("HDD", 1000, 2, 750),
    ],
)
def test_iops_of_a_disk(kind: str, gb: int, vcpus: int, iops: int) -> None:
    assert most_iops(kind, gb, vcpus) == iops


def test_figures_in_the_words_are_those_of_the_model() -> None:
    data, parts = series()["data"], [series()[name] for name in ("transactional", "events", "analytics")]
    year_3, year_5 = data.points[36], data.points[60]
    figures = {
        f"{value(data, 12, 'rates') / 1.1**12:.0f} GB",
        f"{value(data, 36, 'rates'):,.0f} GB",
        f"{100 * (year_3 / data.points[12]) ** (1 / 24) - 100:.1f} %",
        f"{value(data, 60, 'rates'):,.0f} GB",
        f"{year_3 * 1.15**24:,.0f}",
        f"{100 * (year_5 / year_3) ** (1 / 24) - 100:.1f} %",
        f"{sum(part.points[60] for part in parts) / 1024:.0f} TB",
        f"{value(parts[0], 60, 'rates') / 1024:.1f} TB",
        f"{series()['transactions'].points[60] / 86_400:.0f} a second",
        f"{10_000 / (series()['transactions'].points[60] / 86_400):.0f} times",
    }
    told = " ".join(row.words.en for row in contradictions())
    assert {figure for figure in figures if figure not in told} == set()


def test_both_languages_tell_the_same_figures() -> None:
    for row in contradictions():
        english, japanese = (
            set(re.findall(r"\d{1,3}(?:,\d{3})+|\d+\.\d+\.\d+", words)) for words in (row.words.en, row.words.ja)
        )
        assert english - japanese <= {"5,000,000"}, row.words.ja
