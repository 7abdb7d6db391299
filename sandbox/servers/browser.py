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
  <dir>{latin}</dir><dir>{others}</dir><cachedir>{cache}</cachedir>
  {preferred}
</fontconfig>
"""

_PREFERRED = {"system-ui": "Open Sans", "sans": "Open Sans", "sans-serif": "Open Sans", "monospace": "DejaVu Sans Mono"}
"""What general names of fonts mean; Japanese letters come from the one font that has them."""


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
            # It has no library for a graphics card: looking for one, it fails a few times before it draws without,
            # and a picture that is asked for meanwhile fails with it.
            args=["--no-zygote", "--disable-gpu", "--disable-software-rasterizer"],
        )
        try:
            yield started
        finally:
            started.close()


def _environment(installed: Path, folder: Path) -> dict[str, str | float | bool]:
    fonts = folder / "fonts.conf"
    places = {
        "latin": installed / "chromium/fonts",
        "others": installed / "fonts/usr/share/fonts",
        "cache": folder / "fonts",
    }
    preferred = "".join(
        f"<alias binding='same'><family>{name}</family><prefer><family>{font}</family></prefer></alias>"
        for name, font in _PREFERRED.items()
    )
    text = _FONTS.format(preferred=preferred, **{name: escape(str(path)) for name, path in places.items()})
    fonts.write_text(text, encoding="utf-8")
    libraries = str(installed / "chromium/libraries/lib")
    return {"HOME": str(folder), "LD_LIBRARY_PATH": libraries, "FONTCONFIG_FILE": str(fonts)}
