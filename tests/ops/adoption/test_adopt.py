"""An adoption that is cut off anywhere is finished by the next; one that would lose data puts everything back."""

import copy
from pathlib import Path

import pytest

from ops.adoption import Adopted, Adoption, AdoptionError
from policies.kit.waivers import WaiversError
from tests.ops.adoption.engines import CLONE, OLD, OSAKA, B, Died, Engine


def adopt(engine: Engine, folder: Path, name: str = OSAKA) -> Adopted:
    return Adoption(engine, name, folder, lambda _: None).run()


def calls_of(folder: Path, name: str) -> int:
    engine = Engine(cloud={name})
    adopt(engine, folder, name)
    return len(engine.held["calls"])


def test_settings_and_state_name_the_promoted_replica(tmp_path: Path) -> None:
    engine = Engine(cloud={OSAKA})
    adopted = adopt(engine, tmp_path)
    assert engine.postgres["primary"]["instance"] == OSAKA
    assert (engine.postgres["primary"]["region"], engine.postgres["primary"]["zone"]) == (
        "asia-northeast2",
        "asia-northeast2-a",
    )
    assert engine.postgres["replicas"] == {}
    assert adopted.let_go == (OLD, B)
    assert adopted.backup is not None
    assert (adopted.backup / "before.json").is_file()


def test_replicas_of_a_cloned_primary_get_names_of_their_own(tmp_path: Path) -> None:
    engine = Engine(cloud={CLONE})
    adopt(engine, tmp_path, CLONE)
    names = {key: replica["instance"] for key, replica in engine.postgres["replicas"].items()}
    assert names == {key: f"triptrip-prod-postgres-replica-{key}-1-2" for key in ("b", "c", "osaka")}
    assert "region" not in engine.postgres["primary"]


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    engine = Engine(cloud={OSAKA})
    adopt(engine, tmp_path)
    before = copy.deepcopy((engine.held["state"], engine.held["settings"]))
    adopted = adopt(engine, tmp_path)
    assert (adopted.settings, adopted.let_go) == ((), ())
    assert (engine.held["state"], engine.held["settings"]) == before


def test_a_plan_touches_nothing(tmp_path: Path) -> None:
    engine = Engine(cloud={OSAKA})
    before = copy.deepcopy((engine.held["state"], engine.held["settings"]))
    made, let_go = Adoption(engine, OSAKA, tmp_path, lambda _: None).intended()
    assert "postgres.primary.instance: " + OSAKA in map(str, made)
    assert let_go == [OLD, B]
    assert (engine.held["state"], engine.held["settings"]) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [OSAKA, CLONE])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_at_every_command_is_survived(tmp_path: Path, name: str, when: str) -> None:
    whole = Engine(cloud={name})
    adopt(whole, tmp_path / "whole", name)
    for number in range(1, calls_of(tmp_path / "count", name) + 1):
        engine = Engine(cloud={name})
        engine.die(number, when)
        with pytest.raises(Died):
            adopt(engine, tmp_path / str(number), name)
        engine.die(None)
        adopt(engine, tmp_path / str(number), name)
        assert engine.held["settings"] == whole.held["settings"], number
        assert engine.resources == whole.resources, number


def test_a_preview_that_loses_data_puts_everything_back(tmp_path: Path) -> None:
    engine = Engine(cloud={OSAKA}, losing="postgres-primary")
    settings = copy.deepcopy(engine.held["settings"])
    state = copy.deepcopy(engine.held["state"])
    with pytest.raises(AdoptionError, match="postgres-primary would be replaced") as refused:
        adopt(engine, tmp_path)
    assert "State and settings are as they were" in str(refused.value)
    assert engine.held["settings"] == settings
    assert engine.held["state"] == state


def test_waivers_that_cannot_be_read_put_everything_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise WaiversError("policies/waivers.yaml: waiver 3 has no owner")

    monkeypatch.setattr("policies.kit.waivers.load", broken)
    engine = Engine(cloud={OSAKA})
    before = copy.deepcopy((engine.held["state"], engine.held["settings"]))
    with pytest.raises(AdoptionError, match=r"waiver 3 has no owner(.|\n)*State and settings are as they were"):
        adopt(engine, tmp_path)
    assert (engine.held["state"], engine.held["settings"]) == before


def test_a_death_while_putting_back_is_survived(tmp_path: Path) -> None:
    def losing() -> Engine:
        return Engine(cloud={CLONE}, losing="postgres-primary")

    whole = losing()
    with pytest.raises(AdoptionError):
        adopt(whole, tmp_path / "whole", CLONE)
    calls = len(whole.held["calls"])
    begun = 1 + next(i for i, call in enumerate(whole.held["calls"]) if call == ("preview",))
    for number in range(begun + 1, calls + 1):
        engine = losing()
        engine.die(number)
        with pytest.raises(Died):
            adopt(engine, tmp_path / str(number), CLONE)
        engine.die(None)
        with pytest.raises(AdoptionError, match="as they were"):
            adopt(engine, tmp_path / str(number), CLONE)
        assert engine.held["settings"] == whole.held["settings"]
        assert engine.held["state"] == whole.held["state"]


def test_an_instance_that_the_cloud_does_not_have_is_refused(tmp_path: Path) -> None:
    engine = Engine(cloud=set())
    state = copy.deepcopy(engine.held["state"])
    with pytest.raises(AdoptionError):
        adopt(engine, tmp_path, CLONE)
    assert engine.held["state"] == state


def test_a_replica_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    engine = Engine(cloud=set())
    state = copy.deepcopy(engine.held["state"])
    with pytest.raises(AdoptionError, match=f"{OSAKA} is a replica of {OLD}: promote it first"):
        adopt(engine, tmp_path)
    assert engine.held["state"] == state
    assert not [call for call in engine.held["calls"] if call[:2] in (("config", "set"), ("stack", "import"))]


def test_pending_operations_are_refused(tmp_path: Path) -> None:
    engine = Engine(cloud={OSAKA})
    engine.held["state"]["deployment"]["pending_operations"] = [{"resource": {"urn": "a::b"}, "type": "creating"}]
    with pytest.raises(AdoptionError, match=r"pending operations \(b\).*interrupted-deployment"):
        adopt(engine, tmp_path)


def test_a_name_that_no_grant_reaches_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    engine = Engine(cloud={"restored"})
    with pytest.raises(AdoptionError, match="a name that begins with triptrip-prod-postgres-"):
        adopt(engine, tmp_path, "restored")
    assert not [call for call in engine.held["calls"] if call[:2] in (("config", "set"), ("stack", "import"))]


def test_another_adoption_that_was_cut_off_comes_first(tmp_path: Path) -> None:
    engine = Engine(cloud={OSAKA, CLONE})
    engine.die(calls_of(tmp_path / "count", OSAKA))
    with pytest.raises(Died):
        adopt(engine, tmp_path / "all")
    engine.die(None)
    with pytest.raises(AdoptionError, match=f"adoption of {OSAKA} is not finished"):
        adopt(engine, tmp_path / "all", CLONE)
