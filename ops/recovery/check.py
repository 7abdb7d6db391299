"""One thing that a restore looks at before anything is switched over."""

from typing import NamedTuple


class Check(NamedTuple):
    """What was looked at, whether it is as it should be, and what was found."""

    what: str
    passed: bool
    found: str
