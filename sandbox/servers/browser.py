"""A headless browser that has nothing but what its group installed: no system font, library or profile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.sax.saxutils import escape

from playwright.sync_api import Browser, sync_playwright

from sandbox.servers.install import Installed

_FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{latin}</dir><dir>{japanese}</dir><cachedir>{cache}</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
"""


@contextmanager
def browser(installed: Installed, folder: Path) -> Iterator[Browser]:
    """Run the browser of the group `browser` until the block ends; it writes into the folder alone."""
    (program,) = installed.command("chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program,
            env=_environment(installed.folder, folder),
            # It opens files that were made here; where tests run as root its own walls cannot be built.
            chromium_sandbox=False,
            args=["--no-zygote"],
        )
        try:
            yield started
        finally:
            started.close()


def _environment(installed: Path, folder: Path) -> dict[str, str | float | bool]:
    fonts = folder / "fonts.conf"
    places = {
        "latin": installed / "chromium/fonts",
        "japanese": installed / "fonts/usr/share/fonts",
        "cache": folder / "fonts",
    }
    text = _FONTS.format(**{name: escape(str(path)) for name, path in places.items()})
    fonts.write_text(text, encoding="utf-8")
    libraries = str(installed / "chromium/libraries/lib")
    return {"HOME": str(folder), "LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(fonts)}
