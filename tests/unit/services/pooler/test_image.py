"""The image holds what is tested here: the versions of the lock file, and the user that the machines name."""

import re
import tomllib
from pathlib import Path

from infra.derive.pooler_units import USER_ID

ROOT = Path(__file__).resolve().parents[4]
SERVICE = ROOT / "services" / "pooler"


def test_its_packages_are_the_lock_files_hash_by_hash() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = {package["name"]: package for package in lock["package"]}
    listed = re.findall(
        r"^([\w-]+)==(\S+)(?: ; [^\\\n]+)? \\\n((?:    --hash=\S+(?: \\)?\n)+)",
        (SERVICE / "requirements.txt").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert {"psycopg", "psycopg-binary", "prometheus-client", "pydantic"} <= {name for name, _, _ in listed}
    for name, version, hashes in listed:
        package = locked[name]
        files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
        assert package["version"] == version, f"{name}: write requirements.txt again (pyproject.toml says how)"
        assert set(re.findall(r"--hash=(\S+)", hashes)) <= {file["hash"] for file in files}


def test_every_package_that_the_group_names_is_listed() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    wanted = {re.split(r"[\[<>=]", one)[0] for one in groups["services"]}
    text = (SERVICE / "requirements.txt").read_text(encoding="utf-8")
    assert all(f"\n{name}==" in f"\n{text}" for name in wanted)


def test_it_runs_as_the_user_that_the_machines_name_from_a_base_that_is_given() -> None:
    text = (SERVICE / "Dockerfile").read_text(encoding="utf-8")
    assert f"USER {USER_ID}:{USER_ID}" in text
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BASE}", "${BASE}"]
    assert "--require-hashes" in text
