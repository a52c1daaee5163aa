"""Due timers: each fires in a transaction of its own; what cannot go on rests and is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tasks import timers
from tasks.timers import ENOUGH_ATTEMPTS, LONGEST_WAIT, fire_due_timers, wait_after
from tests.support import drawings
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.engine import bundles, cases
from workflows.engine.job_tables import Incident, Resolution
from workflows.engine.tables import Case, DueTimer
from workflows.journal import SYSTEM, Event
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

Look = Callable[[], Session]

BEGUN = datetime(2020, 6, 1, 2, 0, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def waiting(founded: Cast, store: Session) -> list[int]:
    """Two cases that end after three days' wait."""
    files = drawings.bundle(
        drawings.drawing(
            drawings.start(),
            drawings.user("ask", form="any"),
            drawings.wait("rest", drawings.timer("P3D")),
            drawings.end(),
            drawings.way("begin", "ask", "rest", "done"),
            lanes={"团支部书记": ["begin", "ask", "rest", "done"]},
        )
    )
    bundles.store(store, files, [], SYSTEM, "")
    with clock.standing_at(BEGUN):
        begun = [
            cases.start(
                store,
                ENVIRONMENT,
                process="tiny",
                unit_id=founded.branch.id,
                actor=founded.actor(founded.saren),
                outcome="submit",
                content={"on": "2020-06-01"},
            ).id
            for _ in range(2)
        ]
    store.commit()
    return begun


def test_nothing_fires_before_its_time(waiting: list[int]) -> None:
    with clock.standing_at(BEGUN + timedelta(days=2)):
        assert fire_due_timers() == 0


def test_what_is_due_fires_once(waiting: list[int], look: Look) -> None:
    with clock.standing_at(BEGUN + timedelta(days=4)):
        assert fire_due_timers() == 2
        assert fire_due_timers() == 0
    assert all(case.ended_at is not None for case in look().scalars(select(Case)))
    for case_id in waiting:
        events = [entry.event for entry in journal.entries_of(look(), journal.case_chain(case_id))]
        assert events.count(Event.TIMER_FIRED) == 1


def test_one_case_that_cannot_go_on_does_not_stop_the_others(
    waiting: list[int], look: Look, store: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cases.fire_timer
    stuck = look().scalars(select(DueTimer.id).where(DueTimer.case_id == waiting[0])).one()

    def fire(session: Session, environment: object, timer_id: int) -> bool:
        if timer_id == stuck:
            raise RuntimeError("a name that must not be kept")
        return real(session, ENVIRONMENT, timer_id)

    monkeypatch.setattr(timers.cases, "fire_timer", fire)
    now = BEGUN + timedelta(days=4)
    with clock.standing_at(now):
        assert fire_due_timers() == 1
        timer = look().get_one(DueTimer, stuck)
        assert (timer.attempts, timer.last_error, timer.due_at) == (1, "RuntimeError", now + wait_after(1))
        assert fire_due_timers() == 0
    for attempt in range(1, ENOUGH_ATTEMPTS):
        now += wait_after(attempt)
        with clock.standing_at(now):
            fire_due_timers()
    [told] = look().scalars(select(OutboxRow).where(OutboxRow.kind == "notice"))
    assert "RuntimeError" in told.payload["text"]
    [incident] = look().scalars(select(Incident))
    assert (incident.case_id, incident.kind, incident.attempts) == (waiting[0], "timer", ENOUGH_ATTEMPTS)
    monkeypatch.setattr(timers.cases, "fire_timer", real)
    with clock.standing_at(now + timedelta(days=30)):
        assert fire_due_timers() == 0
        store.execute(update(DueTimer).values(held=False))
        store.commit()
        assert fire_due_timers() == 1
    assert look().scalars(select(Incident)).one().resolution == Resolution.WENT_ON


def test_a_case_that_rested_goes_on_later(waiting: list[int], look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    real = cases.fire_timer
    monkeypatch.setattr(timers.cases, "fire_timer", lambda *_: 1 / 0)
    now = BEGUN + timedelta(days=4)
    with clock.standing_at(now):
        assert fire_due_timers() == 0
    monkeypatch.setattr(timers.cases, "fire_timer", real)
    with clock.standing_at(now + wait_after(1)):
        assert fire_due_timers() == 2


def test_waits_end_somewhere(waiting: list[int]) -> None:
    assert wait_after(1000) == LONGEST_WAIT


def test_a_job_ends_before_its_time_limit(waiting: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "ENOUGH_SECONDS", -1)
    with clock.standing_at(BEGUN + timedelta(days=4)):
        assert fire_due_timers() == 0
