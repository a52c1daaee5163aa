"""The command line as a shell sees it: words in, text and an exit code out."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from webapp.commands import main


@pytest.fixture
def tuancheng() -> Callable[..., Result]:
    """Run one command in this process."""

    def call(*words: str) -> Result:
        return CliRunner().invoke(main, words)

    return call


@pytest.fixture
def its_database(fresh_database: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A database of the test's own, which the command finds by TUANCHENG_DATABASE_URL."""
    monkeypatch.setenv("TUANCHENG_DATABASE_URL", fresh_database.url.render_as_string(hide_password=False))
    return fresh_database
