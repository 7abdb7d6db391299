"""Settings: the values a person writes, read in one place into frozen typed models, with every error at once."""

from infra.settings.load import from_stack_file, load
from infra.settings.problems import Problem, SettingsError
from infra.settings.settings import Settings

__all__ = ["Problem", "Settings", "SettingsError", "from_stack_file", "load"]
