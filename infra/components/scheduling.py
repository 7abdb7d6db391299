"""What Cloud Scheduler does when it could not start something."""

from collections.abc import Mapping
from typing import Any

START_AGAIN: Mapping[str, Any] = {
    "retry_count": 3,
    "min_backoff_duration": "60s",
    "max_backoff_duration": "600s",
    "max_doublings": 3,
    "max_retry_duration": "0s",
}
"""For what comes once a day or less: a run that finds another one under way ends at once."""

LEAVE_TO_THE_NEXT: Mapping[str, Any] = {"retry_count": 0}
"""For what comes every few minutes."""
