import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
MENDING = (
    "pybabel extract and update as babel.cfg says, then translate in webapp/translations/en/LC_MESSAGES/messages.po"
)
PLACEHOLDER = re.compile(r"%\(\w+\)s|\{\w+\}|%%")


@pytest.fixture(scope="module")
def english() -> Catalog:
    with (ROOT / "webapp/translations/en/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file)


@pytest.fixture(scope="module")
def said() -> list[str]:
    """Every message the pages, the refusals and the titles have."""
    return list(dict.fromkeys(_extract()))


def _extract() -> Iterator[str]:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {"_": None, "gettext": None, "lazy_gettext": None}
    for _, _, message, _, _ in extract_from_dir(ROOT, methods, options, keywords, directory_filter=_is_ours):
        yield str(message)


def _is_ours(folder: str | os.PathLike[str]) -> bool:
    """Only what babel.cfg looks at; walking through node_modules takes longer than all the rest."""
    return Path(folder).name not in {"frontend", "static", ".venv", "tests", "docs", "build", "var", ".git"}


def test_everything_said_has_an_english_translation(said: list[str], english: Catalog) -> None:
    untranslated = [text for text in said if not (english.get(text) and english.get(text).string)]
    assert untranslated == [], MENDING


def test_nothing_is_translated_that_nobody_says(said: list[str], english: Catalog) -> None:
    assert [message.id for message in english if message.id and message.id not in said] == [], MENDING


def test_translations_keep_their_placeholders(english: Catalog) -> None:
    for message in english:
        if message.id:
            assert sorted(PLACEHOLDER.findall(message.id)) == sorted(PLACEHOLDER.findall(message.string)), message.id
