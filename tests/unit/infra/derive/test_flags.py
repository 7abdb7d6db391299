"""Flags become what Cloud SQL takes, for each machine's own size (COR-02, COR-03)."""

import pytest

from infra import catalog
from infra.derive.flags import FlagError, FlagValue, find, render, render_all
from infra.derive.tiers import parse_tier

PRIMARY = parse_tier("db-custom-16-61440")
REPLICA = parse_tier("db-custom-8-30720")


@pytest.mark.parametrize(
    ("name", "value", "on_primary", "on_replica"),
    [
        ("shared_buffers", "25 % of RAM", "1966080", "983040"),
        ("effective_cache_size", "66.7 % of RAM", "5245501", "2622750"),
        ("work_mem", "32 MB", "32768", "32768"),
        ("maintenance_work_mem", "2 GB", "2097152", "2097152"),
        ("autovacuum_work_mem", -1, "-1", "-1"),
        ("max_connections", 500, "500", "500"),
        ("random_page_cost", 1.1, "1.1", "1.1"),
        ("random_page_cost", 0.00001, "0.00001", "0.00001"),
        ("random_page_cost", 4, "4", "4"),
        ("log_min_duration_statement", "1 s", "1000", "1000"),
        ("checkpoint_timeout", "15 minutes", "900", "900"),
        ("log_checkpoints", True, "on", "on"),
        ("cloudsql.iam_authentication", "on", "on", "on"),
        ("log_statement", "ddl", "ddl", "ddl"),
        ("wal_compression", False, "off", "off"),
        ("pgaudit.log", "ddl,role", "ddl,role", "ddl,role"),
        ("log_temp_files", 0, "0", "0"),
    ],
)
def test_a_value_is_rendered_in_the_unit_cloud_sql_takes(
    name: str, value: FlagValue, on_primary: str, on_replica: str
) -> None:
    flag = find(name, 16)
    assert (render(flag, value, PRIMARY), render(flag, value, REPLICA)) == (on_primary, on_replica)


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("effective_cache_size", "75 % of RAM", "70% of RAM"),
        ("shared_buffers", "45 GB", "60% of RAM"),
        ("shared_buffers", 1966080, "25 % of RAM"),
        ("work_mem", "32 kB", "64 kB"),
        ("work_mem", True, "64 MB"),
        ("max_connections", "many", "whole number"),
        ("max_connections", 500.5, "whole number"),
        ("random_page_cost", "cheap", "0 to 1e+06"),
        ("checkpoint_completion_target", 1.5, "0 to 1"),
        ("log_checkpoints", "yes", "on or off"),
        ("log_statement", "some", "none, ddl, mod, all"),
        ("pgaudit.log", " ", "a text"),
        ("lock_timeout", "soon", "30 s"),
    ],
)
def test_a_value_cloud_sql_would_refuse_is_refused_with_what_is_allowed(
    name: str, value: FlagValue, allowed: str
) -> None:
    with pytest.raises(FlagError) as refused:
        render(find(name, 16), value, PRIMARY)
    assert allowed in refused.value.allowed


def test_a_flag_cloud_sql_does_not_have_says_what_to_do_instead() -> None:
    with pytest.raises(FlagError, match="not a Cloud SQL flag") as refused:
        find("effective_io_concurrency", 16)
    assert "ALTER DATABASE" in refused.value.fix


def test_a_misspelt_flag_names_the_nearest_one() -> None:
    with pytest.raises(FlagError) as refused:
        find("max_conections", 16)
    assert "max_connections" in refused.value.fix


def test_a_flag_newer_than_the_server_is_refused() -> None:
    with pytest.raises(FlagError, match="PostgreSQL 15"):
        find("wal_compression", 14)


def test_flags_come_sorted_by_name_whatever_the_order_written() -> None:
    wanted: dict[str, FlagValue] = {"work_mem": "32 MB", "max_connections": 500, "log_checkpoints": "on"}
    names = [name for name, _ in render_all(wanted, 16, PRIMARY)]
    assert names == ["log_checkpoints", "max_connections", "work_mem"]


def test_every_row_of_the_catalogue_has_a_source_and_bounds_its_numbers() -> None:
    for flag in catalog.flags().values():
        assert flag.source
        if flag.type in ("integer", "float"):
            assert flag.minimum is not None, flag.name
            assert flag.maximum is not None, flag.name
        assert bool(flag.choices) == (flag.type == "choice"), flag.name
