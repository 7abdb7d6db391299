"""The invalidation worker as Cloud Run would start it: its own process, told everything by its environment."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from sandbox.servers.install import Installed
from sandbox.servers.process import Command
from sandbox.servers.server import Server
from sandbox.servers.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 180


class Invalidator(Server):
    """A worker behind a port of loopback that stays the same over restarts; `environment` may be changed in between."""

    def __init__(
        self, workspace: Workspace, programs: Installed, environment: Mapping[str, str], name: str = "invalidator"
    ) -> None:
        super().__init__(workspace, programs, name)
        self.environment = dict(environment)

    @property
    def url(self) -> str:
        """Where it takes pushes."""
        return f"http://{self.endpoint}/"

    def start(self) -> None:
        """Start and wait until it is ready; ServerError with its log when it is not."""
        self.launch()
        self.workspace.wait_for(f"{self.name} is ready", self._is_ready, _START_SECONDS, self.log)

    def launch(self) -> None:
        """Start without waiting."""
        environment = {**self.environment, "PORT": str(self.port)}
        words = (sys.executable, "-m", "services.invalidator")
        command = Command(self.name, words, ROOT, self.log, environment=environment, changes_user=True)
        self._process = self.workspace.start(command)

    def stop(self, timeout: float = 30) -> int:
        """Tell it to end as Cloud Run does; its exit code."""
        self.signal(signal.SIGTERM)
        return self._running().wait(timeout)

    def wait(self, timeout: float = 30) -> int:
        """Wait until it has ended; its exit code."""
        return self._running().wait(timeout)

    def status(self, page: str) -> int:
        """The status of one of its pages, 0 when nobody answers."""
        try:
            return requests.get(f"{self.url}{page}", timeout=10).status_code
        except requests.RequestException:
            return 0

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that have these labels."""
        text = requests.get(f"{self.url}metrics", timeout=10).text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def _is_ready(self) -> bool:
        self._still_starting()
        return self.status("readyz") == 200  # noqa: PLR2004 # HTTP OK
