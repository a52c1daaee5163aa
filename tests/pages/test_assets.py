import json
from pathlib import Path

import pytest

from webapp import assets
from webapp.assets import Assets, NotBuilt, assets_of

MANIFEST = {
    "_shared.js": {"file": "assets/shared.js", "css": ["assets/shared.css"]},
    "src/drawing/main.js": {"file": "assets/drawing.js", "imports": ["_shared.js"], "css": ["assets/drawing.css"]},
}


def test_styles_of_shared_chunks_come_first(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    assert assets_of("drawing", tmp_path) == Assets("assets/drawing.js", ("assets/shared.css", "assets/drawing.css"))


def test_a_front_end_that_is_not_built_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotBuilt, match="make install"):
        assets_of("app", tmp_path)


@pytest.mark.parametrize("entry", sorted(assets.ENTRIES))
def test_every_entry_is_built(entry: str) -> None:
    found = assets_of(entry)
    assert (assets.DIST / found.script).exists()
    assert found.styles
    assert all((assets.DIST / style).exists() for style in found.styles)
