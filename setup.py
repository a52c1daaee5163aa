"""Build hook: a wheel carries the built front end and the compiled catalogues. All else stands in pyproject.toml."""

import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
FRONTEND = HERE / "webapp" / "frontend"
MANIFEST = HERE / "webapp" / "static" / "dist" / "manifest.json"
CATALOGUES = HERE / "webapp" / "translations"


class BuildWithPages(build_py):
    """Build what the browser and the reader's language need before the files are gathered."""

    def run(self) -> None:
        if not self.editable_mode:
            build_frontend()
        compile_catalogues()
        super().run()


def build_frontend() -> None:
    """Make webapp/static/dist when it is missing; an editable install leaves that to `make install`."""
    if MANIFEST.exists() or not (FRONTEND / "package.json").exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(
            "The pages must be built with npm (Node.js 20 or newer), and npm was not found. "
            "Install Node.js (on Debian and Ubuntu: apt-get install nodejs npm) and run the same command again."
        )
    for arguments in (["ci"], ["run", "build"]):
        subprocess.run([npm, *arguments], cwd=FRONTEND, check=True)


def compile_catalogues() -> None:
    """Turn every translations/*/LC_MESSAGES/*.po into the .mo that gettext reads."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as readable:
            catalogue = read_po(readable, locale=source.parts[-3])
        with source.with_suffix(".mo").open("wb") as writable:
            write_mo(writable, catalogue)


setup(cmdclass={"build_py": BuildWithPages})
