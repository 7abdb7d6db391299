"""Pulumi's entry point."""

import gc
import sys
from pathlib import Path

# The program lives for seconds and keeps nearly all it makes: collecting garbage is a third of its imports' time.
gc.disable()

# Pulumi puts this folder first on the module path, where platform.py would hide the standard library's own.
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]

import pulumi  # noqa: E402  # the path is mended first

from infra.program import declare  # noqa: E402
from infra.settings import SettingsError  # noqa: E402
from infra.settings.pulumi_config import from_pulumi  # noqa: E402

try:
    declare(from_pulumi())
except SettingsError as error:
    raise pulumi.RunError(str(error)) from None
