"""Every rule of the SQL files, by a file that keeps it and one that does not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from schema.bigquery.warehouse import warehouse
from schema.kit import Environment, SchemaError, load_environment

HERE = Path(__file__).parent
CASES = yaml.safe_load((HERE / "rules.yaml").read_text(encoding="utf-8"))
DAYS = yaml.safe_load((HERE / "days.yaml").read_text(encoding="utf-8"))
TABLE = """-- Sales. WL-OLAP
CREATE TABLE IF NOT EXISTS `${analytics}.%s` (
    day DATE NOT NULL OPTIONS (description = 'Day'),
    shop STRING OPTIONS (description = 'Shop'),
    price NUMERIC OPTIONS (description = 'Price'),
    sold_at TIMESTAMP OPTIONS (description = 'When')
)
PARTITION BY day
CLUSTER BY shop
OPTIONS (require_partition_filter = TRUE, description = 'Sales')
"""
BASE = {
    "migrations/0001_sales.sql": TABLE % "sales",
    "views/sums.sql": """-- Sums. WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.sums` OPTIONS (description = 'Sums') AS
SELECT s.day, SUM(s.price) AS price FROM `${analytics}.sales` AS s WHERE s.day >= '2026-01-01' GROUP BY s.day
""",
    "routines/doubled.sql": """-- Twice. WL-OLAP
CREATE OR REPLACE FUNCTION `${analytics}.doubled`(price NUMERIC) AS (price * 2)
""",
}
DAYS_VIEW = """-- Days. WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.days` OPTIONS (description = 'Days') AS
WITH s AS (
    SELECT t.sold_at AS ts, t.day AS d FROM `${analytics}.sales` AS t WHERE t.day >= '2026-01-01'
)
SELECT <expression> AS x FROM s
"""
ROUND_VIEW = """-- Round. WL-OLAP
CREATE OR REPLACE VIEW `${analytics}.<name>` OPTIONS (description = 'Round') AS
SELECT o.day FROM `${analytics}.<other>` AS o
"""


@pytest.fixture(scope="module")
def environment() -> Environment:
    return load_environment("prod")


def laid_out(folder: Path, files: Mapping[str, str]) -> Path:
    for name in ("migrations", "views", "routines"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_rule(case: Mapping[str, Any], environment: Environment, tmp_path: Path) -> None:
    warehouse(environment, laid_out(tmp_path / "good", {**BASE, case["file"]: case["good"]}))
    with pytest.raises(SchemaError) as raised:
        warehouse(environment, laid_out(tmp_path / "bad", {**BASE, case["file"]: case["bad"]}))
    line = "" if case["line"] is None else f":{case['line']}"
    assert raised.value.where.endswith(f"bad/{case['file']}{line}")
    assert case["says"] in raised.value.given


@pytest.mark.parametrize("case", DAYS, ids=[case["bad"] for case in DAYS])
def test_days_name_their_zone(case: Mapping[str, str], environment: Environment, tmp_path: Path) -> None:
    def files(expression: str) -> Mapping[str, str]:
        return {**BASE, "views/days.sql": DAYS_VIEW.replace("<expression>", expression)}

    warehouse(environment, laid_out(tmp_path / "good", files(case["good"])))
    with pytest.raises(SchemaError, match="names no time zone") as raised:
        warehouse(environment, laid_out(tmp_path / "bad", files(case["bad"])))
    assert raised.value.where.startswith(str(tmp_path / "bad/views/days.sql:"))


def test_circle_is_told_whole(environment: Environment, tmp_path: Path) -> None:
    def view(name: str, other: str) -> str:
        return ROUND_VIEW.replace("<name>", name).replace("<other>", other)

    files = {"views/one.sql": view("one", "two"), "views/two.sql": view("two", "one")}
    with pytest.raises(SchemaError, match="reads itself") as raised:
        warehouse(environment, laid_out(tmp_path, {**BASE, **files}))
    assert "analytics.one" in raised.value.given
    assert "analytics.two" in raised.value.given


def test_name_is_defined_once(environment: Environment, tmp_path: Path) -> None:
    twin = "-- Sums. WL-OLAP\nCREATE OR REPLACE FUNCTION `${analytics}.sums`(price NUMERIC) AS (price * 2)\n"
    with pytest.raises(SchemaError, match="is defined twice") as raised:
        warehouse(environment, laid_out(tmp_path, {**BASE, "routines/sums.sql": twin}))
    assert raised.value.where.endswith("routines/sums.sql:2")


def test_dropped_table_is_no_more(environment: Environment, tmp_path: Path) -> None:
    files = {
        "migrations/0001_sales.sql": TABLE % "sales",
        "migrations/0002_drop.sql": "-- None any more. WL-OLAP\nDROP TABLE IF EXISTS `${analytics}.sales`;\n",
    }
    assert not warehouse(environment, laid_out(tmp_path / "alone", files)).tables
    with pytest.raises(SchemaError, match=r"reads triptrip-prod\.analytics\.sales") as raised:
        warehouse(environment, laid_out(tmp_path / "read", {**BASE, **files}))
    assert raised.value.where.endswith("views/sums.sql:3")


def test_what_is_read_comes_first(environment: Environment, tmp_path: Path) -> None:
    files = {
        "views/a.sql": "-- A. WL-OLAP\nCREATE OR REPLACE VIEW `${analytics}.a` OPTIONS (description = 'A') AS\n"
        "SELECT sums.day, `${analytics}.tripled`(sums.price) AS price FROM `${analytics}.sums` AS sums\n",
        "routines/tripled.sql": "-- Thrice. WL-OLAP\n"
        "CREATE OR REPLACE FUNCTION `${analytics}.tripled`(price NUMERIC) AS (price + `${analytics}.doubled`(price))\n",
    }
    order = [each.name for each in warehouse(environment, laid_out(tmp_path, {**BASE, **files})).definitions]
    assert order.index("doubled") < order.index("tripled") < order.index("a")
    assert order.index("sums") < order.index("a")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_own_files_keep_the_rules(name: str) -> None:
    found = warehouse(load_environment(name))
    assert {each.name for each in found.definitions} >= {
        "funnel_daily",
        "price_trends",
        "revenue_daily",
        "occupancy_daily",
    }
    assert all(table.clustering and table.description for table in found.tables.values())
