"""Where the built front end's files are: the manifest that `npm run build` writes, read for the templates."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask

DIST = Path(__file__).parent / "static" / "dist"
ENTRIES = {"app": "src/app/main.js", "drawing": "src/drawing/main.js", "editor": "src/editor/main.js"}


class NotBuilt(RuntimeError):
    """The front end has not been built: run `make install`, or `npm ci && npm run build` in webapp/frontend."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True)
class Assets:
    """The files one entry needs, as paths below `/static/dist/`."""

    script: str
    styles: tuple[str, ...]


@lru_cache(maxsize=1)
def _manifest(path: Path, _changed: float) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return content


def assets_of(entry: str, dist: Path = DIST) -> Assets:
    """The script and style sheets of `app`, `drawing` or `editor`, shared chunks' styles included, in loading order."""
    path = dist / "manifest.json"
    if not path.exists():
        raise NotBuilt
    manifest = _manifest(path, path.stat().st_mtime)
    styles: dict[str, None] = {}

    def collect(key: str) -> None:
        for imported in manifest[key].get("imports", ()):
            collect(imported)
        styles.update(dict.fromkeys(manifest[key].get("css", ())))

    collect(ENTRIES[entry])
    return Assets(script=manifest[ENTRIES[entry]]["file"], styles=tuple(styles))


def init_app(app: Flask) -> None:
    """Offer `assets_of` to the templates."""
    app.jinja_env.globals["assets_of"] = assets_of
