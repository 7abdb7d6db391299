"""What every settings model shares: frozen, camelCase keys, no unknown key, and checks that report all at once."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError


class SettingsModel(BaseModel):
    """A frozen group of settings; YAML keys are the camelCase of the attribute names."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, serialize_by_alias=True)


class StoreSettings(SettingsModel):
    """The settings of a store, which a stack may leave out."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """What was understood, in one line."""

    @property
    def client_paths(self) -> Mapping[str, str]:
        """The programs that use the store, each with the place below it that names the program.

        A program is one service account, whatever stores it uses.
        """
        return {}


class Finding(NamedTuple):
    """One failed check inside a model: the path below it (camelCase, dotted), value, what is allowed, how to fix."""

    path: str
    given: object
    allowed: str
    fix: str


def refuse_all(findings: list[Finding]) -> None:
    """Raise one error that carries every finding, because pydantic stops at a model's first failed check."""
    if findings:
        raise PydanticCustomError("findings", "settings contradict each other", {"findings": tuple(findings)})
