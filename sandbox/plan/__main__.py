"""`python -m sandbox.plan`: print the plan of a stack; exit code 1 when it cannot be built."""

import argparse
import gc
import sys

from rich.console import Console

from infra.settings import SettingsError
from sandbox.plan.inventory import print_inventory
from sandbox.plan.recorder import PlanError
from sandbox.plan.render import as_json, as_yaml, print_text
from sandbox.plan.run import plan_stack


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.plan",
        description="Every resource a stack declares, with inputs and options, without an engine or an account.",
    )
    parser.add_argument("--stack", default="dev", help="stack to plan: its Pulumi.<stack>.yaml is read (default: dev)")
    parser.add_argument(
        "--format", choices=("text", "tree", "json", "yaml", "inventory"), default="text", help="default: text"
    )
    chosen = parser.parse_args(arguments)
    try:
        plan = plan_stack(chosen.stack)
    except (SettingsError, PlanError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if chosen.format == "json":
        sys.stdout.write(as_json(plan) + "\n")
    elif chosen.format == "yaml":
        sys.stdout.write(as_yaml(plan))
    elif chosen.format == "inventory":
        print_inventory(plan, Console())
    else:
        print_text(plan, Console(), overview=chosen.format == "tree")
    return 0


if __name__ == "__main__":
    # One plan and out: collecting garbage would be a third of the time the SDK's import takes.
    gc.disable()
    sys.exit(main())
