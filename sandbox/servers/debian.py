"""Debian packages without apt: fetched by checksum from a mirror, or from the archive that keeps every version.

A mirror drops a package as soon as a newer one takes its place; https://snapshot.debian.org keeps it. `lock` asks
apt-get, in a state folder of its own and without root, for what the suite holds today.
"""

import hashlib
import os
import re
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sandbox.servers.groups import DebianLock, Package

MIRROR_VARIABLE = "TRIPTRIP_DEBIAN_MIRROR"
_MIRROR = "http://deb.debian.org/debian"
_SNAPSHOT = "https://snapshot.debian.org/archive/debian"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
_TIMEOUT_SECONDS = 60
_URI = re.compile(r"^'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>\d+) SHA256:(?P<sha256>[0-9a-f]{64})$", re.MULTILINE)


class DownloadError(RuntimeError):
    """No source had a package as it is locked."""


def download(lock: DebianLock, name: str, folder: Path) -> Path:
    """Fetch a locked package into a folder; raises DownloadError with what each source answered."""
    package = lock.packages[name]
    told = []
    for address in _addresses(lock, package):
        try:
            content = _get(address)
        except OSError as error:  # URLError and a broken connection
            told.append(f"{address}: {error}")
            continue
        if hashlib.sha256(content).hexdigest() == package.sha256:
            file = folder / f"{name}.deb"
            file.write_bytes(content)
            return file
        told.append(f"{address}: another content than locked, {len(content)} bytes instead of {package.size}")
    raise DownloadError("; ".join(told))


def _addresses(lock: DebianLock, package: Package) -> Iterator[str]:
    path = urllib.parse.quote(package.path)
    yield f"{os.environ.get(MIRROR_VARIABLE, _MIRROR).rstrip('/')}/{path}"
    yield f"{_SNAPSHOT}/{lock.snapshot}/{path}"


def _get(address: str) -> bytes:
    if not address.startswith(("http://", "https://")):
        raise DownloadError(f"{address} is no web address; mend {MIRROR_VARIABLE}")
    # Plain http is Debian's own default: the checksum decides, not the way.
    with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 # checked above
        return bytes(answer.read())


def refreshed(lock: DebianLock) -> DebianLock:
    """The lock with what its suite holds now, authenticated by apt with Debian's archive key.

    Needs apt-get and the package debian-archive-keyring; raises DownloadError with apt's answer.
    """
    with tempfile.TemporaryDirectory(prefix="triptrip-apt-") as name:
        folder = Path(name)
        for part in ("lists/partial", "cache/archives/partial"):
            (folder / part).mkdir(parents=True)
        (folder / "status").touch()
        source = f"deb [signed-by={_KEYRING} arch={lock.architecture}] {_MIRROR} {lock.suite} main\n"
        (folder / "sources.list").write_text(source, encoding="ascii")
        options = {
            "APT::Architecture": lock.architecture,
            "APT::Sandbox::User": "",
            "Acquire::Languages": "none",
            "Dir::Cache": folder / "cache",
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": folder,
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
        }
        settings = [f"-o{key}={value}" for key, value in options.items()]
        _apt(folder, *settings, "update")
        answer = _apt(folder, *settings, "download", "--print-uris", *lock.wanted)
    packages = {row["file"].split("_")[0]: _package(row) for row in _URI.finditer(answer)}
    if missing := set(lock.wanted) - set(packages):
        raise DownloadError(f"apt-get names no file for {', '.join(sorted(missing))}: {answer}")
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return lock.model_copy(update={"snapshot": now, "packages": dict(sorted(packages.items()))})


def _package(row: re.Match[str]) -> Package:
    path = urllib.parse.unquote(row["uri"].removeprefix(f"{_MIRROR}/"))
    return Package(path=path, size=int(row["size"]), sha256=row["sha256"])


def _apt(folder: Path, *words: str) -> str:
    done = subprocess.run(  # noqa: S603 # words of this module
        ["/usr/bin/apt-get", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode:
        raise DownloadError(f"apt-get: {done.stderr.strip()}")
    return done.stdout
