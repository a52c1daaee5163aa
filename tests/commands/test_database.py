"""`tuancheng database upgrade` brings an empty database to this version, and says when there was nothing to do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Tuancheng = Callable[..., Result]


def test_an_empty_database_is_brought_to_this_version_once(
    tuancheng: Tuancheng, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TUANCHENG_DATABASE_URL", f"sqlite:///{tmp_path}/new.sqlite")
    first = tuancheng("database", "upgrade")
    assert (first.exit_code, "空库 → " in first.output) == (0, True)
    assert "已是最新版本" in tuancheng("database", "upgrade").output


def test_a_database_that_cannot_be_reached_is_said_plainly(
    tuancheng: Tuancheng, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TUANCHENG_DATABASE_URL", f"postgresql+psycopg://somebody@/nothing?host={tmp_path}")
    answer = tuancheng("journal", "verify")
    assert (answer.exit_code, "数据库连接失败" in answer.stderr) == (1, True)


def test_without_a_database_of_this_folder_the_one_of_the_environment_is_asked_for(
    tuancheng: Tuancheng, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TUANCHENG_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    assert "tuancheng run" in tuancheng("database", "upgrade").stderr


def test_an_unknown_command_is_refused_with_the_usage(tuancheng: Tuancheng) -> None:
    answer = tuancheng("databases")
    assert (answer.exit_code, "Usage" in answer.stderr) == (2, True)
