"""The pooler's runbook: its lines make a certificate that the machines take and clients verify."""

import re
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from sandbox.servers.install import InstallError

ROOT = Path(__file__).resolve().parents[2]
RUNBOOK = ROOT / "docs" / "runbooks" / "pooler.md"


def block(name: str) -> str:
    """A block of the runbook by the name behind its language."""
    found = re.search(rf"^```sh {name}\n(.*?)^```$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_the_certificate_of_the_runbook_has_both_names_and_its_authority(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise InstallError("openssl", "openssl is not on PATH", "install it: the pooler's certificate is made with it")
    subprocess.run(["/bin/sh", "-ec", block("certificate")], cwd=tmp_path, check=True, capture_output=True)  # noqa: S603
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "certificate.pem")
    for name in ("pg-write.prod.triptrip.internal", "pg-read.prod.triptrip.internal"):
        _handshake(server, ssl.create_default_context(cafile=str(tmp_path / "authority.pem")), name)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(server, ssl.create_default_context(cafile=str(tmp_path / "authority.pem")), "elsewhere.internal")


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> None:
    """Let both sides meet in memory; raises SSLError when the client does not believe the name."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=name)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (one, other):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    one.do_handshake()
