"""Which replicas a read service uses: out at once, back only after it has kept up for a while."""

from collections.abc import Mapping
from dataclasses import dataclass

RETURN_SHARE = 0.5
"""A replica comes back below this share of the limit, so that one that hovers around it does not come and go."""


@dataclass
class _Standing:
    is_used: bool
    good_checks: int = 0


class Choice:
    """The replicas of one service; `maximum_lag` in seconds."""

    def __init__(self, maximum_lag: float, recover_after: int) -> None:
        self._maximum = maximum_lag
        self._recover_after = recover_after
        self._standings: dict[str, _Standing] = {}

    def update(self, lags: Mapping[str, float | None]) -> tuple[str, ...]:
        """Take in one check; returns the replicas to read from, sorted: none when the primary must serve.

        A lag is None while it cannot be told. A replica that was never seen before needs to prove nothing.
        """
        return tuple(sorted(name for name, lag in lags.items() if self._is_used(name, lag)))

    def _is_used(self, name: str, lag: float | None) -> bool:
        standing = self._standings.get(name)
        if lag is None or lag > self._maximum:
            self._standings[name] = _Standing(is_used=False)
            return False
        if standing is None:
            standing = self._standings[name] = _Standing(is_used=True)
        if not standing.is_used:
            standing.good_checks = standing.good_checks + 1 if lag <= self._maximum * RETURN_SHARE else 0
            standing.is_used = standing.good_checks >= self._recover_after
        return standing.is_used
