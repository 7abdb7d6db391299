"""Google Workflows for tests: the sources that are deployed, run step by step against simulated Google APIs.

    clock = Clock(1764180000)
    execution = Execution(source, SimulatedGoogle(api, clock), clock, {"GOOGLE_CLOUD_PROJECT_ID": "dev", …})
    execution.run({"instance": …})      # RaisedError where it would fail; execution.log is what it wrote

A source is refused (SourceError) for what Workflows refuses, and for what this interpreter does not know: it knows what
the platform's sources use. Time passes by sleeping alone, so retries and waits take none.
"""

from sandbox.workflows.errors import RaisedError, SourceError
from sandbox.workflows.execution import Clock, Entry, Execution
from sandbox.workflows.google import SimulatedGoogle

__all__ = ["Clock", "Entry", "Execution", "RaisedError", "SimulatedGoogle", "SourceError"]
