"""The gate: what a deployment would delete, replace, unguard or keep for a shorter time, told before it happens.

Policies see what is declared, never what is taken away; this reads the engine's own preview.
"""

from ops.gate.changes import Change, Preview, UnreadableError, read_changes
from ops.gate.judge import Finding, judge

__all__ = ["Change", "Finding", "Preview", "UnreadableError", "judge", "read_changes"]
