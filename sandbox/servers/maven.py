"""Artifacts of Maven Central, checked by checksum, and Java sources of our own compiled beside them."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

from sandbox.servers.groups import FOLDER, Artifact, JavaSources, MavenLock

REPOSITORY_VARIABLE = "TRIPTRIP_MAVEN_REPOSITORY"
"""Another repository with Maven Central's layout, for networks that reach only their own."""

_REPOSITORY = "https://repo1.maven.org/maven2"
_TIMEOUT_SECONDS = 120
_COMPILE_SECONDS = 300
_CHUNK = 1 << 20
_OLDEST_JAVA = 17


class MavenError(RuntimeError):
    """An artifact that is not as it was locked, or sources that cannot be compiled; the message says which."""


class JavaMissingError(RuntimeError):
    """There is no Java compiler that is new enough."""


def fill(lock: MavenLock, place: Path) -> None:
    """Put every artifact of a lock, and the compiled sources, into a folder.

    Raises MavenError for what cannot be fetched or compiled, JavaMissingError before anything is fetched.
    """
    compiler = java_compiler() if lock.java else None
    for artifact in lock.artifacts:
        folder = place / artifact.into
        folder.mkdir(parents=True, exist_ok=True)
        file = _download(artifact, folder)
        if file.suffix == ".zip":
            _unpack(file, folder)
            file.unlink()
    if lock.java and compiler:
        _compile(lock.java, compiler, place)


def java_compiler() -> str:
    """The javac on PATH; raises JavaMissingError when there is none, or only one older than 17."""
    found = shutil.which("javac")
    if found is None:
        raise JavaMissingError("javac is not on PATH")
    told = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 # found on PATH
    version = re.search(r"javac (\d+)", told.stdout + told.stderr)
    if version is None or int(version[1]) < _OLDEST_JAVA:
        raise JavaMissingError(f"{found} is of version {version[1] if version else 'unknown'}")
    return found


def _download(artifact: Artifact, folder: Path) -> Path:
    repository = os.environ.get(REPOSITORY_VARIABLE, _REPOSITORY).rstrip("/")
    if not repository.startswith("https://") and not repository.startswith("http://127.0.0.1:"):
        raise MavenError(f"{repository} is no https address; mend {REPOSITORY_VARIABLE}")
    address = f"{repository}/{artifact.path}"
    file = folder / Path(artifact.path).name
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(address, timeout=_TIMEOUT_SECONDS) as answer, file.open("wb") as kept:  # noqa: S310 # checked above
            for chunk in _chunks(answer):
                digest.update(chunk)
                kept.write(chunk)
    except OSError as error:  # URLError and a broken connection
        raise MavenError(f"{address}: {error}") from error
    if digest.hexdigest() != artifact.sha256:
        size = file.stat().st_size
        file.unlink()
        raise MavenError(f"{address}: another content than locked, {size} bytes of SHA-256 {digest.hexdigest()}")
    return file


def _chunks(answer: "urllib.response.addinfourl") -> Iterator[bytes]:
    while chunk := answer.read(_CHUNK):
        yield chunk


def _unpack(file: Path, folder: Path) -> None:
    """Unpack with the permissions that the archive holds, which zipfile leaves out."""
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            made = Path(archive.extract(entry, folder))
            if mode := entry.external_attr >> 16:
                made.chmod(mode & 0o777)


def _compile(java: JavaSources, compiler: str, place: Path) -> None:
    """Compile the sources into one archive, with every other file of their folder beside it."""
    sources = FOLDER / java.sources
    into = place / java.into
    classpath = os.pathsep.join(f"{place / folder}/*" for folder in java.compiled_against)
    with tempfile.TemporaryDirectory(prefix="triptrip-classes-") as name:
        classes = Path(name)
        words = [compiler, "--release", str(_OLDEST_JAVA), "-proc:none", "-nowarn", "-d", name, "-cp", classpath]
        done = subprocess.run(  # noqa: S603 # words of this module
            [*words, *map(str, sorted(sources.rglob("*.java")))],
            capture_output=True,
            text=True,
            timeout=_COMPILE_SECONDS,
            check=False,
        )
        if done.returncode:
            raise MavenError(f"javac refused {java.sources}: {done.stderr.strip()[:2000]}")
        with zipfile.ZipFile(into / f"{java.sources}.jar", "w") as archive:
            for file in sorted(classes.rglob("*.class")):
                archive.write(file, file.relative_to(classes).as_posix())
    for file in sources.iterdir():
        if file.is_file():
            shutil.copyfile(file, into / file.name)
