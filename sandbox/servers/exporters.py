"""The exporters of a pooler machine and their collector, from the plan's own services and files.

Containers are left out: the commands are those of the services, their secrets are written as the machine writes them.
"""

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.catalog import exporter_rows
from infra.derive.exporters import COLLECTED, FOLDER, SECRETS, Exporters
from sandbox.servers.install import Installed
from sandbox.servers.placing import placed
from sandbox.servers.process import Command
from sandbox.servers.server import LOOPBACK, Endpoint, Server
from sandbox.servers.workspace import Workspace
from services.pooler import secrets
from services.pooler.secrets import Wanted

_START_SECONDS = 20
_RUN = re.compile(r"^ExecStart=/usr/bin/docker run (?P<flags>.+?) \S+@sha256:\S+ (?P<command>.+)$", re.MULTILINE)


class ExporterMachine:
    """Exporters by name, not started; `places` are where what the plan names is found here."""

    def __init__(
        self,
        workspace: Workspace,
        programs: Installed,
        plan: Exporters,
        places: Mapping[str, str],
        name: str = "exporters",
    ) -> None:
        self.workspace = workspace
        self.programs = programs
        self.plan = plan
        self.folder = workspace.make_folder(name)
        rows = {key: row for key, row in exporter_rows.exporters().items() if f"exporter-{key}.service" in plan.units}
        ports = [*(row.port for row in rows.values()), exporter_rows.collector().port]
        claimed = {str(port): str(workspace.claim_port()) for port in ports}
        for each in ("files", "secrets", "collected"):
            (self.folder / each).mkdir(mode=0o700)
            workspace.account.own(self.folder / each)
        self.places = {
            FOLDER: str(self.folder / "files"),
            SECRETS: str(self.folder / "secrets"),
            COLLECTED: str(self.folder / "collected"),
            **claimed,
            **places,
        }
        self.exporters = {key: Exporter(self, key, int(claimed[str(row.port)])) for key, row in rows.items()}
        self._collector_port = int(claimed[str(exporter_rows.collector().port)])

    def write(self, contents: Mapping[str, str]) -> None:
        """Write every file, and secrets with these contents by id, as services/pooler/secrets.py does."""
        for path, text in self.plan.files.items():
            self.workspace.write(self.folder / "files" / Path(path).relative_to(FOLDER), placed(text, self.places))
        for path in self.plan.files:
            if path.endswith("-secrets.json"):
                self._fetch(self.folder / "files" / Path(path).name, contents)

    def _fetch(self, file: Path, contents: Mapping[str, str]) -> None:
        wanted = Wanted.model_validate_json(file.read_bytes())
        wanted.folder.mkdir(mode=0o700)
        self.workspace.account.own(wanted.folder)
        for path, text in secrets.files(wanted, contents).items():
            self.workspace.write(path, text)

    def start(self) -> None:
        """Start every exporter and wait until each listens."""
        for exporter in self.exporters.values():
            exporter.start()

    def collector(self, programs: Installed) -> "Collector":
        """Prometheus in the place of Google's, not started."""
        return Collector(self, programs, self._collector_port)

    def command(self, unit: str) -> tuple[str, Sequence[str]]:
        """The flags of a service's container, and the words that run inside it, with the places of this machine."""
        found = _RUN.search(self.plan.units[unit])
        if found is None:
            raise ValueError(f"{unit} starts no container")
        return placed(found["flags"], self.places), placed(found["command"], self.places).split()


class Exporter(Server):
    """One exporter."""

    def __init__(self, machine: ExporterMachine, key: str, port: int) -> None:
        super().__init__(machine.workspace, machine.programs, f"exporter-{key}", Endpoint(LOOPBACK, port))
        self._machine = machine

    def start(self) -> None:
        """Start and wait until it listens; raises ServerError with its log when it does not come up."""
        flags, (program, *arguments) = self._machine.command(f"{self.name}.service")
        words = (*self.programs.command(program), *arguments)
        environment = _environment(flags)
        self._process = self.workspace.start(
            Command(self.name, words, self._machine.folder, self.log, environment=environment)
        )
        self.workspace.wait_for(f"{self.name} listens", self._is_ready, _START_SECONDS, self.log)

    def tell(self, path: str = "/metrics") -> str:
        """What it tells a scrape."""
        return _get(f"http://{self.endpoint}{path}").decode()

    def _is_ready(self) -> bool:
        self._still_starting()
        return self.is_listening


class Collector(Server):
    """Prometheus with the collector's own configuration, which scrapes ever so often."""

    def __init__(self, machine: ExporterMachine, programs: Installed, port: int) -> None:
        super().__init__(machine.workspace, programs, "collector", Endpoint(LOOPBACK, port))
        self._machine = machine
        self.configuration = machine.folder / "files" / "prometheus.yml"

    def hasten(self, seconds: int = 1) -> None:
        """Scrape each so many seconds; the first scrape comes within one of them."""
        text = self.configuration.read_text(encoding="utf-8")
        hastened = re.sub(r"^(  scrape_(?:interval|timeout)): \d+s$", rf"\g<1>: {seconds}s", text, flags=re.MULTILINE)
        self.workspace.write(self.configuration, hastened)

    def check(self) -> str:
        """What promtool says of the configuration; raises ServerError when it refuses it."""
        words = (*self.programs.command("promtool"), "check", "config", str(self.configuration))
        return self.workspace.run("promtool", words)

    def start(self) -> None:
        """Start and wait until it answers."""
        _, arguments = self._machine.command("collector.service")
        words = (*self.programs.command("prometheus"), *arguments)
        environment = {"MACHINE": "machine-1"}
        self._process = self.workspace.start(
            Command(self.name, words, self._machine.folder, self.log, environment=environment)
        )
        self.workspace.wait_for(f"{self.name} listens", self._is_ready, _START_SECONDS, self.log)

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that PromQL gives now."""
        address = f"http://{self.endpoint}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        found: list[dict[str, Any]] = json.loads(_get(address))["data"]["result"]
        return found

    @cached_property
    def labels(self) -> Mapping[str, str]:
        """The labels that it adds to whatever it sends."""
        text = json.loads(_get(f"http://{self.endpoint}/api/v1/status/config"))["data"]["yaml"]
        labels = text.split("external_labels:")[1].split("scrape_configs:")[0]
        return dict(re.findall(r"^    (\w+): (\S+)$", labels, re.MULTILINE))

    def wait_for(self, query: str, timeout: float = 30) -> list[dict[str, Any]]:
        """Wait until PromQL gives something; returns it, or raises ServerError with the log."""
        self.workspace.wait_for(f"{query} is measured", lambda: bool(self.ask(query)), timeout, self.log)
        return self.ask(query)

    def _is_ready(self) -> bool:
        self._still_starting()
        try:
            return bool(_get(f"http://{self.endpoint}/-/ready"))
        except OSError:
            return False


def _environment(flags: str) -> dict[str, str]:
    """What `--env-file` of a container puts into its environment."""
    found = re.search(r"--env-file (\S+)", flags)
    lines = Path(found[1]).read_text(encoding="utf-8").splitlines() if found else []
    return dict(line.split("=", 1) for line in lines if line)


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=15) as answer:  # noqa: S310 # loopback
        content: bytes = answer.read()
        return content
