"""Installing a group of servers on first use, without root, into a cache outside the tree.

An installation is a folder named by everything that pins it; two processes that want it at once wait for one lock. It
lies in ${TRIPTRIP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/triptrip-data-platform}/servers, or, when tests run as root and
the servers' user cannot enter that, in /var/cache/triptrip-data-platform/servers.
"""

import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.servers import debian, gcloud, maven
from sandbox.servers.account import AccountError, first_reachable, server_account
from sandbox.servers.groups import Group, Part, debian_lock, gcloud_lock, groups, lock_files, maven_lock

_SHARED_CACHE = Path("/var/cache/triptrip-data-platform")
_TIMEOUT_SECONDS = 600
_INFLATE = """
const { createReadStream, createWriteStream } = require("node:fs");
const { pipeline } = require("node:stream");
const [from, to] = process.argv.slice(1);
pipeline(createReadStream(from), require("node:zlib").createBrotliDecompress(), createWriteStream(to), (error) => {
    if (error) { console.error(String(error)); process.exitCode = 1; }
});
"""
_LAYOUT = 1
"""Raised when the way an installation is laid out changes."""


class InstallError(RuntimeError):
    """A group that cannot be had on this machine: the group, why, and how to mend it."""

    def __init__(self, group: str, reason: str, fix: str) -> None:
        super().__init__(f"servers of group {group} cannot be installed: {reason}; to fix: {fix}")
        self.group = group
        self.reason = reason


@dataclass(frozen=True)
class Installed:
    """A group on this machine."""

    group: Group
    folder: Path

    def command(self, program: str) -> tuple[str, ...]:
        """The words that start a program of the group; arguments follow them."""
        row = self.group.programs[program]
        part = self.folder / row.part
        file = str(part / row.file)
        if row.loader is None or row.libraries is None:
            return (file,)
        libraries = ":".join(str(part / each) for each in row.libraries.split(":"))
        return str(part / row.loader), "--argv0", program, "--library-path", libraries, file


def cache_folder() -> Path:
    """The folder that holds installations; raises AccountError when the servers' user can enter none."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "triptrip-data-platform"
    own = Path(os.environ.get("TRIPTRIP_CACHE") or home)
    account = server_account()
    return first_reachable(account, (own, _SHARED_CACHE) if account.is_other else (own,)) / "servers"


def install(name: str) -> Installed:
    """A group, installed when it is not yet; raises InstallError."""
    group = groups()[name]
    here = f"{platform.system().lower()}-{platform.machine()}"
    if here != group.platform:
        raise InstallError(name, f"its binaries are for {group.platform}, this is {here}", "use such a machine")
    if group.needs_root and os.geteuid():
        raise InstallError(name, "its packages need root", "run as root, or leave it to CI")
    try:
        cache = cache_folder()
        installed = Installed(group, cache / f"{name}-{_key(group)}")
        if installed.folder.exists():
            return installed
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{name}.lock"):
            if not installed.folder.exists():
                _install(installed)
    except (OSError, AccountError) as error:
        raise InstallError(name, str(error), "make the cache folder writable, or set TRIPTRIP_CACHE") from error
    return installed


def _key(group: Group) -> str:
    digest = hashlib.sha256(f"{_LAYOUT} {group.model_dump_json()}".encode())
    for part in group.parts.values():
        for file in lock_files(part):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _install(installed: Installed) -> None:
    """Install beside the folder and rename at the end, so that a folder of its name is always whole.

    The package manager of an installation that was killed may still be writing, hence a new name each time.
    """
    group, folder = installed.group, installed.folder
    sys.stderr.write(f"servers: {group.what} is installed into {folder}\n")
    for killed in folder.parent.glob(f"{folder.name}.*"):
        shutil.rmtree(killed, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        for name, part in group.parts.items():
            place = made / name
            place.mkdir()
            _KINDS[part.kind](group.name, part, place)
            _copy(group.name, part, place, made)
        _check_programs(group, made)
        _make_readable(made)
        made.rename(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _check_programs(group: Group, folder: Path) -> None:
    for program, row in group.programs.items():
        if not (folder / row.part / row.file).is_file():
            raise InstallError(group.name, f"its sources brought no {program}", "mend its row in groups.yaml")


def _npm(group: str, part: Part, place: Path) -> None:
    """Packages of a lock file by npm, checked against its hashes; no script of a package is run."""
    npm = shutil.which("npm")
    if npm is None:
        raise InstallError(group, "npm is not on PATH", "install Node.js 20 or newer")
    for file in lock_files(part):
        shutil.copy(file, place)
    flags = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    _run(group, (npm, "ci", *flags), place, "check the network (npm registry)")
    if part.links:
        root = (place / part.links_from).resolve()
        for link in json.loads((place / part.links).read_text(encoding="utf-8")):
            source, target = (root / link["source"]).resolve(), root / link["target"]
            if root not in source.parents or root not in target.resolve().parents:
                raise InstallError(group, f"a link of its package leaves it: {link}", "do not use this version")
            target.unlink(missing_ok=True)
            target.symlink_to(os.path.relpath(source, target.parent))
    for packed, target in part.inflates.items():
        _inflate(group, place / packed, place / target)


def _inflate(group: str, packed: Path, target: Path) -> None:
    """Brotli, which Node.js reads and Python does not: an archive becomes a folder, a program a file to be run."""
    node = shutil.which("node")
    if node is None:
        raise InstallError(group, "node is not on PATH", "install Node.js 20 or newer")
    plain = packed.with_suffix("")
    _run(group, (node, "--eval", _INFLATE, str(packed), str(plain)), packed.parent, "check the disk's free space")
    packed.unlink()
    if plain.suffix == ".tar":
        with tarfile.open(plain) as archive:
            # Filters came with Python 3.11.4; Debian 12 has 3.11.2.
            archive.extraction_filter = getattr(tarfile, "data_filter", None)
            archive.extractall(target)  # noqa: S202 # filtered where Python can; pinned by the lock file's hash
        plain.unlink()
    else:
        plain.chmod(0o755)
        plain.rename(target)


def _pypi(group: str, part: Part, place: Path) -> None:
    """Wheels of a list with hashes by uv, as files only: nothing of them is imported."""
    (lock,) = lock_files(part)
    # Copied: what is made readable here must not change uv's own cache.
    where = ("--python", sys.executable, "--target", str(place), "--link-mode", "copy", "--no-compile-bytecode")
    words = (_uv(group), "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", *where)
    _run(group, (*words, "--requirement", str(lock)), place, "check the network (PyPI)")


def _uv(group: str) -> str:
    """The uv on PATH, or the one that sandbox/setup fetched."""
    if found := shutil.which("uv"):
        return found
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "triptrip-data-platform"
    fetched = sorted(Path(os.environ.get("TRIPTRIP_CACHE") or home).glob("uv-*/bin/uv"))
    if not fetched:
        raise InstallError(group, "uv is neither on PATH nor in the cache", "run sandbox/setup, or install uv")
    return str(fetched[-1])


def _debian(group: str, part: Part, place: Path) -> None:
    """Packages of Debian, checked and unpacked as files."""
    unpack = shutil.which("dpkg-deb")
    if unpack is None:
        raise InstallError(group, "dpkg-deb is not on PATH", "use Debian or Ubuntu, or install dpkg")
    lock = debian_lock(part.lock)
    for name in lock.packages:
        try:
            file = debian.download(lock, name, place)
        except debian.DownloadError as error:
            raise InstallError(group, str(error), f"`python -m sandbox.servers lock {part.lock}`") from error
        _run(group, (unpack, "--extract", str(file), str(place)), place, "check the disk's free space")
        file.unlink()


def _maven(group: str, part: Part, place: Path) -> None:
    """Artifacts of Maven Central, checked, and our own Java sources compiled beside them."""
    try:
        maven.fill(maven_lock(part.lock), place)
    except maven.JavaMissingError as error:
        raise InstallError(group, str(error), "install a JDK of version 17 or newer") from error
    except maven.MavenError as error:
        raise InstallError(group, str(error), f"check the network, or mend locks/{part.lock}.yaml") from error


def _gcloud(group: str, part: Part, place: Path) -> None:
    """A file of the Google Cloud SDK on this machine."""
    lock = gcloud_lock(part.lock)
    try:
        gcloud.fill(lock, place)
    except gcloud.SdkError as error:
        raise InstallError(group, str(error), f"install Google's package {lock.package}") from error


_KINDS: Mapping[str, Callable[[str, Part, Path], None]] = {
    "npm": _npm,
    "pypi": _pypi,
    "debian": _debian,
    "maven": _maven,
    "gcloud": _gcloud,
}


def _copy(group: str, part: Part, place: Path, made: Path) -> None:
    """Put files of a part beside another one's, which looks for them there."""
    for source, target in part.copies.items():
        for file in sorted((place / source).iterdir()):
            if (made / target / file.name).exists():
                raise InstallError(group, f"{target} has a {file.name} already", "mend the copies of groups.yaml")
            shutil.copy(file, made / target)


def _run(group: str, words: Sequence[str], folder: Path, fix: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    try:
        done = subprocess.run(  # noqa: S603 # words of this module
            words,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InstallError(group, f"{Path(words[0]).name} took longer than {_TIMEOUT_SECONDS} s", fix) from error
    if done.returncode:
        last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise InstallError(group, f"{Path(words[0]).name} {words[1]} failed: {last}", fix)


def _make_readable(folder: Path) -> None:
    """Let the servers' user read and run everything, whatever this process's umask is."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))
    folder.parent.chmod(folder.parent.stat().st_mode | 0o555)


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w", encoding="ascii") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
