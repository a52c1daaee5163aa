"""The migrations make what the models say, on both databases, can be undone, and guard what was written."""

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from workflows import clock, journal, migrations, tables
from workflows.database import new_engine
from workflows.domain import evidence, party_events, past_shares, people, quotas, region, units
from workflows.domain.evidence_forms import Kind
from workflows.domain.party_events import PartyEventFile, PartyEventKind, Told
from workflows.domain.units import UnitKind
from workflows.journal import SYSTEM, Actor, Event
from workflows.migrations import __main__ as drafting

APPEND_ONLY = {
    "evidence": "topic",
    "evidence_file": "name",
    "journal_entry": "event",
    "journal_seal": "digest",
    "journal_sealed_head": "head",
    "number_event": "reason",
    "number_passage": "last",
    "party_event": "document",
    "party_event_file": "name",
    "past_share": "source",
    "quota_movement": "reason",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        engine = new_engine(f"sqlite:///{tmp_path / 'empty.sqlite'}")
        yield engine
        engine.dispose()
        return
    server, name = request.getfixturevalue("postgres"), f"tuancheng_empty_{uuid4().hex[:8]}"
    engine = new_engine(server.create(name).render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    server.drop(name)


def test_models_and_migrations_agree(empty: Engine) -> None:
    migrations.upgrade(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_the_revision_is_told_and_a_second_upgrade_does_nothing(empty: Engine) -> None:
    assert migrations.current(empty) is None
    migrations.upgrade(empty)
    head = migrations.current(empty)
    migrations.upgrade(empty)
    assert migrations.current(empty) == head


def test_every_step_can_be_undone_and_done_again(empty: Engine) -> None:
    migrations.upgrade(empty)
    migrations.downgrade(empty)
    assert set(inspect(empty).get_table_names()) == {"alembic_version"}
    migrations.upgrade(empty)
    assert set(inspect(empty).get_table_names()) == {"alembic_version", *tables.metadata.tables}


def test_a_step_that_fails_leaves_the_database_as_it_was(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE work_item (id INTEGER)"))
    with pytest.raises(DatabaseError):
        migrations.upgrade(empty)
    assert inspect(empty).get_table_names() == ["work_item"]
    assert migrations.current(empty) is None


@pytest.mark.parametrize("table, column", APPEND_ONLY.items())
@pytest.mark.parametrize("act", ["UPDATE {table} SET {column} = 'changed'", "DELETE FROM {table}"])
def test_what_was_written_can_be_neither_changed_nor_deleted(empty: Engine, table: str, column: str, act: str) -> None:
    migrations.upgrade(empty)
    with Session(empty) as session:
        region.install(session)
        quotas.open_plan(session, 2020, 10, SYSTEM)
        journal.record(session, Event.CASE_STARTED, chain="case:1", happened_on=clock.today())
        _a_talk_from_a_file(session)
        _a_filed_number(session)
        _an_application_for_the_party(session)
        top = units.by_code(session, "150000").id
        past_shares.record(session, year=2019, amounts={top: 1}, source="上年文件", actor=SYSTEM)
        journal.seal(session)
        session.commit()
    with pytest.raises(DatabaseError, match=f"{table} is append-only"), empty.begin() as connection:
        connection.execute(text(act.format(table=table, column=column)))


def _a_filed_number(session: Session) -> None:
    quotas.reserve(session, unit_id=units.by_code(session, "150000").id, case_id=1, actor=SYSTEM)
    quotas.use(session, case_id=1, actor=SYSTEM)
    quotas.file(session, case_id=1, actor=SYSTEM)


def test_the_passages_of_numbers_made_before_are_read_from_the_journal(empty: Engine) -> None:
    migrations.upgrade(empty)
    with Session(empty) as session:
        top = region.install(session)
        plan = quotas.open_plan(session, 2020, 10, SYSTEM)
        city = units.by_code(session, "150100")
        quotas.allot(session, plan, top.id, city.id, 6, SYSTEM)
        quotas.give_back(session, plan, city.id, 2, SYSTEM)
        quotas.reserve(session, unit_id=city.id, case_id=1, actor=SYSTEM)
        session.commit()
    before = _passages(empty)
    migrations.downgrade(empty, "0016")
    migrations.upgrade(empty)
    assert len(before) == 3
    assert _passages(empty) == before
    with Session(empty) as session:
        plan = quotas.current_plan(session)
        account = quotas.account_of(session, plan.id, units.by_code(session, "150100").id)
        assert account is not None
        assert (account.free, account.reserved, account.expired) == (3, 1, 0)


def _passages(engine: Engine) -> list[tuple[object, ...]]:
    columns = "plan_id, movement_id, from_unit_id, to_unit_id, first, last"
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT {columns} FROM number_passage ORDER BY id"))
        return [tuple(row) for row in rows]


def _a_talk_from_a_file(session: Session) -> None:
    somebody = people.add(session, name="乌云", sex="female", birth_date=date(2005, 3, 8))
    unit = units.by_code(session, "150000")
    file = evidence.EvidenceFile(
        unit_id=unit.id, name="a", digest="a", rows=1, recorded_at=clock.now(), recorded_by=somebody.id
    )
    session.add(file)
    session.flush()
    talk = {"happened_on": "2020-05-04", "conductor": "萨仁", "topic": "学习"}
    evidence.record(
        session,
        person_id=somebody.id,
        case_id=1,
        kind=Kind.TALK,
        values=talk,
        actor=Actor(person_id=somebody.id),
        file_id=file.id,
    )


def _an_application_for_the_party(session: Session) -> None:
    somebody = people.add(session, name="乌兰", sex="female", birth_date=date(1990, 3, 8))
    party = units.add(session, None, code="DW", name="党委", kind=UnitKind.PARTY_COMMITTEE)
    row = party_events.record(
        session,
        person_id=somebody.id,
        kind=PartyEventKind.PARTY_APPLICATION,
        told=Told(date(2020, 1, 1), "1号", party.id, units.by_code(session, "150000").id),
        actor=Actor(person_id=somebody.id),
    )
    session.add(
        PartyEventFile(
            party_unit_id=party.id,
            name="月报",
            digest="a",
            rows=1,
            taken=1,
            recorded_at=row.recorded_at,
            recorded_by=somebody.id,
        )
    )


@pytest.mark.parametrize("empty", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_postgresql_refuses_to_empty_what_was_written(empty: Engine, table: str) -> None:
    migrations.upgrade(empty)
    with pytest.raises(DatabaseError, match=f"{table} is append-only"), empty.begin() as connection:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))


def test_a_draft_against_a_database_at_head_finds_nothing_to_do(
    empty: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations.upgrade(empty)
    made: list[str] = []
    monkeypatch.setattr(migrations.command, "revision", lambda *_, **options: made.append(options["message"]))
    migrations.draft(empty, "nothing")
    assert made == ["nothing"]


def test_the_command_drafts_from_a_fresh_database_and_asks_for_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    drafted: list[tuple[str | None, str]] = []
    monkeypatch.setattr(
        drafting, "draft", lambda engine, message: drafted.append((migrations.current(engine), message))
    )
    monkeypatch.setattr(sys, "argv", ["migrations", "Add something"])
    drafting.main()
    assert [message for _, message in drafted] == ["Add something"]
    assert drafted[0][0] is not None
    monkeypatch.setattr(sys, "argv", ["migrations"])
    with pytest.raises(SystemExit, match="usage"):
        drafting.main()
