"""`python -m schema`: see `schema.command`."""

from schema.command import app

app(prog_name="python -m schema")
