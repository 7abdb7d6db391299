"""Sizes, shares, durations and times are read as people write them, or refused with the way to write them."""

import pytest

from infra.settings.scalar import Scalar, UnitError
from infra.settings.units import Duration, LocalTime, Share, Size, WeeklyTime


@pytest.mark.parametrize(
    ("text", "size"),
    [("8 kB", 8 << 10), ("512 MB", 512 << 20), ("60GB", 60 << 30), (" 60 GiB ", 60 << 30), ("1 TB", 1 << 40)],
)
def test_a_size_counts_in_powers_of_1024(text: str, size: int) -> None:
    assert Size.parse(text).bytes == size


def test_a_size_is_given_in_the_unit_that_is_asked_for() -> None:
    size = Size.parse("3 GB")
    assert (size.gib, size.mib, size.kib) == (3, 3072, 3145728)


@pytest.mark.parametrize("unit", ["gib", "mib"])
def test_a_size_that_is_not_whole_in_a_unit_is_never_rounded(unit: str) -> None:
    with pytest.raises(ValueError, match="1025 kB is not a whole number of"):
        getattr(Size.parse("1025 kB"), unit)


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        (Size, "1024 MB"),
        (Size, "0 kB"),
        (Size, "1025 kB"),
        (Share, "25 % of RAM"),
        (Share, "66.7%"),
        (Share, "50.0 %"),
        (Duration, "1 day"),
        (Duration, "36 hours"),
        (Duration, "90 s"),
        (Duration, "0 s"),
        (LocalTime, "02:00 Asia/Tokyo"),
        (WeeklyTime, "Sunday  03:00  UTC"),
    ],
)
def test_writing_a_value_back_reads_as_the_same_value(unit: type[Scalar], text: str) -> None:
    value = unit.parse(text)
    assert unit.parse(str(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Size.parse("1024 MB"), "1 GB"),
        (Size.parse("1536 MB"), "1536 MB"),
        (Share.parse("66.70 %"), "66.7 %"),
        (Duration.parse("24 hours"), "1 day"),
        (Duration.parse("120 s"), "2 minutes"),
        (LocalTime.parse("02:00 Asia/Tokyo"), "02:00 Asia/Tokyo"),
    ],
)
def test_a_value_is_written_in_its_largest_whole_unit(value: Scalar, text: str) -> None:
    assert str(value) == text


def test_a_share_is_exact() -> None:
    assert Share.parse("25 % of RAM").fraction == 0.25
    assert Share.parse("66.7 % of RAM").of(60 << 30) == (60 << 30) * 667 // 1000


def test_sizes_and_durations_have_an_order() -> None:
    assert Size.parse("1 GB") < Size.parse("1025 MB")
    assert Duration.parse("36 hours") > Duration.parse("1 day")


@pytest.mark.parametrize(
    ("unit", "given", "fix"),
    [
        (Size, 1024, "add the unit, e.g. 1024 GB"),
        (Size, True, "write it as 32 GB"),
        (Size, None, "write it as 32 GB"),
        (Size, "1.5 GB", "write a whole number in the next smaller unit"),
        (Size, "-1 GB", "write it as 32 GB"),
        (Size, "1 gb", "write 1 GB"),
        (Size, "1 PB", "use one of the units kB, MB, GB, TB"),
        (Size, "٣ GB", "write it as 32 GB"),
        (Share, 25, "write 25 %"),
        (Share, "101 %", "write it as 25 % of RAM"),
        (Share, "25 % of memory", "write it as 25 % of RAM"),
        (Duration, 7, "add the unit, e.g. 7 days"),
        (Duration, "1 week", "use one of the units ms, s, minutes, hours, days"),
        (LocalTime, 1080, "write it as 02:00 Asia/Tokyo"),
        (LocalTime, "02:00", "write it as 02:00 Asia/Tokyo"),
        (LocalTime, "02:00 ../../etc/passwd", "write it as 02:00 Asia/Tokyo"),
        (LocalTime, "02:00 Asia/../Tokyo", "write it as 02:00 Asia/Tokyo"),
        (LocalTime, "02:00 JST", "write Asia/Tokyo or UTC"),
        (WeeklyTime, "Sun 03:00 Asia/Tokyo", "write it as Sunday 03:00 Asia/Tokyo"),
    ],
)
def test_what_is_no_value_is_refused_with_the_way_to_write_it(unit: type[Scalar], given: object, fix: str) -> None:
    with pytest.raises(UnitError) as caught:
        unit.parse(given)
    assert caught.value.fix == fix
    assert caught.value.given == given
    assert caught.value.allowed


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_a_zone_that_changes_its_clocks_is_refused(zone: str) -> None:
    with pytest.raises(UnitError, match="changes its clocks"):
        LocalTime.parse(f"02:00 {zone}")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Asia/Kolkata", "America/Sao_Paulo", "Etc/GMT+12"])
def test_a_zone_with_one_offset_is_taken(zone: str) -> None:
    assert LocalTime.parse(f"02:00 {zone}").zone == zone
