"""A hundred thousand waiting timers cost nothing until they are due: the clock's question goes by the index."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from tests.support import drawings
from webapp.commands.bench import timers
from workflows import clock
from workflows.engine import bundles, cases
from workflows.engine.tables import Case, DueTimer
from workflows.journal import SYSTEM

MANY = 100_000
NOW = datetime(2020, 6, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)
def test_what_is_due_is_found_by_the_index_among_a_hundred_thousand_that_wait(fresh_database: Engine) -> None:
    with clock.standing_at(NOW):
        timers.fill(fresh_database, _a_case(fresh_database), MANY)
        with Session(fresh_database) as session:
            assert session.scalar(select(func.count()).select_from(DueTimer)) == MANY
            assert cases.due_timers(session) == []
        plan = timers.plan_of_a_tick(fresh_database)
    assert timers.INDEX in plan
    assert "Seq Scan" not in plan
    assert "SCAN due_timer" not in plan
    with clock.standing_at(NOW + timedelta(days=60)), Session(fresh_database) as session:
        assert len(cases.due_timers(session, 1_000)) == MANY // timers.DAYS
    with fresh_database.begin() as connection:
        connection.execute(text(f"DROP INDEX {timers.INDEX}"))
    fresh_database.dispose()  # SQLite keeps a plan it has told once
    plan = timers.plan_of_a_tick(fresh_database)
    assert "Seq Scan" in plan or "SCAN due_timer" in plan


def _a_case(engine: Engine) -> int:
    files = drawings.bundle(drawings.drawing(drawings.start(), drawings.end(), drawings.way("begin", "done")))
    with Session(engine) as session, session.begin():
        bundle = bundles.store(session, files, [], SYSTEM, "")
        case = Case(bundle_id=bundle.id, process="tiny", unit_id=1, version=1, state=b"", started_at=NOW)
        session.add(case)
        session.flush()
        return case.id
