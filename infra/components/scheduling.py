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
"""For what comes once an hour or less, and does no harm beside another run of it."""

LEAVE_TO_THE_NEXT: Mapping[str, Any] = {"retry_count": 0}
"""For what comes every few minutes."""
