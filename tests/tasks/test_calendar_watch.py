"""The administrators hear in time that the next year's public holidays are not known."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks.calendar_watch import watch_calendar
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import working_days
from workflows.journal import Event
from workflows.outbox import OutboxRow

Look = Callable[[], Session]

pytestmark = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)

LAST = working_days.last_announced_year()


def on(day: date) -> int | None:
    with clock.standing_at(clock.start_of(day) + timedelta(hours=4)):
        return watch_calendar()


def test_nobody_is_told_while_the_unknown_year_is_far(founded: Cast, look: Look) -> None:
    assert on(date(LAST, 11, 16)) is None
    assert look().scalars(select(OutboxRow)).all() == []


def test_the_administrators_are_told_once_a_month(founded: Cast, look: Look) -> None:
    days = [date(LAST, 11, 17), date(LAST, 11, 18), date(LAST, 12, 1), date(LAST, 12, 31), date(LAST + 1, 1, 1)]
    assert [on(day) for day in days] == [LAST + 1, None, LAST + 1, None, LAST + 1]
    told = look().scalars(select(OutboxRow).where(OutboxRow.kind == "notice")).all()
    assert {row.payload["post_kind"] for row in told} == {"administrator"}
    assert len(told) == 3
    assert f"{LAST + 1}年的法定节假日和调休尚未收入本系统" in told[0].payload["text"]
    entry = journal.entries_of(look(), journal.unit_chain(None))[-1]
    assert (entry.event, entry.facts) == (Event.CALENDAR_UNKNOWN, {"year": LAST + 1})
