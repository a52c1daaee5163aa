"""A talk nobody holds: three reminders a week apart, then one report to the county, and never a decision."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ADMISSION, an_application
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.engine import bundles, cases, jobs
from workflows.engine.tables import Case, WorkItem
from workflows.journal import SYSTEM, Event
from workflows.operations import notices
from workflows.operations.rehearsal import BlankDatabase
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

APPLIED, DEADLINE = date(2020, 5, 20), date(2020, 6, 20)


@pytest.fixture
def session() -> Iterator[Session]:
    with BlankDatabase() as database, Session(database.emptied()) as session:
        yield session


@pytest.fixture
def cast(session: Session) -> Cast:
    cast = people.build(session)
    people.plan_for_school(session, cast, 3)
    bundles.store(session, bundles.read_folder(ADMISSION), [], SYSTEM, "")
    return cast


@pytest.fixture
def case(session: Session, cast: Cast) -> Case:
    """Wuyun has applied and waits for the talk."""
    actor = cast.actor(cast.saren)
    with at(date(2020, 5, 25)):
        case = cases.start(
            session,
            ENVIRONMENT,
            process="admission",
            unit_id=cast.branch.id,
            actor=actor,
            outcome="submit",
            content=an_application(applied_on=APPLIED.isoformat()),
        )
        item = session.scalars(select(WorkItem)).one()
        content = {"received_on": "2020-05-25"}
        cases.complete_step(session, ENVIRONMENT, work_item_id=item.id, actor=actor, outcome="accept", content=content)
    return case


def at(day: date) -> object:
    return clock.standing_at(clock.start_of(day) + timedelta(hours=9))


def days_pass(session: Session, case: Case, until: date) -> dict[date, list[tuple[int, str]]]:
    """Who was told on which day, while nobody does anything."""
    told: dict[date, list[tuple[int, str]]] = {}
    seen: set[int] = set()
    day = date(2020, 5, 26)
    while day <= until:
        with at(day):
            for timer_id in cases.due_timers(session):
                cases.fire_timer(session, ENVIRONMENT, timer_id)
            jobs.perform_all(session, ENVIRONMENT, case.id)
            session.flush()
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == notices.OUTBOX_KIND)).all()
        new = [row for row in rows if row.id not in seen]
        if new:
            told[day] = [(row.payload["unit_id"], row.payload["post_kind"]) for row in new]
        seen |= {row.id for row in new}
        day += timedelta(days=1)
    return told


def test_three_weekly_reminders_then_the_county_is_told_once(session: Session, cast: Cast, case: Case) -> None:
    reminded = [(cast.branch.id, "branch_secretary"), (cast.school.id, "grassroots_committee")]
    weeks = [DEADLINE + timedelta(days=1 + 7 * week) for week in range(4)]
    assert days_pass(session, case, date(2020, 12, 31)) == {
        **dict.fromkeys(weeks[:3], reminded),
        weeks[3]: [(cast.county.id, "county_committee")],
    }


def test_the_due_day_people_see_is_the_deadline_and_time_decides_nothing(
    session: Session, cast: Cast, case: Case
) -> None:
    days_pass(session, case, date(2021, 12, 31))
    item = session.scalars(select(WorkItem)).one()
    assert (item.step, item.due_on) == ("initial_talk", DEADLINE)
    assert case.ended_at is None
    events = [entry.event for entry in journal.entries_of(session, journal.case_chain(case.id))]
    assert events.count(Event.TIMER_FIRED) == 4
    assert events.count(Event.STEP_COMPLETED) == 2


def test_a_talk_held_in_time_is_reminded_of_to_nobody(session: Session, cast: Cast, case: Case) -> None:
    item = session.scalars(select(WorkItem)).one()
    content = {"talked_on": "2020-06-19", "talker": "萨仁", "points": "愿意接受培养，态度端正。"}
    with at(date(2020, 6, 19)):
        cases.complete_step(
            session,
            ENVIRONMENT,
            work_item_id=item.id,
            actor=cast.actor(cast.saren),
            outcome="suitable",
            content=content,
        )
    assert days_pass(session, case, date(2020, 8, 31)) == {}
