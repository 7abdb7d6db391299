"""Times as Google's APIs write them."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def text(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(given: str) -> datetime:
    """A time of RFC 3339, of up to nine digits of a second."""
    head, point, rest = given.partition(".")
    if point:
        digits = rest.rstrip("Z").partition("+")[0]
        zone = rest[len(digits) :]
        given = f"{head}.{digits[:6]:0<6}{zone}"
    return datetime.fromisoformat(given)
