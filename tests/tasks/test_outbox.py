"""Performing outbox rows: effect and mark together, failures kept on the row."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tasks import outbox as jobs
from tasks.outbox import ALARM_AT, LONGEST_WAIT, perform_outbox, wait_after
from tests.support.cast import Cast
from workflows import clock, outbox
from workflows.domain.posts import PostKind
from workflows.errors import Busy
from workflows.operations.notices import Notice
from workflows.outbox import RESEND_AFTER, OutboxRow

Look = Callable[[], Session]

pytestmark = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


def posted(store: Session, kind: str = "notice", **payload: object) -> int:
    row = outbox.post(store, kind, **payload)
    store.commit()
    return row.id


def a_notice(store: Session, cast: Cast) -> int:
    text = "请尽快办理"
    return posted(store, unit_id=cast.branch.id, post_kind="branch_secretary", person_id=None, case_id=None, text=text)


def test_a_notice_is_delivered_once(founded: Cast, store: Session, look: Look) -> None:
    row_id = a_notice(store, founded)
    assert perform_outbox(row_id) is True
    assert perform_outbox(row_id) is False
    assert [notice.text for notice in look().scalars(select(Notice))] == ["请尽快办理"]
    assert look().get_one(OutboxRow, row_id).done_at is not None


def test_a_row_that_is_not_there_is_nothing_to_do(engine: Engine) -> None:
    assert perform_outbox(4711) is False


def test_a_failure_leaves_no_effect_and_is_kept_on_the_row(
    founded: Cast, store: Session, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_after_the_effect(session: Session, payload: object) -> None:
        session.add(
            Notice(unit_id=1, post_kind="mentor", person_id=None, case_id=None, text="x", created_at=clock.now())
        )
        session.flush()
        raise RuntimeError("a name that must not be kept")

    monkeypatch.setitem(jobs.HANDLERS, "notice", fail_after_the_effect)
    row_id = a_notice(store, founded)
    assert perform_outbox(row_id) is False
    row = look().get_one(OutboxRow, row_id)
    assert (row.done_at, row.attempts, row.last_error) == (None, 1, "RuntimeError")
    assert look().scalar(select(func.count()).select_from(Notice)) == 0


def test_a_refusal_is_kept_by_its_code(
    founded: Cast, store: Session, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(session: Session, payload: object) -> None:
        raise Busy()

    monkeypatch.setitem(jobs.HANDLERS, "notice", refuse)
    row_id = a_notice(store, founded)
    perform_outbox(row_id)
    assert look().get_one(OutboxRow, row_id).last_error == "Busy: busy"


def test_a_failed_row_rests_longer_each_time(founded: Cast, store: Session, look: Look) -> None:
    row_id = posted(store, "no such kind")
    for attempt in (1, 2, 3):
        perform_outbox(row_id)
        rest = look().get_one(OutboxRow, row_id).sent_at
        assert rest is not None
        due_again = rest + RESEND_AFTER - clock.now()
        assert abs(due_again - wait_after(attempt)) < timedelta(seconds=2)
        assert outbox.take_unsent(look()) == []
    with clock.standing_at(clock.now() + wait_after(3) + timedelta(seconds=2)):
        assert outbox.take_unsent(look()) == [row_id]


def test_waits_double_and_end_somewhere(engine: Engine) -> None:
    assert wait_after(1) == timedelta(seconds=5)
    assert wait_after(2) == timedelta(seconds=10)
    assert wait_after(1000) == LONGEST_WAIT


def test_the_administrators_hear_of_a_row_that_keeps_failing(founded: Cast, store: Session, look: Look) -> None:
    row_id = posted(store, "no such kind")
    for _ in range(ALARM_AT + 1):
        perform_outbox(row_id)
    [told] = look().scalars(select(OutboxRow).where(OutboxRow.kind == "notice"))
    assert (told.payload["unit_id"], told.payload["post_kind"]) == (founded.region.id, PostKind.ADMINISTRATOR)
    assert str(row_id) in told.payload["text"]
    assert perform_outbox(told.id) is True
