"""What a drawing may say of a timer beside its text: a calendar to count by, a period that passes first, a grace."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.engine.conftest import Office
from tests.support.drawings import (
    ANY_FORM,
    YES_NO_FORM,
    boundary,
    bundle,
    drawing,
    end,
    flow,
    properties,
    service,
    start,
    timer,
    user,
    wait,
    way,
    xor,
)
from workflows import clock
from workflows.engine import check, inbox
from workflows.engine.running import DrawingAtFault

DURATION = "<bpmn:timeDuration>P5D</bpmn:timeDuration>"
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


def until_a_day(day: str, **terms: str) -> str:
    """A sub-process that ends the case on a day, which `ask` says, unless `judge` comes first."""
    begin = f'<bpmn:startEvent id="day" isInterrupting="true">{properties(**terms)}{timer(day=day)}</bpmn:startEvent>'
    inner = begin + end("over") + way("day", "over")
    return drawing(
        start(),
        user("ask"),
        user("judge"),
        user("file"),
        end(),
        way(*STRAIGHT),
        f'<bpmn:subProcess id="expiry" triggeredByEvent="true">{inner}</bpmn:subProcess>',
        lanes={"书记": ["ask", "judge", "file", "expiry"]},
    )


STRAIGHT = ("begin", "ask", "judge", "file", "done")
FOLLOWS = {"available_when": "ask != null and judge == null"}


def told_on_a_day() -> str:
    """Beside the way, notes the day that `ask` says, each time `judge` sends the case back to it."""
    begin = f'<bpmn:startEvent id="day" isInterrupting="false">{properties(available_when="ask != null")}'
    inner = f"{begin}{timer(day='ask.on')}</bpmn:startEvent>" + service("note", "shelf.note") + end("noted")
    return drawing(
        start(),
        xor("again"),
        user("ask"),
        user("judge"),
        xor("decided", default="decided_to_done"),
        end(),
        way("begin", "again", "ask", "judge", "decided", "done"),
        flow("decided", "again", 'judge.outcome == "no"'),
        f'<bpmn:subProcess id="tell" triggeredByEvent="true">{inner}{way("day", "note", "noted")}</bpmn:subProcess>',
        lanes={"书记": ["ask", "judge", "tell"]},
    )


def begin_following(office: Office) -> None:
    files = bundle(until_a_day("ask.on", **FOLLOWS), ask=ANY_FORM, judge=ANY_FORM, file=ANY_FORM)
    office.start(files)


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


def test_a_timer_with_a_condition_waits_from_the_moment_its_day_is_known(office: Office) -> None:
    begin_following(office)
    assert office.waiting == ["ask"]
    office.do("ask", on="2020-05-04")
    assert office.waiting == ["expiry", "judge"]
    with clock.standing_at(clock.start_of(date(2020, 5, 4)) - timedelta(seconds=1)):
        assert office.timers_fire() == 0
    with clock.standing_at(clock.start_of(date(2020, 5, 4))):
        assert office.timers_fire() == 1
    assert office.ended_at == "over"


def test_a_timer_with_a_condition_is_nobodys_wait_on_a_board(office: Office) -> None:
    begin_following(office)
    office.do("ask", on="2020-05-04")
    [row] = inbox.cases_of(office.session, [7])
    assert [item.step for item in row.items] == ["judge"]
    assert row.waits == []


def test_a_timer_with_a_condition_waits_no_longer_than_the_condition_holds(office: Office) -> None:
    begin_following(office)
    office.do("ask", on="2020-05-04")
    office.do("judge", on="2020-05-01")
    assert office.waiting == ["file"]
    with clock.moved_by(timedelta(days=90)):
        office.timers_fire()
        office.do("file", on="2020-05-01")
    assert office.ended_at == "done"


def test_a_timer_with_a_condition_follows_the_data_it_is_worked_out_from(office: Office) -> None:
    again = bundle(until_a_day("ask.on", available_when="ask != null"), ask=ANY_FORM, judge=YES_NO_FORM, file=ANY_FORM)
    back = xor("again") + xor("decided", default="decided_to_file")
    ways = flow("begin", "again") + way("again", "ask", "judge", "decided", "file", "done")
    ways += flow("decided", "again", 'judge.outcome == "no"')
    text = again.files["tiny.bpmn"]
    files = replace(again, files={**again.files, "tiny.bpmn": text.replace(way(*STRAIGHT), back + ways)})
    office.start(files)
    office.do("ask", on="2020-05-04")
    office.do("judge", "no", on="2020-03-02")
    office.do("ask", on="2020-06-04")
    with clock.standing_at(clock.start_of(date(2020, 6, 3))):
        assert office.timers_fire() == 0
    with clock.standing_at(clock.start_of(date(2020, 6, 4))):
        assert office.timers_fire() == 1
    assert office.ended_at == "over"


def test_beside_the_way_a_timer_with_a_condition_comes_again_for_a_later_day_but_not_for_the_same(
    office: Office,
) -> None:
    office.start(bundle(told_on_a_day(), ask=ANY_FORM, judge=YES_NO_FORM))
    office.do("ask", on="2020-05-04")
    with clock.standing_at(clock.start_of(date(2020, 5, 5))):
        assert office.timers_fire() == 1
        assert office.waiting == ["judge"]
        office.do("judge", "no", on="2020-05-05")
        office.do("ask", on="2020-06-04")
        assert office.waiting == ["judge", "tell"]
    with clock.standing_at(clock.start_of(date(2020, 6, 4))):
        assert (office.timers_fire(), office.timers_fire()) == (1, 0)
    assert office.calls == ["shelf.note", "shelf.note"]


def test_a_timer_with_a_condition_that_is_over_when_its_day_becomes_known_ends_the_case_in_the_same_act(
    office: Office,
) -> None:
    begin_following(office)
    office.do("ask", on="2020-01-04")
    assert (office.waiting, office.ended_at) == ([], "over")


@pytest.mark.parametrize(
    "files",
    [
        with_deadline(timer("P5D"), available_when="ask != null"),
        until_a_day("", available_when="ask != null").replace("<bpmn:timeDate></bpmn:timeDate>", DURATION),
    ],
)
def test_a_condition_is_for_a_day_of_an_event_sub_process_only(office: Office, files: str) -> None:
    found = check.faults_in(bundle(files, ask=ANY_FORM, judge=ANY_FORM, file=ANY_FORM), office.environment)
    assert "timer.terms" in {fault.code for fault in found}


def test_a_condition_that_cannot_be_read_is_refused(office: Office) -> None:
    files = bundle(until_a_day("ask.on", available_when="ask !="), ask=ANY_FORM, judge=ANY_FORM, file=ANY_FORM)
    assert {fault.code for fault in check.faults_in(files, office.environment)} == {"timer.broken"}
