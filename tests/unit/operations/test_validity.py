"""The validity of recommendations runs out: reminders before the last day, the end after it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support import recommending
from tests.support.cast import Cast
from workflows import clock
from workflows.domain.people import Person
from workflows.domain.recommendations import Recommendation, State
from workflows.operations import validity
from workflows.outbox import OutboxRow

MET = date(2021, 4, 8)
LAST = date(2023, 4, 8)


@pytest.fixture
def row(session: Session, cast: Cast) -> Recommendation:
    [youth, *_] = recommending.members(session, cast.branch, 11)
    recommending.open_round(session, cast)
    return recommending.recommended(session, cast, youth, MET)


def told(session: Session) -> list[str]:
    rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "notice").order_by(OutboxRow.id))
    return [each.payload["text"] for each in rows]


def night(session: Session, day: date) -> int:
    with clock.standing_at(clock.start_of(day)):
        return validity.watch(session)


def test_the_branch_is_reminded_sixty_and_fourteen_days_before_and_once_each(
    session: Session, row: Recommendation
) -> None:
    for left, reminders in ((61, 0), (60, 1), (59, 1), (15, 1), (14, 2), (1, 2), (0, 2)):
        assert night(session, LAST - timedelta(days=left)) == 0
        assert len(told(session)) == reminders, left
    assert "还有60天" in told(session)[0]
    assert "还有14天" in told(session)[1]


def test_a_night_that_was_missed_is_made_up_for_with_one_reminder(session: Session, row: Recommendation) -> None:
    night(session, LAST - timedelta(days=3))
    night(session, LAST - timedelta(days=2))
    assert len(told(session)) == 1


def test_after_the_last_day_it_is_over_and_that_is_told_once(session: Session, row: Recommendation) -> None:
    assert night(session, LAST + timedelta(days=1)) == 1
    assert (row.state, len(told(session))) == (State.EXPIRED, 1)
    assert night(session, LAST + timedelta(days=2)) == 0
    assert len(told(session)) == 1


def test_the_branch_where_the_person_is_now_is_told(session: Session, cast: Cast, row: Recommendation) -> None:
    session.get_one(Person, row.person_id).unit_id = cast.small_branch.id
    night(session, LAST)
    [notice] = session.scalars(select(OutboxRow).where(OutboxRow.kind == "notice"))
    assert notice.payload["unit_id"] == cast.small_branch.id
