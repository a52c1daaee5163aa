"""Events: what a case waits for, beside a step, instead of it, or in a sub-process of its own."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from lxml import etree

from tests.engine.conftest import Office
from tests.support.drawings import drawn
from workflows import clock
from workflows.engine import bundles, saving
from workflows.engine.bundles import BundleFiles
from workflows.engine.running import DrawingAtFault


def _ring(office: Office) -> None:
    """Another case sends the signal."""
    waiting = office.case
    office.do("ask", "yes", case=office.begin("signal_end_event"))
    office.post_arrives()
    office.case = waiting


def _wait(office: Office) -> None:
    with clock.moved_by(timedelta(days=11)):
        assert office.timers_fire() == 1


COMES: dict[str, Callable[[Office], object]] = {
    "timer": _wait,
    "message": lambda office: office.send("stop", outcome="yes"),
    "signal": _ring,
    "conditional": lambda office: office.do("other", "yes"),
}


def left(office: Office) -> list[str]:
    """The user steps that wait, timers left out."""
    return [step for step in office.waiting if step not in ("event", "meanwhile")]


@pytest.mark.parametrize("event", COMES)
def test_an_event_on_the_border_takes_its_step_away(office: Office, event: str) -> None:
    office.begin(f"boundary_{event}")
    COMES[event](office)
    assert "ask" not in office.waiting
    assert "after" in office.waiting
    office.do("after", "yes")
    if event != "conditional":
        assert left(office) == ["other"]
        office.do("other", "no")
    assert office.waiting == []
    assert office.case.ended_at is not None


@pytest.mark.parametrize("event", COMES)
def test_an_event_on_the_border_that_never_comes_goes_with_its_step(office: Office, event: str) -> None:
    office.begin(f"boundary_{event}")
    office.do("ask", "yes")
    office.do("other", "no")
    assert office.waiting == []
    assert office.case.ended_at is not None


@pytest.mark.parametrize("event", COMES)
def test_a_non_interrupting_event_on_the_border_leaves_its_step_alone(office: Office, event: str) -> None:
    office.begin(f"boundary_{event}_beside")
    COMES[event](office)
    assert {"ask", "after"} <= set(office.waiting)
    office.do("after", "yes")
    office.do("ask", "yes")
    if event != "conditional":
        office.do("other", "no")
    assert office.waiting == []
    assert office.case.ended_at is not None


@pytest.mark.parametrize("event", ["message", "signal"])
def test_a_message_or_signal_beside_a_step_may_come_again(office: Office, event: str) -> None:
    office.begin(f"boundary_{event}_beside")
    for _ in range(3):
        COMES[event](office)
        office.do("after", "yes")
    assert left(office) == ["ask", "other"]


@pytest.mark.parametrize("event", COMES)
def test_an_interrupting_event_sub_process_takes_the_place_of_all_else(office: Office, event: str) -> None:
    office.begin(f"event_subprocess_{event}")
    COMES[event](office)
    assert office.waiting == ["after"]
    office.do("after", "yes")
    assert office.ended_at == "after_event"


@pytest.mark.parametrize("event", COMES)
def test_a_non_interrupting_event_sub_process_runs_beside_all_else(office: Office, event: str) -> None:
    office.begin(f"event_subprocess_{event}_beside")
    COMES[event](office)
    assert {"after", "ask"} <= set(office.waiting)
    office.do("ask", "yes")
    if event != "conditional":
        office.do("other", "no")
    assert left(office) == ["after"]
    assert office.case.ended_at is None
    office.do("after", "yes")
    assert office.waiting == []
    assert office.case.ended_at is not None


@pytest.mark.parametrize("event", COMES)
def test_a_case_does_not_wait_for_an_event_sub_process_whose_event_never_came(office: Office, event: str) -> None:
    office.begin(f"event_subprocess_{event}")
    office.do("ask", "yes")
    assert office.case.ended_at is None
    office.do("other", "no")
    assert office.waiting == []
    assert office.case.ended_at is not None


def test_an_event_gateway_takes_the_way_of_the_first_event_and_forgets_the_others(office: Office) -> None:
    ways = {"timer": "after_late", "message": "after_stop", "signal": "after_bell"}
    for event, step in ways.items():
        office.begin("event_gateway")
        office.do("ask", "yes")
        assert office.waiting == ["late"]
        COMES[event](office)
        assert office.waiting == [step]
        office.do(step, "yes")
        assert office.ended_at == "done"


def test_of_two_timers_that_are_over_when_somebody_looks_the_earlier_one_counts(office: Office) -> None:
    office.begin("event_gateway_two_timers")
    office.do("ask", "yes")
    with clock.moved_by(timedelta(days=30)):
        office.timers_fire()
    assert office.ended_at == "after_sooner"


def test_a_wait_until_a_day_ends_when_the_day_begins(office: Office) -> None:
    office.begin("timer_date")
    office.do("ask", "yes")
    with clock.standing_at(clock.start_of(date(2020, 5, 4)) - timedelta(seconds=1)):
        assert office.timers_fire() == 0
    with clock.standing_at(clock.start_of(date(2020, 5, 4))):
        assert office.timers_fire() == 1
    assert office.waiting == ["after"]


def test_a_wait_for_a_time_counts_from_the_arrival(office: Office) -> None:
    office.begin("timer_duration")
    office.do("ask", "yes")
    with clock.moved_by(timedelta(days=9, hours=23)):
        assert office.timers_fire() == 0
    with clock.moved_by(timedelta(days=10)):
        assert office.timers_fire() == 1
    assert office.waiting == ["after"]


def test_a_reminder_recurs_as_often_as_drawn_each_time_with_a_row_of_its_own(office: Office) -> None:
    office.begin("timer_cycle")
    assert office.item("ask").due_on is None
    for week in (1, 2, 3):
        with clock.moved_by(timedelta(days=7 * week, seconds=-1)):
            assert office.timers_fire() == 0
        with clock.moved_by(timedelta(days=7 * week)):
            assert office.timers_fire() == 1
            assert office.timers_fire() == 0
        assert office.calls == ["shelf.note"] * week
    assert office.waiting == ["ask"]
    office.do("ask", "yes")
    assert office.ended_at == "done"


def test_a_reminder_without_end_stops_with_its_step(office: Office) -> None:
    office.begin("timer_cycle_without_end")
    for day in range(1, 6):
        with clock.moved_by(timedelta(days=day)):
            office.timers_fire()
    assert len(office.calls) == 5
    assert office.waiting == ["ask", "remind"]
    office.do("ask", "yes")
    assert office.waiting == []


def test_reminders_that_have_come_leave_nothing_in_the_saved_state(office: Office) -> None:
    sizes = []
    office.begin("timer_cycle_without_end")
    for day in range(1, 31):
        with clock.moved_by(timedelta(days=day)):
            office.timers_fire()
        workflow = saving.restore(office.case.state, bundles.parsed(office.session, office.case.bundle_id))
        sizes.append(len(workflow.tasks))
    assert len(office.calls) == 30
    assert sizes[-1] == sizes[2]


def test_recurrences_missed_while_nobody_looked_are_made_up_for_by_one(office: Office) -> None:
    office.begin("timer_cycle_without_end")
    with clock.moved_by(timedelta(days=100, hours=1)):
        assert office.timers_fire() == 1
        assert len(office.calls) == 1
        assert office.timers_fire() == 0
    with clock.moved_by(timedelta(days=101)):
        assert office.timers_fire() == 1


def test_an_event_sub_process_may_recur_until_the_case_ends(office: Office) -> None:
    office.begin("timer_cycle_event_subprocess")
    for days in (31, 61, 92):
        with clock.moved_by(timedelta(days=days)):
            office.timers_fire()
    assert len(office.calls) == 2
    assert office.waiting == ["ask"]
    office.do("ask", "yes")
    assert office.case.ended_at is not None


def test_a_condition_lets_a_case_go_on_as_soon_as_it_holds(office: Office) -> None:
    office.begin("conditional_catch_event")
    assert office.waiting == ["other"]
    office.do("other", "yes")
    assert office.waiting == ["read"]
    office.do("read", "yes")
    assert office.ended_at == "done"


def test_a_signal_is_heard_within_the_case_at_once(office: Office) -> None:
    office.begin("signal_within_case")
    office.do("ask", "yes")
    assert office.waiting == ["read"]


@pytest.mark.parametrize("drawing", ["signal_throw_event", "signal_end_event"])
def test_a_signal_is_heard_by_every_case_that_waits_for_it(office: Office, drawing: str) -> None:
    for case in [office.begin("signal_catch_event") for _ in range(2)]:
        office.do("wish", "yes", case=case)
    office.begin("signal_catch_event")
    office.begin(drawing)
    office.do("ask", "yes")
    assert office.waiting == ["wish"]
    office.post_arrives()
    assert office.waiting == ["read", "read", "wish"]


def test_a_terminate_end_event_ends_everything_of_its_level(office: Office) -> None:
    office.begin("terminate_end_event")
    office.do("ask", "yes")
    assert office.waiting == []
    assert office.ended_at == "stop_all"


def test_a_terminate_end_event_in_a_sub_process_leaves_the_case_running(office: Office) -> None:
    office.begin("terminate_end_event_in_subprocess")
    office.do("ask", "yes")
    assert office.waiting == ["after"]
    office.do("after", "yes")
    assert office.ended_at == "done"


def test_an_intermediate_event_without_a_definition_is_a_milestone(office: Office) -> None:
    office.begin("none_throw_event")
    office.do("ask", "yes")
    assert office.ended_at == "done"


@pytest.mark.parametrize("where", ["boundary", "event_subprocess"])
def test_an_error_leaves_its_sub_process_and_takes_everything_in_it_away(office: Office, where: str) -> None:
    office.begin(f"{where}_error")
    assert office.waiting == ["ask", "other"]
    office.do("ask", "no")
    assert office.waiting == ["after"]
    office.do("after", "yes")
    if where == "event_subprocess":
        office.do("go_on", "yes")
        assert office.ended_at == "done"
    else:
        assert office.ended_at == "after_event"


@pytest.mark.parametrize("where", ["boundary", "event_subprocess"])
def test_an_escalation_may_take_its_sub_process_away(office: Office, where: str) -> None:
    office.begin(f"{where}_escalation")
    office.do("ask", "no")
    assert office.waiting == ["after"]


@pytest.mark.parametrize("where", ["boundary", "event_subprocess"])
def test_an_escalation_may_leave_its_sub_process_running(office: Office, where: str) -> None:
    office.begin(f"{where}_escalation_beside")
    office.do("ask", "no")
    assert office.waiting == ["after", "other"]
    office.do("other", "yes")
    office.do("after", "yes")
    assert office.waiting == ["go_on"]
    office.do("go_on", "yes")
    assert office.ended_at == "done"


@pytest.mark.parametrize("where", ["boundary", "event_subprocess"])
@pytest.mark.parametrize("thrown", ["error", "escalation"])
def test_what_is_not_thrown_does_not_disturb(office: Office, where: str, thrown: str) -> None:
    office.begin(f"{where}_{thrown}")
    office.do("ask", "yes")
    office.do("other", "yes")
    assert office.waiting == ["go_on"]


def test_an_escalation_in_the_middle_of_a_way_goes_on(office: Office) -> None:
    office.begin("escalation_throw_event")
    office.do("ask", "yes")
    assert office.waiting == ["after", "more"]
    office.do("more", "yes")
    office.do("after", "yes")
    assert office.waiting == []


def test_an_error_goes_to_the_event_that_names_its_code_or_to_the_one_for_all(office: Office) -> None:
    office.begin("boundary_error_any_code")
    office.do("ask", "yes")
    assert office.ended_at == "by_any"


@pytest.mark.parametrize("drawing", ["boundary_error_of_operation", "boundary_error_around_operation"])
def test_a_refused_operation_is_an_error_on_its_step_or_around_its_sub_process(office: Office, drawing: str) -> None:
    office.begin(drawing)
    office.left = 0
    office.do("ask", "yes")
    assert office.ended_at == "none_left"


def test_an_operation_that_is_not_refused_goes_on(office: Office) -> None:
    office.begin("boundary_error_around_operation")
    office.do("ask", "yes")
    assert office.ended_at == "done"


def test_an_error_that_nothing_takes_refuses_the_act(office: Office) -> None:
    files = drawn("call_activity")
    root = etree.fromstring(files.files["call_activity.bpmn"].encode())
    for unwanted in ("event", "event_to_failed", "failed"):
        [element] = root.xpath(f"//*[@id='{unwanted}']")
        element.getparent().remove(element)
    text = etree.tostring(root, encoding="unicode")
    office.start(BundleFiles(files.files | {"call_activity.bpmn": text}), process="call_activity")
    office.do("first", "yes")
    with pytest.raises(DrawingAtFault, match=r"none\.left"):
        office.do("ask", "no")
    office.session.rollback()
    assert office.waiting == ["ask"]
