"""What holds of the images that Cloud Run runs: their packages, base, rights, and what is sent to the builder."""

import pytest

from tests.images import INVALIDATOR_IMAGE, RECOVERY_IMAGE, SCHEMA_IMAGE, Image

IMAGES = [SCHEMA_IMAGE, RECOVERY_IMAGE, INVALIDATOR_IMAGE]
EACH = pytest.mark.parametrize("image", IMAGES, ids=lambda image: image.folder.name)


@pytest.mark.parametrize(
    ("image", "held"),
    [
        (SCHEMA_IMAGE, {"psycopg", "pymongo", "elasticsearch", "google-cloud-bigquery"}),
        (RECOVERY_IMAGE, {"psycopg", "google-api-python-client", "google-cloud-storage"}),
        (INVALIDATOR_IMAGE, {"redis", "uvicorn", "google-auth"}),
    ],
    ids=["schema", "recovery", "invalidator"],
)
def test_its_packages_are_the_groups_and_the_lock_files_hash_by_hash(image: Image, held: set[str]) -> None:
    assert image.wrong_packages() == []
    assert held <= {name for name, _, _ in image.listed}


@EACH
def test_it_is_built_from_a_base_that_is_given_and_runs_without_rights(image: Image) -> None:
    assert image.bases == ["${BASE}", "${BASE}"]
    assert "--require-hashes" in image.dockerfile
    assert "USER 65532:65532" in image.dockerfile


@EACH
def test_whatever_it_copies_is_sent_to_the_builder(image: Image) -> None:
    assert image.not_sent() == []
