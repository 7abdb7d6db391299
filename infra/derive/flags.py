"""Database flags: from what a person writes ("25 % of RAM", "32 MB", on) to what Cloud SQL takes (PG-FLAGS, COR-02).

Cloud SQL takes every value as text, memory and times as an integer in the flag's own unit, and keeps the list as a set:
the flags are computed for each instance's own memory and sorted by name, so that a preview never shows a
reordering.
"""

import difflib
import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from infra import catalog
from infra.catalog import Flag
from infra.derive.tiers import Tier
from infra.settings.units import Duration, Share, Size

FlagValue = str | int | float | bool

_BYTES = {"8 kB": 8 * 1024, "kB": 1024, "MB": 1024 * 1024}
_MILLISECONDS = {"ms": 1, "s": 1000}
_SWITCH = {True: "on", False: "off", "on": "on", "off": "off", "true": "on", "false": "off"}


class FlagError(ValueError):
    """A flag that Cloud SQL would refuse; carries what is allowed and how to mend it."""

    def __init__(self, allowed: str, fix: str) -> None:
        super().__init__(allowed)
        self.allowed = allowed
        self.fix = fix


def find(name: str, version: int) -> Flag:
    """The catalogue's row for a flag in a PostgreSQL major version.

    Raises FlagError when Cloud SQL does not offer it.
    """
    flag = catalog.flags().get(name)
    if flag and flag.since <= version:
        return flag
    if flag:
        raise FlagError(f"offered from PostgreSQL {flag.since} on", "leave the flag out, or move to that version first")
    if instead := catalog.absent_flags().get(name):
        raise FlagError("not a Cloud SQL flag", instead)
    near = difflib.get_close_matches(name, catalog.flags(), n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise FlagError(
        "a flag of infra/catalog/cloudsql_flags.yaml",
        f"{hint}a flag that Cloud SQL has and the catalogue lacks needs a row there, with its source",
    )


def render(flag: Flag, value: FlagValue, tier: Tier) -> str:
    """The text Cloud SQL takes for a value on a machine of this tier.

    Raises FlagError when the value has the wrong form or lies outside the flag's range on this machine.
    """
    return _RENDERERS[flag.type](flag, value, tier)


def render_all(wanted: Mapping[str, FlagValue], version: int, tier: Tier) -> tuple[tuple[str, str], ...]:
    """Every flag of one instance as (name, text), sorted by name.

    Raises FlagError at the first value that cannot be set; `infra.derive.checks` names them all beforehand.
    """
    return tuple((name, render(find(name, version), wanted[name], tier)) for name in sorted(wanted))


def memory_bytes(flag: Flag, rendered: str) -> int:
    """Bytes that a rendered memory flag stands for; a special value such as -1 has none and counts as 0."""
    return max(int(rendered), 0) * _BYTES[flag.unit or "kB"]


def _integer(flag: Flag, value: FlagValue, tier: Tier) -> str:
    steps = _steps(flag, value, tier)
    if steps in flag.special:
        return str(steps)
    low, high = _bound(flag, flag.minimum, tier), _bound(flag, flag.maximum, tier)
    if not low <= steps <= high:
        raise FlagError(
            f"{_human(flag, math.ceil(low), tier)} to {_human(flag, math.floor(high), tier)} on {tier.name}",
            f"choose a value inside the range ({flag.source})",
        )
    # A share that lies on a bound must not fall out of it by being rounded to whole steps.
    return str(min(max(math.floor(steps), math.ceil(low)), math.floor(high)))


def _steps(flag: Flag, value: FlagValue, tier: Tier) -> Fraction:
    """A value as an exact count of the flag's unit."""
    if isinstance(value, bool):
        raise FlagError(_form(flag), "write a number, not on or off")
    if isinstance(value, int | float):
        return _plain_number(flag, value)
    try:
        if flag.unit in _BYTES:
            return _memory_steps(flag, value, tier)
        if flag.unit in _MILLISECONDS:
            return Fraction(Duration.parse(value).milliseconds, _MILLISECONDS[flag.unit])
        return Fraction(int(value))
    except ValueError as error:
        raise FlagError(_form(flag), f"write the value in that form ({error})") from error


def _plain_number(flag: Flag, value: float) -> Fraction:
    if value != int(value):
        raise FlagError(_form(flag), "write a whole number")
    if flag.unit and value and value not in flag.special:
        raise FlagError(
            _form(flag), f'name the unit: Cloud SQL counts this flag in {flag.unit}, and "{value}" does not say so'
        )
    return Fraction(int(value))


def _memory_steps(flag: Flag, value: str, tier: Tier) -> Fraction:
    step = _BYTES[flag.unit or "kB"]
    if "%" in value:
        return Fraction(Share.parse(value).percent) / 100 * tier.memory_mib * 2**20 / step
    return Fraction(Size.parse(value).bytes, step)


def _bound(flag: Flag, bound: float | str | None, tier: Tier) -> Fraction:
    return _memory_steps(flag, bound, tier) if isinstance(bound, str) else Fraction(bound or 0)


def _human(flag: Flag, steps: int, tier: Tier) -> str:
    if flag.unit not in _BYTES:
        return f"{steps} {flag.unit}" if flag.unit else str(steps)
    size = steps * _BYTES[flag.unit]
    share = f" ({size / 2**20 / tier.memory_mib:.0%} of RAM)" if isinstance(flag.maximum, str) else ""
    return f"{Size(size)}{share}"


def _form(flag: Flag) -> str:
    if flag.unit in _BYTES:
        share = ', or a share such as "25 % of RAM"' if isinstance(flag.maximum, str) else ""
        return f'a size such as "64 MB"{share}'
    if flag.unit in _MILLISECONDS:
        return 'a duration such as "30 s"'
    return "a whole number"


def _float(flag: Flag, value: FlagValue, _: Tier) -> str:
    try:
        number = float(value) if not isinstance(value, bool) else None
    except ValueError:
        number = None
    low, high = float(flag.minimum or 0), float(flag.maximum or 0)
    if number is None or not low <= number <= high:
        raise FlagError(f"a number from {low:g} to {high:g}", f"choose a value inside the range ({flag.source})")
    # Cloud SQL reads no exponents: 1e-05 is no number to it.
    return f"{Decimal(str(number)).normalize():f}"


def _switch(_: Flag, value: FlagValue, __: Tier) -> str:
    if value not in _SWITCH or isinstance(value, float):
        raise FlagError("on or off", "write on or off")
    return _SWITCH[value]


def _choice(flag: Flag, value: FlagValue, _: Tier) -> str:
    text = _SWITCH[value] if isinstance(value, bool) else str(value)
    if text not in flag.choices:
        raise FlagError(f"one of {', '.join(flag.choices)}", f"choose one of them ({flag.source})")
    return text


def _text(_: Flag, value: FlagValue, __: Tier) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FlagError("a text", "write the value as text")
    return value


_RENDERERS = {"integer": _integer, "float": _float, "switch": _switch, "choice": _choice, "text": _text}
