"""Options that several commands take: one name and one wording each."""

from typing import Annotated

import typer

from ops.pulumi import COMMAND_VARIABLE

StackName = Annotated[str, typer.Option("--stack", "--env", help="The <name> of Pulumi.<name>.yaml")]
Cli = Annotated[str, typer.Option("--pulumi", envvar=COMMAND_VARIABLE, help="The Pulumi CLI, e.g. sandbox/pulumi")]
Plan = Annotated[bool, typer.Option("--plan", help="Say what would be done and touch nothing")]
YesReally = Annotated[
    str, typer.Option("--yes-really", metavar="ENV", help="Agree to everything, naming the environment (automation)")
]
