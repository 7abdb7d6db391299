"""How far behind a replica is, from positions in the primary's log and the moments they were seen.

`now() - pg_last_xact_replay_timestamp()` grows for ever on an idle primary, and a replica that is cut off looks like an
idle one (COR-17). A position does neither: a replica that has replayed all there is has no lag, however old that is.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A position in the log, in bytes, and when the question for it was sent, in seconds of a monotonic clock."""

    sent: float
    position: int


class PrimaryHistory:
    """The primary's positions of the last `kept` seconds; one thread adds, another asks."""

    def __init__(self, kept: float) -> None:
        self._kept = kept
        self._samples: tuple[Sample, ...] = ()

    def add(self, sample: Sample) -> None:
        """Remember a newer sample; a position that went back is another primary, and forgets what was before."""
        samples = self._samples
        if samples and sample.position < samples[-1].position:
            samples = ()
        # One sample beyond the time that is kept says of everything behind it that it is too old.
        first = max(0, bisect_right(samples, sample.sent - self._kept, key=lambda each: each.sent) - 1)
        self._samples = (*samples[first:], sample)

    def lag(self, replica: Sample) -> float | None:
        """Seconds that a replica was behind when it was asked: what its readers may have missed.

        They lie between the primary's newest sample of that moment and the newest one that the replica has reached.
        Everything that was committed before a sample's question was sent lies before its position, so that a replica
        never misses more. 0 when it has reached the newest, infinite when it has reached none, None when the primary
        told nothing before.
        """
        samples = self._samples
        known = bisect_right(samples, replica.sent, key=lambda sample: sample.sent)
        if known == 0:
            return None
        reached = bisect_right(samples, replica.position, key=lambda sample: sample.position)
        if reached == 0:
            return math.inf
        return max(0.0, samples[known - 1].sent - samples[reached - 1].sent)
