"""The SDK loaded class by class is the SDK: the same classes, the same plan, and nothing that cannot be found."""

import subprocess
import sys

import pytest

from infra.sdk import module_of

LARGE = (
    "pulumi_gcp.compute",
    "pulumi_gcp.bigquery",
    "pulumi_gcp.storage",
    "pulumi_mongodbatlas",
    "pulumiverse_grafana.oss",
)


def run(program: str) -> str:
    """What a program prints in a process of its own, where no package has been loaded before."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 # our own program


def test_the_platform_needs_neither_package_whole() -> None:
    """Every class it names stands in a module of its name; a new one that does not would cost seconds."""
    program = (
        "import sys; from sandbox.plan import plan_stack; plan_stack('prod')\n"
        f"print(all('__getattr__' in vars(sys.modules[name]) for name in {LARGE}))"
    )
    assert run(program).strip() == "True"


def test_a_name_without_a_module_loads_the_package_as_it_is() -> None:
    printed = run("import infra.sdk, pulumi_gcp as gcp; print(gcp.compute.NetworkParamsArgs.__name__)")
    assert printed.strip() == "NetworkParamsArgs"


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    printed = run("import infra.sdk, pulumi_gcp as gcp; print(hasattr(gcp.compute, 'Netwrok'))")
    assert printed.strip() == "False"


def test_the_plan_is_the_same_with_the_whole_packages() -> None:
    program = (
        "from sandbox.plan import plan_stack; from sandbox.plan.render import as_json\n"
        "print(as_json(plan_stack('dev')))"
    )
    whole = "import sys, pulumi_gcp.compute, pulumi_mongodbatlas\n" + program
    assert run(program) == run(whole)


@pytest.mark.parametrize(
    ("name", "module"),
    [
        ("URLMap", "url_map"),
        ("RegionNetworkEndpointGroup", "region_network_endpoint_group"),
        ("get_advanced_cluster_output", "get_advanced_cluster"),
        ("_utilities", "_utilities"),
    ],
)
def test_module_of(name: str, module: str) -> None:
    assert module_of(name) == module
