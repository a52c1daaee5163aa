"""The outbox: what must happen after the commit is a row until it has happened."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from workflows import clock, outbox

NOON = datetime(2020, 5, 4, 4, tzinfo=UTC)


@pytest.fixture
def row(session: Session) -> outbox.OutboxRow:
    with clock.standing_at(NOON):
        made = outbox.post(session, "notice", text="请办理")
        session.flush()
    return made


def taken(session: Session, after: timedelta) -> list[int]:
    with clock.standing_at(NOON + after):
        return outbox.take_unsent(session)


def test_a_new_row_is_taken_once(session: Session, row: outbox.OutboxRow) -> None:
    assert taken(session, timedelta(0)) == [row.id]
    assert taken(session, timedelta(seconds=1)) == []


def test_a_row_handed_over_long_ago_without_effect_is_taken_again(session: Session, row: outbox.OutboxRow) -> None:
    taken(session, timedelta(0))
    assert taken(session, outbox.RESEND_AFTER + timedelta(seconds=1)) == [row.id]


def test_a_row_that_is_done_is_neither_taken_nor_opened(session: Session, row: outbox.OutboxRow) -> None:
    assert outbox.open_row(session, row.id) is row
    outbox.mark_done(row)
    session.flush()
    assert outbox.open_row(session, row.id) is None
    assert taken(session, timedelta(days=9)) == []


def test_rows_are_taken_in_the_order_they_were_posted(session: Session, row: outbox.OutboxRow) -> None:
    later = outbox.post(session, "notice")
    session.flush()
    assert taken(session, timedelta(0)) == [row.id, later.id]
