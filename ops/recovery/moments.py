"""Moments that a person writes, in JST or UTC, and that Google and PostgreSQL read."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ops.recovery.errors import RecoveryError

_FORM = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d(:\d\d(\.\d{1,6})?)?) ?(?P<zone>Z|UTC|JST|[+-]\d\d:\d\d)"
)
_ZONES = {"Z": UTC, "UTC": UTC, "JST": ZoneInfo("Asia/Tokyo")}
_ALLOWED = "a day, a time and a zone: '2026-11-26 03:00 JST', '2026-11-25T18:00:00Z'"


def parse(given: str, where: str = "--before") -> datetime:
    """A moment in UTC; raises RecoveryError without a zone, since nine hours lie between the two that are meant."""
    found = _FORM.fullmatch(given.strip())
    if found is None:
        raise RecoveryError(where, f"{given!r} is no moment", allowed=_ALLOWED, fix="say the zone too: JST or UTC")
    zone = found["zone"]
    try:
        if zone in _ZONES:
            moment = datetime.fromisoformat(f"{found['day']}T{found['time']}").replace(tzinfo=_ZONES[zone])
        else:
            moment = datetime.fromisoformat(f"{found['day']}T{found['time']}{zone}")
    except ValueError as error:
        raise RecoveryError(where, f"{given!r}: {error}", allowed=_ALLOWED, fix="correct it") from None
    return moment.astimezone(UTC)


def rfc3339(moment: datetime) -> str:
    """A moment as Google's APIs and our journals write it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_rfc3339(text: str) -> datetime:
    """A moment that Google has written, of up to nine digits of a second."""
    digits = re.sub(r"\.(\d{1,9})", lambda found: f".{found[1][:6]:0<6}", text)
    return datetime.fromisoformat(digits).astimezone(UTC)


def both(moment: datetime) -> str:
    """A moment for people: in UTC and in JST."""
    utc, jst = moment.astimezone(UTC), moment.astimezone(_ZONES["JST"])
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC ({jst:%m-%d %H:%M:%S} JST)"


def run_id(moment: datetime) -> str:
    """The name of a run: its start, as the exports have it."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def of_run(run: str) -> datetime:
    """When a run was started, by its name."""
    return datetime.strptime(run, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
