"""Drift: what differs between a stack's state and the cloud, and what of it matters.

`pulumi refresh --preview-only` reads every resource and changes nothing. Each difference is judged by data
(rules.yaml): security-relevant, expected (the platform does it by itself, within declared bounds), or benign.
"""

from ops.drift.differences import Difference, Refresh, read_refresh
from ops.drift.judge import Drift, Finding, judge

__all__ = ["Difference", "Drift", "Finding", "Refresh", "judge", "read_refresh"]
