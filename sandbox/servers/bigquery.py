"""A server of BigQuery's REST API on a port of loopback: bqemulator, which keeps its rows in DuckDB's memory.

What it does not do as BigQuery does, and tests must therefore show elsewhere, stands in `sandbox.servers.bqemulator`.
"""

import shutil
import urllib.error
import urllib.request
from pathlib import Path

from sandbox.servers import as_account
from sandbox.servers.install import Installed
from sandbox.servers.process import Command
from sandbox.servers.server import Server
from sandbox.servers.workspace import Workspace

_START_SECONDS = 60
_ROOT = Path(__file__).resolve().parents[2]
_EXTENSIONS = Path("extensions/v1.5.5")
"""Where DuckDB 1.5.5 looks for an extension below its own folder, and where the wheel brings one."""


class BigqueryServer(Server):
    """One server; it forgets everything when it ends."""

    def __init__(self, workspace: Workspace, programs: Installed, name: str = "bigquery") -> None:
        super().__init__(workspace, programs, name)
        self._home = workspace.make_folder(name)
        self._other_port = workspace.claim_port()

    @property
    def url(self) -> str:
        """The API endpoint for clients."""
        return f"http://{self.endpoint}"

    def start(self) -> None:
        """Start and wait until it answers; raises ServerError with the log when it does not come up."""
        packages = self.programs.folder / "packages"
        self._bring_extension(packages)
        ports = ("--rest-port", str(self.port), "--grpc-port", str(self._other_port))
        environment = {
            "PYTHONPATH": str(packages),
            "HOME": str(self._home),
            "TMPDIR": str(self._home),
            # It would be fetched from the network; nothing here reads Avro.
            "BQEMU_ENABLE_FORMAT_EXTENSIONS": "false",
        }
        self._process = self.workspace.start(
            Command(
                self.name,
                as_account.words(self.workspace.account, "sandbox.servers.bqemulator", "start", *ports),
                _ROOT,
                self.log,
                environment=environment,
                changes_user=True,
                is_patient=True,
            )
        )
        self.workspace.wait_for(f"{self.name} answers", self._answers, _START_SECONDS, self.log)

    def _bring_extension(self, packages: Path) -> None:
        """Put the spatial extension, without which it does not start, where DuckDB finds it without the network."""
        (found,) = packages.glob(f"duckdb_extension_spatial/{_EXTENSIONS}/*.duckdb_extension")
        place = self._home / ".duckdb" / _EXTENSIONS / "linux_amd64"
        if not place.exists():
            place.mkdir(parents=True)
            shutil.copy(found, place)
            for path in (self._home / ".duckdb", *(self._home / ".duckdb").rglob("*")):
                self.workspace.account.own(path)

    def _answers(self) -> bool:
        self._still_starting()
        try:
            with urllib.request.urlopen(f"{self.url}/bigquery/v2/projects", timeout=5):  # noqa: S310 # our own server
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
