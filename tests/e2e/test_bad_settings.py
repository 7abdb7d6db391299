"""A wrong setting stops the program before any resource is touched, in plain words and without a traceback."""

from tests.e2e.runner import Sandbox


def test_a_value_that_cannot_be_read_and_one_that_is_unknown_are_told_together(sandbox: Sandbox) -> None:
    sandbox.run("config", stack="dev").succeeded()
    sandbox.configure("dev", {"postgres": {"storage": {"size": "100 gigs"}, "edishun": "ENTERPRISE"}})
    said = sandbox.run("preview", stack="dev").failed("postgres.storage.size", "100 gigs", "postgres.edishun")
    assert "gcp:" not in said.output
    sandbox.up("dev").failed("postgres.storage.size")
    assert sandbox.resources("dev") == {}


def test_a_budget_that_does_not_fit_shows_its_sums(sandbox: Sandbox) -> None:
    sandbox.run("config", stack="prod").succeeded()
    sandbox.configure("prod", {"postgres": {"flags": {"work_mem": "256 MB"}}})
    sandbox.up("prod").failed("500 connections × 517 MB", "COR-04")
    assert sandbox.resources("prod") == {}
