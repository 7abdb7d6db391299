"""What a workflow can end with: a source that Workflows would not take, or an error raised while it runs."""

from typing import Any


class SourceError(Exception):
    """Something in a source that Workflows refuses, or that this interpreter does not know: where, and what."""


class RaisedError(Exception):
    """An error that `except` can catch: the map that Workflows hands over, or whatever `raise` was given."""

    def __init__(self, value: Any) -> None:
        super().__init__(value["message"] if isinstance(value, dict) and "message" in value else str(value))
        self.value = value

    @classmethod
    def tagged(cls, tag: str, message: str, **more: Any) -> "RaisedError":
        """An error of the runtime's own; tags as in Workflows' reference, "Workflow errors"."""
        return cls({"message": message, "tags": [tag], **more})
