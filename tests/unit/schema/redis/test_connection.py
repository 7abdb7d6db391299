"""How the schema step signs in to a cache, and what a library's text says of itself."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from schema.redis.connection import client
from schema.redis.loaded import read, written
from services.cache import contract, library
from services.cache.connection import TokenOfTheAccount


def handed(authority: Path, authentication: str) -> str:
    authority.write_text("-----BEGIN CERTIFICATE-----", encoding="utf-8")
    urls = {where: f"rediss://redis-{where}.data.internal:6378/0" for where in ("write", "read")}
    return json.dumps(
        {"urls": urls, "authentication": authentication, "certificateAuthority": str(authority), "checkHostname": False}
    )


def test_a_cache_that_signs_in_by_iam_is_given_the_accounts_token(tmp_path: Path) -> None:
    with client(handed(tmp_path / "ca.pem", "iam")) as made:
        options: dict[str, Any] = made.connection_pool.connection_kwargs
    assert isinstance(options["credential_provider"], TokenOfTheAccount)


def test_the_certificate_is_checked_and_not_its_name(tmp_path: Path) -> None:
    with client(handed(tmp_path / "ca.pem", "password")) as made:
        options: dict[str, Any] = made.connection_pool.connection_kwargs
    assert (options["host"], options["port"]) == ("redis-write.data.internal", 6378)
    assert (options["ssl_ca_certs"], options["ssl_check_hostname"]) == (str(tmp_path / "ca.pem"), False)
    assert "credential_provider" not in options


def test_a_library_says_who_brought_it_and_when() -> None:
    moment = datetime(2026, 11, 27, 3, 4, 5, tzinfo=UTC)
    found = read(written("migration on\nhost, process 7", moment))
    assert (found.version, found.digest, found.is_whole) == (contract.LIBRARY_VERSION, library.digest(), True)
    assert found.record is not None
    assert (found.record.started_at, found.record.applied_by) == (moment, "migration on host, process 7")
    assert not read(written("me", moment).replace("count < limit", "count <= limit")).is_whole
    assert read("#!lua name=triptrip\nreturn 1").version is None
