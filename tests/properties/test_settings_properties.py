"""Whatever the settings accept is read the same everywhere, and whatever they do not accept is refused in words."""

import json
import re
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from infra.derive.platform import derive
from infra.derive.schedule import daily_utc, deny_utc, weekly_utc
from infra.settings import Problem, Settings, SettingsError, load
from infra.settings.maintenance import DenyPeriod
from infra.settings.scalar import Scalar, UnitError
from infra.settings.settings import STORES
from infra.settings.stack_file import StackFile
from infra.settings.times import WEEKDAYS
from infra.settings.units import Duration, LocalTime, Share, Size, WeeklyTime
from tests.properties.strategies import (
    Raw,
    deny_periods,
    durations,
    local_times,
    raw_settings,
    shares,
    sizes,
    weekly_times,
)

EACH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Drawing a whole platform takes some milliseconds; a timed test would fail on a busy machine."""

UNITS: dict[type[Scalar], st.SearchStrategy[str]] = {
    Size: sizes,
    Share: shares,
    Duration: durations,
    LocalTime: local_times,
    WeeklyTime: weekly_times(),
}
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(UNITS)).flatmap(lambda unit: st.tuples(st.just(unit), UNITS[unit])))
def test_a_value_written_back_is_the_same_value(drawn: tuple[type[Scalar], str]) -> None:
    unit, text = drawn
    value = unit.parse(text)
    assert unit.parse(str(value)) == value
    assert str(unit.parse(str(value))) == str(value)


@given(st.sampled_from(list(UNITS)), junk)
def test_what_is_no_value_is_refused_and_nothing_else_happens(unit: type[Scalar], value: object) -> None:
    refused = refusal_of(unit, value)
    assert refused is None or (refused.allowed and refused.fix)


@given(st.sampled_from([Size, Duration, Share]), st.data())
def test_the_schemas_pattern_promises_no_more_than_is_read(unit: type[Scalar], data: st.DataObject) -> None:
    text = data.draw(st.from_regex(unit.PATTERN.replace("$", r"\Z"), fullmatch=True))
    assume(unit is not Share or float(text.split("%")[0]) <= 100)  # the pattern cannot say where percentages end
    assert refusal_of(unit, text) is None


@given(weekly_times())
def test_a_weekly_time_is_the_same_moment_in_utc(text: str) -> None:
    local = WeeklyTime.parse(text)
    utc = weekly_utc(local)
    there = timedelta(days=WEEKDAYS.index(local.day), hours=local.hour, minutes=local.minute)
    here = timedelta(days=utc.day - 1, hours=utc.hour)
    assert (there - here - local.utc_offset) % timedelta(weeks=1) == timedelta()
    assert 1 <= utc.day <= 7
    assert 0 <= utc.hour <= 23


@given(local_times)
def test_a_daily_time_is_the_same_moment_in_utc(text: str) -> None:
    local = LocalTime.parse(text)
    hour, minute = (int(part) for part in daily_utc(local).split(":"))
    there = timedelta(hours=local.hour, minutes=local.minute)
    assert (there - timedelta(hours=hour, minutes=minute) - local.utc_offset) % timedelta(days=1) == timedelta()


@given(deny_periods())
def test_a_deny_period_keeps_its_length_and_its_form(raw: Raw) -> None:
    period = DenyPeriod.model_validate(raw)
    utc = deny_utc(period)
    start, end = (
        datetime.fromisoformat(f"{with_year(day)} {utc.time}").replace(tzinfo=UTC) for day in (utc.start, utc.end)
    )
    assert f"{start:%m-%d %H:%M}" == f"{period.utc(period.start):%m-%d %H:%M}"
    assert f"{end:%m-%d %H:%M}" == f"{period.utc(period.end):%m-%d %H:%M}"
    assert period.yearly or end - start == period.utc(period.end) - period.utc(period.start)
    assert len(utc.start) == len(utc.end) == len(period.start)


class Writer(yaml.SafeDumper):
    """A person's hand: quotes what readers of YAML disagree about, which PyYAML leaves plain (08, 0o7)."""


Writer.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style='"' if re.fullmatch(r"[-+]?0[0-9o]+", text) else None
    ),
)


def with_year(day: str) -> str:
    return day if len(day) == len("yyyy-mm-dd") else f"2027-{day}"


def test_a_string_of_digits_is_a_string_from_the_file_too() -> None:
    for digits in ("08", "007", "0o7", "1_000", "12"):
        text = yaml.dump({"config": {"triptrip:project": {"costCentre": digits}}}, Dumper=Writer)
        assert StackFile.parse("Pulumi.test.yaml", text).subjects == {"project": {"costCentre": digits}}


@EACH
@given(raw_settings())
def test_settings_are_the_same_from_the_file_from_the_engine_and_written_back(raw: Raw) -> None:
    loaded = load(raw)
    text = yaml.dump({"config": {f"triptrip:{subject}": value for subject, value in raw.items()}}, Dumper=Writer)
    assert load(StackFile.parse("Pulumi.test.yaml", text).subjects) == loaded
    assert load(json.loads(json.dumps(raw))) == loaded
    assert Settings.model_validate(loaded.model_dump(mode="json")) == loaded


@EACH
@given(raw_settings())
def test_what_follows_is_a_plan_or_a_refusal_in_words(raw: Raw) -> None:
    loaded = load(raw)
    refused = refused_by(lambda: derive(loaded))
    assert in_words(refused)
    if not refused:
        plan = derive(loaded)
        assert {store for store in STORES if getattr(plan, store)} == set(raw) & set(STORES)


@EACH
@given(raw_settings(), st.data())
def test_any_value_anywhere_is_taken_or_refused_at_its_place(raw: Raw, data: st.DataObject) -> None:
    raw = deepcopy(raw)
    path, group = data.draw(st.sampled_from(groups_of(raw, "")))
    name = data.draw(st.sampled_from(sorted(group)) | st.text(min_size=1, max_size=8))
    group[name] = data.draw(junk)
    refused = refused_by(lambda: load(raw))
    assert in_words(refused)
    subject = (path or name).split(".")[0]
    assert not refused or any(problem.path.startswith(subject) for problem in refused)


@given(st.dictionaries(st.text(max_size=8) | st.sampled_from(list(Settings.model_fields)), junk, max_size=4))
def test_anything_else_is_refused_in_words(raw: dict[str, object]) -> None:
    refused = refused_by(lambda: load(raw))
    assert refused
    assert in_words(refused)


def refusal_of(unit: type[Scalar], value: object) -> UnitError | None:
    try:
        unit.parse(value)
    except UnitError as error:
        return error
    return None


def refused_by(attempt: Callable[[], object]) -> tuple[Problem, ...]:
    """The problems of an attempt; any other error than a refusal ends the test."""
    try:
        attempt()
    except SettingsError as error:
        return error.problems
    return ()


def in_words(problems: tuple[Problem, ...]) -> bool:
    return all(problem.path and problem.given and problem.allowed and problem.fix for problem in problems)


def groups_of(raw: dict[str, Any], path: str) -> list[tuple[str, dict[str, Any]]]:
    below = [
        found
        for name, value in raw.items()
        if isinstance(value, dict)
        for found in groups_of(value, f"{path}.{name}" if path else name)
    ]
    return [(path, raw), *below] if raw else below
