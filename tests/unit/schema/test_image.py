"""The image holds what is tested here, all that the command needs and nothing of Pulumi."""

from pathlib import Path

import pytest

from infra.derive.schemas import variable
from schema.contents import contents
from schema.stores import StoreName
from tests.images import SCHEMA_IMAGE


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return SCHEMA_IMAGE.lay_out(tmp_path)


def test_the_command_starts_from_the_image_alone(image: Path) -> None:
    done = SCHEMA_IMAGE.command(image, "schema", "--help")
    assert done.returncode == 0, done.stderr
    assert "apply" in done.stdout


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_environments_are_read_without_pulumi(image: Path, stack: str) -> None:
    program = f"""
from schema.kit import load_environment
import schema
environment = load_environment("{stack}")
print(schema.__file__, environment.plan.schemas.program, "pulumi" in sys.modules)
"""
    done = SCHEMA_IMAGE.run(image, program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(image / "schema" / "__init__.py"), "migration", "False"]


def test_what_is_not_listed_is_not_in_the_image(image: Path) -> None:
    """What the other tests rest on: the packages of development are hidden."""
    for module in ("pulumi", "pulumi_gcp", "pytest", "hypothesis"):
        done = SCHEMA_IMAGE.run(image, f"import {module}")
        assert "ModuleNotFoundError" in done.stderr, module


def test_the_image_tells_the_same_contents_as_the_tree_that_it_was_built_of(image: Path) -> None:
    done = SCHEMA_IMAGE.command(image, "schema", "contents", "--env", "prod")
    assert done.stdout.strip() == contents("prod"), done.stderr


@pytest.mark.parametrize("store", StoreName)
def test_a_store_that_is_nowhere_is_told_in_one_message(image: Path, store: StoreName) -> None:
    """The whole way to a store's own module, as a job goes it; what the store needs is in the image too."""
    done = SCHEMA_IMAGE.command(image, "schema", "plan", str(store), "--env", "prod")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"environment variable {variable(store)}: is not set")
    assert "Traceback" not in done.stderr
