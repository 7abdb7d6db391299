"""The in-process plan sees what Pulumi's own mocks hide, and refuses what the engine or the cloud would refuse."""

import json
import subprocess
import sys

import pulumi
import pulumi_gcp as gcp
import pulumi_timescale as timescale
import pytest

from infra.settings import SettingsError
from sandbox.cloud import Cloud
from sandbox.plan import Plan, PlanError, plan_program, plan_stack
from sandbox.plan.render import as_data
from sandbox.plan.run import ROOT


def _provider() -> pulumi.ResourceOptions:
    provider = gcp.Provider("google", project="triptrip-dev", region="asia-northeast1")
    return pulumi.ResourceOptions(provider=provider)


def _api(name: str, service: str, opts: pulumi.ResourceOptions) -> gcp.projects.Service:
    return gcp.projects.Service(name, service=service, opts=opts)


def test_options_and_dependencies_are_recorded() -> None:
    def program() -> None:
        options = _provider()
        api = _api("compute", "compute.googleapis.com", options)
        after = pulumi.ResourceOptions(
            depends_on=[api],
            protect=True,
            ignore_changes=["description"],
            custom_timeouts=pulumi.CustomTimeouts(create="9m"),
        )
        gcp.compute.Network("network", opts=pulumi.ResourceOptions.merge(options, after))

    options = plan_program(program, "dev").named("network").options
    assert options["dependsOn"] == ["compute"]
    assert options["protect"] is True
    assert options["ignoreChanges"] == ["description"]
    assert options["customTimeouts"] == {"create": "9m"}
    assert options["provider"] == "google"


def test_two_resources_of_one_urn_are_refused() -> None:
    def program() -> None:
        options = _provider()
        _api("twice", "dns.googleapis.com", options)
        _api("twice", "iam.googleapis.com", options)

    with pytest.raises(PlanError, match=r"share the URN .*twice"):
        plan_program(program, "dev")


def test_a_provider_that_would_refuse_its_arguments_is_told() -> None:
    def program() -> None:
        timescale.Provider("vendor", project_id="abcdef0123", access_key="a key without its secret")

    with pytest.raises(PlanError, match=r"vendor \(pulumi:providers:timescale\) would be refused: secretKey"):
        plan_program(program, "dev")


def test_a_type_no_sdk_has_is_refused() -> None:
    def program() -> None:
        pulumi.CustomResource("gcp:compute/netwrok:Netwrok", "typo", {}, _provider())

    with pytest.raises(PlanError, match=r"typo .*would be refused: unrecognized resource type"):
        plan_program(program, "dev")


def test_every_refusal_is_told_and_not_only_the_first() -> None:
    def program() -> None:
        options = _provider()
        _api("compute", "compute.googleapis.com", options)
        gcp.compute.Network("one", routing_mode="SIDEWAYS", opts=options)
        gcp.compute.Network("two", routing_mode="UPWARDS", opts=options)

    with pytest.raises(PlanError) as refused:
        plan_program(program, "dev")
    assert "SIDEWAYS" in str(refused.value)
    assert "UPWARDS" in str(refused.value)


def test_the_cloud_refuses_in_the_plan_what_it_refuses_in_an_update() -> None:
    def program() -> None:
        gcp.compute.Network("too-early", opts=_provider())

    with pytest.raises(PlanError, match=r"too-early .*would be refused: .*SERVICE_DISABLED|has not been used"):
        plan_program(program, "dev")


def test_a_programs_own_error_is_its_own() -> None:
    def program() -> None:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        plan_program(program, "dev")


def test_secrets_are_masked_in_inputs_and_outputs() -> None:
    def program() -> None:
        options = _provider()
        pulumi.export("hidden", pulumi.Output.secret("hunter2"))
        api = _api("secretmanager", "secretmanager.googleapis.com", options)
        after = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[api]))
        secret = gcp.secretmanager.Secret("secret", secret_id="s", replication={"auto": {}}, opts=after)  # noqa: S106 # a name
        gcp.secretmanager.SecretVersion("version", secret=secret.id, secret_data="hunter2", opts=after)  # noqa: S106 # fake

    plan = plan_program(program, "dev")
    assert plan.outputs == {"hidden": "[secret]"}
    assert "hunter2" not in json.dumps(as_data(plan))


def test_a_plan_can_start_from_a_cloud_that_holds_something() -> None:
    cloud = Cloud.open()

    def program() -> None:
        _api("dns", "dns.googleapis.com", _provider())

    plan_program(program, "dev", cloud)
    assert [record.type for record in cloud.state.all()] == ["gcp.projects.Service"]


def test_the_same_stack_gives_the_same_plan_every_time() -> None:
    first, second = (as_data(plan_stack("dev")) for _ in range(2))
    assert first == second


def test_an_unknown_stack_is_refused_in_words() -> None:
    with pytest.raises(SettingsError, match=r"Pulumi\.nowhere\.yaml"):
        plan_stack("nowhere")


@pytest.mark.parametrize(("stack", "code"), [("dev", 0), ("nowhere", 1)])
def test_the_command_prints_json_or_one_error(stack: str, code: int) -> None:
    command = [sys.executable, "-m", "sandbox.plan", "--stack", stack, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 # our own module
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    if code == 0:
        assert json.loads(done.stdout)["stack"] == "dev"


def test_a_plan_finds_a_resource_by_name_and_by_type() -> None:
    plan: Plan = plan_stack("dev")
    assert plan.named("postgres-primary").type == "gcp:sql/databaseInstance:DatabaseInstance"
    assert len(plan.of_type("DatabaseInstance")) == 3
    with pytest.raises(KeyError):
        plan.named("nothing")


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_whatever_is_imported_again_would_not_be_replaced(stack: str) -> None:
    """A resource lost from the state is imported by its id; the program must then leave it where it is."""
    cloud = Cloud.open()
    plan = plan_stack(stack, cloud)
    for resource in plan.resources:
        if resource.custom and not resource.type.startswith("pulumi:"):
            found = cloud.read(resource.type, resource.identifier)
            assert found is not None, resource.name
            imported, inputs = found
            difference = cloud.diff(resource.type, inputs, resource.inputs, imported.outputs)
            # The plan masks secrets, so that a secret's content always differs here.
            assert set(difference.replaces) <= {"secretData"}, resource.name
