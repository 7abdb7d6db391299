"""Google's APIs as recovery uses them: with retries, operations that are waited for, and guards around what deletes."""

from ops.recovery.cloud.calls import Pace
from ops.recovery.cloud.google import Google, connect

__all__ = ["Google", "Pace", "connect"]
