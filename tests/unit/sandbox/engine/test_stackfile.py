"""What the sandbox's copy of a stack file keeps, drops and stands in for."""

from __future__ import annotations

import pytest
import yaml

from sandbox.engine.errors import LauncherError
from sandbox.engine.stackfile import STAND_IN, fingerprint, for_sandbox, salt_of

PLAIN = """\
# Why this value: see the runbook.
config:
  triptrip:postgres: {start: 12:30, day: 2027-01-01, flags: {log_connections: on}}
"""

REAL = """\
secretsprovider: gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k
encryptedkey: Q2lR
encryptionsalt: v1:real
config:
  triptrip:token:
    secure: v1:abc
  triptrip:postgres:
    start: 12:30
    users:
      - name: reporting
        password: {secure: v1:def}
      - secure: v1:ghi
"""


def test_a_file_without_secrets_is_copied_letter_by_letter() -> None:
    assert for_sandbox(PLAIN, None, "f") == PLAIN


def test_the_salt_follows_the_copy() -> None:
    copy = for_sandbox(PLAIN, "v1:own", "f")
    assert copy == PLAIN + "encryptionsalt: v1:own\n"
    assert salt_of(copy, "f") == "v1:own"


def test_what_only_the_real_key_can_read_is_left_out() -> None:
    copy = for_sandbox(REAL, "v1:own", "f")
    # The base loader leaves every value as it is written.
    assert yaml.load(copy, yaml.BaseLoader) == {  # noqa: S506  (our own text)
        "encryptionsalt": "v1:own",
        "config": {
            "triptrip:token": STAND_IN,
            "triptrip:postgres": {
                "start": "12:30",
                "users": [{"name": "reporting", "password": STAND_IN}, STAND_IN],
            },
        },
    }


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "config: {}", "{config: {a: b}}\n", "{}\n"])
def test_any_layout_takes_a_salt(text: str) -> None:
    copy = for_sandbox(text, "v1:own", "f")
    assert salt_of(copy, "f") == "v1:own"
    assert fingerprint(copy, "f") == fingerprint(text, "f")


def test_a_fingerprint_is_about_meaning() -> None:
    same = "config: {'triptrip:postgres': {day: 2027-01-01, flags: {log_connections: on}, start: 12:30}}\n"
    assert fingerprint(PLAIN, "f") == fingerprint(same, "f")
    assert fingerprint(PLAIN, "f") == fingerprint(PLAIN + "encryptionsalt: v1:own\n", "f")
    assert fingerprint(PLAIN, "f") != fingerprint(PLAIN.replace("12:30", '"12:30"'), "f")


@pytest.mark.parametrize("text", ["config: [", "- a\n- b\n", "word"])
def test_a_broken_file_is_named(text: str) -> None:
    with pytest.raises(LauncherError, match=r"Pulumi\.dev\.yaml (is not valid YAML|must be a YAML mapping)"):
        for_sandbox(text, None, "Pulumi.dev.yaml")
