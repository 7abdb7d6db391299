"""A real Elasticsearch node on a port of loopback: the core and security, with analysis by our own plugin.

It has no ILM, SLM, reindex, data streams, Painless or GCS repository: the plugin keeps ILM and SLM policies as the
vendor's own parsers understand them, and nothing acts on them.
"""

import hashlib
import json
import secrets
import shutil
import signal
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from sandbox.servers.install import Installed
from sandbox.servers.process import Command, ServerError
from sandbox.servers.server import Server
from sandbox.servers.workspace import Workspace

SUPERUSER = "operator"
_START_SECONDS = 120
_OPEN_FILES = 4096
_HEAP = "512m"
_ITERATIONS = 10_000


class ElasticsearchServer(Server):
    """One node with security on; `SUPERUSER` signs in with the workspace's password.

    Its data lasts over restarts; `repository` is a folder that snapshots may go to. A node that lives for a few tests
    compiles its code once and simply; one that is measured is given `is_measured` and compiles it as a server does.
    """

    def __init__(
        self, workspace: Workspace, programs: Installed, name: str = "elasticsearch", *, is_measured: bool = False
    ) -> None:
        super().__init__(workspace, programs, name)
        self._is_measured = is_measured
        self._transport = workspace.claim_port()
        self._folder: Path | None = None

    @property
    def url(self) -> str:
        """Where the node answers, without credentials."""
        return f"http://{self.endpoint}"

    @property
    def repository(self) -> Path:
        """The folder of snapshots; ServerError before the first start."""
        return self._place() / "snapshots"

    def start(self) -> None:
        """Start and wait until the node answers; raises ServerError with its log when it does not come up."""
        if self.is_running:
            raise ServerError(f"{self.name} is running")
        if self._folder is None:
            self._create()
        folder = self._place()
        self._process = self.workspace.start(
            Command(
                self.name,
                self.programs.command("elasticsearch"),
                folder,
                self.log,
                open_files=_OPEN_FILES,
                environment=self._environment(),
                is_patient=not self._is_measured,
            )
        )
        self.workspace.wait_for(f"{self.name} answers", self._is_ready, _START_SECONDS, self.log)

    def stop(self, timeout: float = 60) -> None:
        """Shut down in order; nothing when it is down."""
        if self.is_running:
            self.signal(signal.SIGTERM)
            self._running().wait(timeout)

    def _create(self) -> None:
        """Lay out the node's own folders, and its one user."""
        folder = self.workspace.make_folder(self.name)
        for part in ("configuration", "data", "logs", "snapshots", "temporary"):
            self.workspace.make_folder(f"{self.name}/{part}")
        self._folder = folder
        given = Path(self.programs.command("elasticsearch")[0]).parents[1] / "config"
        files = {
            "log4j2.properties": (given / "log4j2.properties").read_text(encoding="utf-8"),
            # The distribution's own options write a log of the garbage collector into the installation. Without a
            # temporary folder of its own, all of /tmp counts as writable, and it refuses a writable configuration.
            "jvm.options": "\n".join(
                (
                    f"-Xms{_HEAP}",
                    f"-Xmx{_HEAP}",
                    "-XX:+UseSerialGC",
                    f"-Djava.io.tmpdir={folder}/temporary",
                    *(() if self._is_measured else ("-XX:TieredStopAtLevel=1",)),
                )
            ),
            "elasticsearch.yml": "".join(f"{key}: {json.dumps(value)}\n" for key, value in self._settings().items()),
            "users": f"{SUPERUSER}:{_hashed(self.workspace.password)}\n",
            "users_roles": f"superuser:{SUPERUSER}\n",
        }
        for name, text in files.items():
            self.workspace.write(folder / "configuration" / name, text)

    def _settings(self) -> Mapping[str, object]:
        folder = self._place()
        return {
            "cluster.name": self.name,
            "node.name": self.name,
            "network.host": self.address,
            "http.port": self.port,
            "transport.port": self._transport,
            "discovery.type": "single-node",
            "path.data": str(folder / "data"),
            "path.logs": str(folder / "logs"),
            "path.repo": [str(folder / "snapshots")],
            "xpack.security.enabled": True,
            "xpack.security.http.ssl.enabled": False,
            "xpack.security.transport.ssl.enabled": False,
            # A test machine's disk may be nearly full; indices must not become read-only for it.
            "cluster.routing.allocation.disk.threshold_enabled": False,
        }

    def _environment(self) -> Mapping[str, str]:
        folder = self._place()
        java = shutil.which("java")
        if java is None:
            raise ServerError(f"{self.name} needs java on PATH: install a JDK of version 17 or newer")
        return {
            "ES_JAVA_HOME": str(Path(java).resolve().parents[1]),
            "ES_PATH_CONF": str(folder / "configuration"),
            "ES_TMPDIR": str(folder / "temporary"),
            "HOME": str(folder),
        }

    def _place(self) -> Path:
        if self._folder is None:
            raise ServerError(f"{self.name} has no folder yet")
        return self._folder

    def _is_ready(self) -> bool:
        self._still_starting()
        credentials = b64encode(f"{SUPERUSER}:{self.workspace.password}".encode()).decode()
        # The index of roles and keys is made after the start, and whoever needs it before is refused.
        address = f"{self.url}/_cluster/health/.security?wait_for_status=green&timeout=5s"
        asked = urllib.request.Request(address, headers={"Authorization": f"Basic {credentials}"})  # noqa: S310 # our own server
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 # our own server
                return bool(answer.status == 200)  # noqa: PLR2004 # HTTP OK
        except (urllib.error.URLError, OSError):
            return False


def _hashed(password: str) -> str:
    """A password as the file of users keeps it (Hasher.PBKDF2), made here so that no command line shows it."""
    salt = secrets.token_bytes(32)
    hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ITERATIONS, 32)
    return f"{{PBKDF2}}{_ITERATIONS}${b64encode(salt).decode()}${b64encode(hashed).decode()}"
