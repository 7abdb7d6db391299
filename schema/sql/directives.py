"""What a file says of how it is run, in its first comment lines: `-- schema: transaction = none`.

transaction        `whole` (default): the file and its row in the ledger come together or not at all; `none`: one
                   statement that refuses a transaction, e.g. CREATE INDEX CONCURRENTLY
repair             a statement that takes away what an interrupted run of a file without a transaction has left
lock_timeout       how long a statement may wait for a lock before the file is given up: 5 s by default, so that what
                   waits behind it is not held up. What runs without a transaction holds up nobody while it waits for
                   old ones to end, and may wait as long as it may take
statement_timeout  how long one statement may take (default 10 min)
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from schema.kit import File, SchemaError

_LINE = re.compile(r"--\s*schema:\s*(?P<name>\w+)\s*=\s*(?P<value>.+?)\s*$")
_MEANT = re.compile(r"--\s*schema\b")

_Duration = Annotated[str, StringConstraints(pattern=r"^\d+ (ms|s|min|h)$")]


class Directives(BaseModel):
    """How one file is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transaction: Literal["whole", "none"] = "whole"
    repair: str = ""
    lock_timeout: _Duration | None = None
    statement_timeout: _Duration = "10 min"

    @property
    def longest_wait(self) -> str:
        """How long a statement may wait for a lock."""
        return self.lock_timeout or ("5 s" if self.transaction == "whole" else self.statement_timeout)


def directives(file: File) -> Directives:
    """The directives in a file's leading comments; raises SchemaError for one that is not known."""
    found: dict[str, str] = {}
    for number, line in enumerate(file.content.splitlines(), start=1):
        if line.strip() and not line.startswith("--"):
            break
        if match := _LINE.match(line):
            found[match["name"]] = match["value"]
        elif _MEANT.match(line):
            raise SchemaError(f"{file.path}:{number}", f"{line!r} is no directive", allowed="-- schema: name = value")
    try:
        made = Directives.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise SchemaError(
            file.path.as_posix(),
            f"directive {first['loc'][0]}: {first['msg']}",
            allowed=", ".join(Directives.model_fields),
            fix="mend its first comment lines",
        ) from None
    if made.repair and made.transaction == "whole":
        raise SchemaError(
            file.path.as_posix(),
            "repair is for files without a transaction",
            fix="take the line away: nothing is left of a whole one",
        )
    return made
