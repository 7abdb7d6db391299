"""An empty database cluster, made once a machine by initdb and copied for every server: a quarter of initdb's time."""

import fcntl
import hashlib
import shutil
from pathlib import Path

from sandbox.servers.install import Installed
from sandbox.servers.workspace import Workspace

SUPERUSER = "postgres"


def copy_template(workspace: Workspace, programs: Installed, name: str, data: Path) -> None:
    """Fill a data folder that does not exist yet, as `name`."""
    mark = hashlib.sha256(workspace.password.encode()).hexdigest()[:8]
    account = workspace.account
    template = programs.folder.with_name(f"{programs.folder.name}-template-{account.uid}-{mark}")
    if not template.exists():
        with (programs.folder / "template.lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not template.exists():
                _make(workspace, programs, name, template)
    workspace.run(f"{name}-copy", ("/bin/cp", "-a", str(template), str(data)))


def _make(workspace: Workspace, programs: Installed, name: str, template: Path) -> None:
    folder = workspace.make_folder(f"{name}-template")
    secret = folder / "password"
    workspace.write(secret, workspace.password + "\n")
    flags = ("--username", SUPERUSER, "--pwfile", str(secret), "--auth", "scram-sha-256", "--no-sync")
    words = (*programs.command("initdb"), "--pgdata", str(folder / "data"), "--encoding", "UTF8", "--locale", "C")
    workspace.run(f"{name}-initdb", (*words, *flags))
    made = template.with_name(f"{template.name}.new")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(mode=0o700)
    workspace.account.own(made)
    workspace.run(f"{name}-template", ("/bin/cp", "-a", f"{folder}/data/.", str(made)))
    made.rename(template)
    secret.unlink()
