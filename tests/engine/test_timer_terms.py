"""What a drawing may say of a timer beside its text: a calendar to count by, a period that passes first, a grace."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.engine.conftest import Office
from tests.support.drawings import (
    ANY_FORM,
    boundary,
    bundle,
    drawing,
    end,
    service,
    start,
    timer,
    user,
    wait,
    way,
)
from workflows import clock
from workflows.engine import check
from workflows.engine.running import DrawingAtFault

WEEKLY = "<bpmn:timerEventDefinition><bpmn:timeCycle>R3/P7D</bpmn:timeCycle></bpmn:timerEventDefinition>"


def waiting(text: str, **terms: str) -> str:
    return drawing(
        start(),
        user("ask"),
        wait("pause", timer(text), **terms),
        user("judge"),
        end(),
        way("begin", "ask", "pause", "judge", "done"),
        lanes={"书记": ["ask", "judge"]},
    )


def with_deadline(event: str, **terms: str) -> str:
    return drawing(
        start(),
        user("ask"),
        boundary("late", "ask", event, **terms),
        service("remind", "shelf.note"),
        end("reminded"),
        end(),
        way("begin", "ask", "done"),
        way("late", "remind", "reminded"),
        lanes={"书记": ["ask"]},
    )


@pytest.fixture
def asked_for(office: Office) -> list[int]:
    """The units the calendar was asked for; it counts Tuesdays, so nobody mistakes it for days of the week."""
    units: list[int] = []

    def tuesdays(_session: Session, unit_id: int, day: date, n: int) -> date:
        units.append(unit_id)
        return day + timedelta(days=(1 - day.weekday() - 1) % 7 + 1 + 7 * (n - 1))

    office.environment = replace(office.environment, calendars={"tuesdays": tuesdays})
    return units


def midnight(year: int, month: int, day: int) -> object:
    return clock.standing_at(clock.start_of(date(year, month, day)))


def test_a_wait_counts_the_days_of_the_calendar_for_the_unit_of_the_case(office: Office, asked_for: list[int]) -> None:
    office.start(bundle(waiting("P2D", since="ask.on", calendar="tuesdays"), ask=ANY_FORM, judge=ANY_FORM))
    office.do("ask", on="2020-03-02")
    with clock.standing_at(clock.start_of(date(2020, 3, 10)) - timedelta(seconds=1)):
        assert office.timers_fire() == 0
    with midnight(2020, 3, 10):
        assert office.timers_fire() == 1
    assert asked_for == [7]


def test_without_a_base_the_calendar_counts_from_the_office_day(office: Office, asked_for: list[int]) -> None:
    office.start(bundle(with_deadline(timer("P1D"), calendar="tuesdays"), ask=ANY_FORM))
    assert office.item("ask").due_on == date(2020, 3, 3)
    with midnight(2020, 3, 4):
        assert office.timers_fire() == 1


def test_a_grace_lets_the_timer_wait_longer_and_leaves_the_due_day_alone(office: Office) -> None:
    office.start(bundle(with_deadline(timer("P10D"), grace="P7D"), ask=ANY_FORM))
    assert office.item("ask").due_on == date(2020, 3, 12)
    with clock.moved_by(timedelta(days=16)):
        assert office.timers_fire() == 0
    with clock.moved_by(timedelta(days=17)):
        assert office.timers_fire() == 1
    assert office.calls == ["shelf.note"]


def test_a_grace_is_counted_by_the_same_calendar(office: Office, asked_for: list[int]) -> None:
    office.start(bundle(with_deadline(timer("P1D"), calendar="tuesdays", grace="P1D"), ask=ANY_FORM))
    assert office.item("ask").due_on == date(2020, 3, 3)
    with midnight(2020, 3, 10):
        assert office.timers_fire() == 0
    with midnight(2020, 3, 11):
        assert office.timers_fire() == 1


def test_reminders_begin_when_the_deadline_has_passed_and_come_so_many_times(office: Office) -> None:
    office.given = {"deadline": "P10D", "begun": "2020-03-02"}
    office.start(bundle(with_deadline(WEEKLY, since="begun", after="deadline"), ask=ANY_FORM))
    fired = []
    for days in range(50):
        with clock.standing_at(clock.start_of(date(2020, 3, 2)) + timedelta(days=days)):
            fired += [days] * office.timers_fire()
    assert fired == [11, 18, 25]
    assert office.waiting == ["ask"]


def test_a_period_that_no_calendar_can_count_is_named_with_its_step(office: Office, asked_for: list[int]) -> None:
    office.given = {"period": "P1M"}
    office.publish(bundle(waiting("period", calendar="tuesdays"), ask=ANY_FORM, judge=ANY_FORM))
    office.start(bundle(waiting("period", calendar="tuesdays"), ask=ANY_FORM, judge=ANY_FORM))
    with pytest.raises(DrawingAtFault, match=r"pause.*P1M"):
        office.do("ask", on="2020-03-02")


@pytest.mark.parametrize(
    "code, text",
    [
        ("calendar.unknown", waiting("P5D", calendar="mondays")),
        ("timer.terms", waiting("", calendar="tuesdays").replace("timeDuration", "timeDate")),
        ("timer.broken", waiting("P1M", calendar="tuesdays")),
        ("timer.broken", waiting("P0D", calendar="tuesdays")),
        ("timer.terms", waiting("P5D", after="P1D")),
        ("timer.terms", waiting("P5D", grace="P1D")),
        ("timer.terms", with_deadline(WEEKLY, calendar="tuesdays")),
        ("timer.terms", with_deadline(WEEKLY, grace="P1D")),
        ("timer.terms", with_deadline(WEEKLY.replace("R3/", "R3/2020-05-04/"), after="P1D")),
        ("timer.broken", with_deadline(WEEKLY, after="P1X +")),
        ("timer.broken", with_deadline(timer("P5D"), grace="P1X +")),
        ("timer.broken", with_deadline(timer("P5D"), calendar="tuesdays", grace="P1M")),
    ],
)
def test_terms_that_mean_nothing_are_refused_with_the_name_of_the_event(
    office: Office, asked_for: list[int], code: str, text: str
) -> None:
    found = check.faults_in(bundle(text, ask=ANY_FORM, judge=ANY_FORM), office.environment)
    assert code in [fault.code for fault in found]
    assert {fault.label for fault in found} <= {"pause", "late"}


def test_the_calendars_there_are_stand_in_the_refusal(office: Office, asked_for: list[int]) -> None:
    [fault] = check.faults_in(
        bundle(waiting("P5D", calendar="mondays"), ask=ANY_FORM, judge=ANY_FORM), office.environment
    )
    assert fault.message == "没有名为 mondays 的日历，可用的有 tuesdays"
