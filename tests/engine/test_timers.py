"""Timers are rows that wait for our clock: waits begin with a day, deadlines pass when a day is over."""

from datetime import date, timedelta

import pytest

from tests.engine.at_work import work
from tests.engine.conftest import SECRETARY, Office
from tests.support.drawings import (
    ANY_FORM,
    both,
    boundary,
    bundle,
    drawing,
    end,
    flow,
    later,
    service,
    start,
    timer,
    user,
    wait,
    way,
)
from workflows import clock
from workflows.engine import cases, due_times
from workflows.errors import StaleVersion

WAITING = drawing(
    start(),
    user("ask"),
    wait("three_months", timer("P3M"), since="ask.on"),
    user("judge"),
    end(),
    way("begin", "ask", "three_months", "judge", "done"),
    lanes={"书记": ["ask", "judge"]},
)
DEADLINE = drawing(
    start(),
    user("ask"),
    boundary("late", "ask", timer("P10D")),
    service("remind", "shelf.note"),
    end("reminded"),
    end(),
    way("begin", "ask", "done"),
    flow("late", "remind"),
    flow("remind", "reminded"),
    lanes={"书记": ["ask"]},
)


def test_a_wait_counts_from_the_date_it_names(office: Office) -> None:
    office.start(bundle(WAITING, ask=ANY_FORM, judge=ANY_FORM))
    office.do("ask", on="2020-03-02")
    assert office.waiting == ["three_months"]
    with clock.standing_at(clock.start_of(date(2020, 6, 2)) - timedelta(seconds=1)):
        assert office.timers_fire() == 0
    with clock.standing_at(clock.start_of(date(2020, 6, 2))):
        assert office.timers_fire() == 1
        assert office.waiting == ["judge"]


def test_a_wait_that_is_over_already_does_not_hold_the_case(office: Office) -> None:
    office.start(bundle(WAITING, ask=ANY_FORM, judge=ANY_FORM))
    office.do("ask", on="2019-10-01")
    assert office.waiting == ["judge"]


def test_firing_a_timer_twice_has_the_effect_of_once(office: Office) -> None:
    office.start(bundle(DEADLINE, ask=ANY_FORM))
    with clock.moved_by(timedelta(days=11)):
        [timer_id] = cases.due_timers(office.session)
        assert cases.fire_timer(office.session, office.environment, timer_id)
        assert not cases.fire_timer(office.session, office.environment, timer_id)
    assert office.calls == ["shelf.note"]


def test_a_deadline_shows_as_the_due_day_and_reminds_without_taking_the_step_away(office: Office) -> None:
    office.start(bundle(DEADLINE, ask=ANY_FORM))
    assert office.item("ask").due_on == date(2020, 3, 12)
    with clock.moved_by(timedelta(days=11)):
        assert office.timers_fire() == 1
        assert office.calls == ["shelf.note"]
        assert office.waiting == ["ask"]
        office.do("ask")
    assert office.ended_at == "done"


def do_as_seen(office: Office, step: str, seen: int) -> None:
    cases.complete_step(
        office.session,
        office.environment,
        work_item_id=office.item(step).id,
        actor=SECRETARY,
        outcome="submit",
        content={"on": "2020-03-04"},
        seen_version=seen,
    )


def test_a_reminder_takes_no_form_out_of_the_hands_of_whoever_has_it_open(office: Office) -> None:
    case = office.start(bundle(DEADLINE, ask=ANY_FORM))
    seen = case.version
    with clock.moved_by(timedelta(days=11)):
        assert office.timers_fire() == 1
        assert office.case.version > seen
        do_as_seen(office, "ask", seen)
    assert office.ended_at == "done"


def test_a_wait_that_ends_shows_something_new(office: Office) -> None:
    text = drawing(
        start(),
        both("apart"),
        user("ask"),
        wait("rest", timer("P3D")),
        user("judge"),
        both("together"),
        end(),
        way("begin", "apart", "ask", "together", "done"),
        way("apart", "rest", "judge", "together"),
        lanes={"书记": ["ask", "judge"]},
    )
    seen = office.start(bundle(text, ask=ANY_FORM, judge=ANY_FORM)).version
    with clock.moved_by(timedelta(days=4)):
        office.timers_fire()
        with pytest.raises(StaleVersion):
            do_as_seen(office, "ask", seen)


def late_from_the_first(remind: str) -> str:
    """Whoever answers `ask` with a day long past has the reminder of `answer` sent in the same act."""
    return drawing(
        start(),
        user("ask"),
        user("answer"),
        boundary("late", "answer", timer("P10D"), since="ask.on"),
        remind,
        end("reminded"),
        end(),
        way("begin", "ask", "answer", "done"),
        way("late", "remind", "reminded"),
        lanes={"书记": ["ask", "answer"]},
    )


def test_a_deadline_that_has_passed_before_the_step_is_reached_still_shows_as_its_due_day(office: Office) -> None:
    office.start(bundle(late_from_the_first(service("remind", "shelf.note")), ask=ANY_FORM, answer=ANY_FORM))
    office.do("ask", on="2020-01-01")
    assert office.calls == ["shelf.note"]
    assert office.item("answer").due_on == date(2020, 1, 11)


def test_a_reminder_that_a_worker_sends_for_somebody_takes_no_form_out_of_his_hands(office: Office) -> None:
    office.start(bundle(late_from_the_first(later(service("remind", "shelf.note"))), ask=ANY_FORM, answer=ANY_FORM))
    office.do("ask", on="2020-01-01")
    seen = office.case.version
    work(office)
    assert (office.calls, office.case.version > seen) == (["shelf.note"], True)
    do_as_seen(office, "answer", seen)
    assert office.ended_at == "done"


def test_a_step_done_in_time_leaves_no_timer_behind(office: Office) -> None:
    office.start(bundle(DEADLINE, ask=ANY_FORM))
    office.do("ask")
    assert office.waiting == []
    with clock.moved_by(timedelta(days=11)):
        assert office.timers_fire() == 0
    assert office.calls == []


@pytest.mark.parametrize(
    "text, since, deadline, last",
    [
        ("P1M", "on", True, date(2020, 2, 29)),
        ("P1M", "on", False, date(2020, 2, 28)),
        ("2020-05-04", None, True, date(2020, 5, 4)),
        ('d(on).add(1,"d").format("%Y-%m-%d")', None, False, date(2020, 1, 31)),
    ],
)
def test_the_last_day_of_a_due_time(text: str, since: str | None, deadline: bool, last: date) -> None:
    due = due_times.due_at(text, since, is_deadline=deadline, context={"on": "2020-01-31"})
    assert due_times.last_day(due) == last


@pytest.mark.parametrize("text, since", [("tomorrow", None), ("P1M", "nowhere"), ("P1X", None)])
def test_a_text_that_is_no_due_time_is_named(text: str, since: str | None) -> None:
    with pytest.raises((due_times.TimerFault, Exception), match=r"“|tomorrow|P1X"):
        due_times.due_at(text, since, is_deadline=True, context={})
