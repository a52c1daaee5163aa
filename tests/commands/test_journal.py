"""`tuancheng journal verify` says what it checked, and names the entry that was tampered with."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from workflows import journal
from workflows.journal import Event

Tuancheng = Callable[..., Result]

both = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


@both
def test_an_untouched_journal_is_found_right(tuancheng: Tuancheng, its_database: Engine) -> None:
    _write_three(its_database)
    answer = tuancheng("journal", "verify")
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "3 条记录、2 条链" in answer.output


@both
def test_a_changed_entry_is_named(tuancheng: Tuancheng, its_database: Engine) -> None:
    _write_three(its_database)
    _behind_the_triggers(
        its_database, "UPDATE journal_entry SET person_id = 99 WHERE chain = 'case:1' AND position = 2"
    )
    answer = tuancheng("journal", "verify")
    assert answer.exit_code == 1
    assert "case:1 #2 (case:ended)" in answer.stderr


def test_without_a_database_it_says_how_to_name_one(
    tuancheng: Tuancheng, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TUANCHENG_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    answer = tuancheng("journal", "verify")
    assert (answer.exit_code, "TUANCHENG_DATABASE_URL" in answer.stderr) == (1, True)


def _write_three(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        journal.record(session, Event.CASE_STARTED, chain="case:1")
        journal.record(session, Event.CASE_ENDED, chain="case:1")
        journal.record(session, Event.SIGNED_IN, chain="unit:0")


def _behind_the_triggers(engine: Engine, statement: str) -> None:
    """What somebody with the database's own password could do."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE journal_entry DISABLE TRIGGER ALL"))
        else:
            triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal_entry'"
            for name in connection.scalars(text(triggers)).all():
                connection.execute(text(f'DROP TRIGGER "{name}"'))
        connection.execute(text(statement))
