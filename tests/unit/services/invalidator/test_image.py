"""The image holds all that the worker imports, and nothing else is needed to start it."""

from pathlib import Path

from tests.images import INVALIDATOR_IMAGE


def test_it_starts_with_the_images_files_and_packages_alone(tmp_path: Path) -> None:
    laid_out = INVALIDATOR_IMAGE.lay_out(tmp_path)
    done = INVALIDATOR_IMAGE.command(laid_out, "services.invalidator", REDIS_HOST="", DEAD_LETTER_TOPIC="")
    assert (done.returncode, done.stderr) == (
        2,
        "the environment cannot be used: REDIS_HOST: Field required; DEAD_LETTER_TOPIC: Field required\n",
    )
