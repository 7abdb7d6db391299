"""What a job of Cloud Run knows of itself, and how long it waits for its way into the network."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

_PATIENCE_SECONDS = 150.0
_RETRY_SECONDS = 1.0

Result = TypeVar("Result")


def job_name() -> str:
    """The job that this process runs in; nothing elsewhere (Cloud Run's container contract, 2026)."""
    return os.environ.get("CLOUD_RUN_JOB", "")


def patience() -> float:
    """Seconds for which a store that cannot be reached yet is tried again.

    In a job the way into the network may open a minute or more after the start, with NAT half a minute later (Direct
    VPC egress, limits, 2026); everywhere else somebody waits for the answer.
    """
    return _PATIENCE_SECONDS if job_name() else 0.0


def reached(attempt: Callable[[], Result], is_no_way: Callable[[Exception], bool]) -> Result:
    """What an attempt to reach a store returns, made again while there is no way to it and patience lasts.

    Raises what the last attempt raises; `is_no_way` tells an error that may pass by itself from an answer.
    """
    end = time.monotonic() + patience()
    while True:
        try:
            return attempt()
        except Exception as error:
            if time.monotonic() >= end or not is_no_way(error):
                raise
        time.sleep(_RETRY_SECONDS)
