"""One way from raw values to `Settings`, whether they come from Pulumi or from a stack file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from infra.settings.problems import SettingsError
from infra.settings.secrets import secure_values
from infra.settings.settings import Settings
from infra.settings.stack_file import StackFile
from infra.settings.translate import problems_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def load(raw: Mapping[str, object]) -> Settings:
    """Read the settings from plain values keyed by subject.

    Raises SettingsError with every value that cannot be read and every contradiction inside one subject.
    """
    if problems := secure_values(raw):
        raise SettingsError(problems)
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise SettingsError(problems_of(error)) from None


def from_stack_file(path: Path | str) -> Settings:
    """Read the settings of one `Pulumi.<stack>.yaml`.

    Raises SettingsError, each problem with its line in the file.
    """
    stack = StackFile.read(path)
    try:
        return load(stack.subjects)
    except SettingsError as error:
        raise error.located(stack.location) from None
