"""The SDK loaded class by class is the SDK: the same classes, the same plan, and nothing that cannot be found."""

import json
import subprocess
import sys

import pytest

from infra.sdk import LARGE, module_of

CLASSES = "[name for name in dir(package) if name[0].isupper() and not name.endswith(('Args', 'ArgsDict', 'Result'))]"


def run(program: str) -> str:
    """What a program prints in a process of its own, where no package has been loaded before."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout  # noqa: S603 # our own program


@pytest.mark.parametrize("package", LARGE)
def test_every_class_is_found_in_the_module_of_its_name(package: str) -> None:
    whole = json.loads(run(f"import json, {package} as package; print(json.dumps({CLASSES}))"))
    program = (
        f"import json, sys, infra.sdk, {package} as package\n"
        f"for name in json.loads(sys.stdin.read()): assert getattr(package, name).__name__ == name, name\n"
        "print('__getattr__' in vars(package))"
    )
    found = subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-c", program], input=json.dumps(whole), capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "True", "a class was not found by its name, so the whole package was loaded"
    assert len(whole) > 20


def test_a_name_without_a_module_loads_the_package_as_it_is() -> None:
    printed = run("import infra.sdk, pulumi_gcp as gcp; print(gcp.compute.NetworkParamsArgs.__name__)")
    assert printed.strip() == "NetworkParamsArgs"


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    printed = run("import infra.sdk, pulumi_gcp as gcp; print(hasattr(gcp.compute, 'Netwrok'))")
    assert printed.strip() == "False"


def test_the_plan_is_the_same_with_the_whole_packages() -> None:
    program = "from sandbox.plan import plan_stack; from sandbox.plan.render import as_json; print(as_json(plan_stack('dev')))"
    whole = "import sys, pulumi_gcp.compute, pulumi_mongodbatlas\n" + program
    assert run(program) == run(whole)


@pytest.mark.parametrize(
    ("name", "module"), [("URLMap", "url_map"), ("RegionNetworkEndpointGroup", "region_network_endpoint_group")]
)
def test_module_of(name: str, module: str) -> None:
    assert module_of(name) == module
