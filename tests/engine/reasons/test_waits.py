"""Days and events that a case waits for: until when, by which expression, on which facts."""

from datetime import date

from tests.engine.conftest import Office
from tests.engine.reasons.conftest import Reasons, form
from tests.support.drawings import (
    ANY_FORM,
    boundary,
    bundle,
    drawing,
    end,
    start,
    stop_subprocess,
    timer,
    user,
    wait,
    way,
)
from workflows import clock
from workflows.engine.reasons.reason import Kind, SourceKind

WAITING = drawing(
    start(),
    user("ask"),
    wait("pause", timer(duration="rules.days"), since="ask.on"),
    user("tell"),
    boundary("late", "tell", timer(duration="P30D")),
    end(),
    end("reminded"),
    way("begin", "ask", "pause", "tell", "done"),
    way("late", "reminded"),
    lanes={"书记": ["ask", "tell"]},
)


def test_a_wait_tells_until_when_by_which_value_and_from_which_form(office: Office, reasons: Reasons) -> None:
    office.start(bundle(WAITING, ask=ANY_FORM, tell=ANY_FORM))
    office.do("ask", on="2020-03-02")
    [reason] = reasons()
    assert (reason.kind, reason.step, reason.expression) == (Kind.TIMER, "pause", "rules.days ask.on")
    assert reason.until == clock.start_of(date(2020, 3, 5))
    assert reason.earliest == date(2020, 3, 5)
    assert reason.then == ("tell",)
    days, on = reason.facts
    assert (days.label, days.value, days.source.kind) == ("等待天数", "P3D", SourceKind.RULE)
    assert (on.label, on.value, on.source.records[0].step) == ("日期", "2020-03-02", "ask")


def test_a_value_that_nobody_has_seen_published_is_no_article(office: Office, reasons: Reasons) -> None:
    office.start(bundle(WAITING, ask=ANY_FORM, tell=ANY_FORM))
    office.do("ask", on="2020-03-02")
    [reason] = reasons()
    assert reason.is_unverified
    assert reason.article == ""


def test_the_deadline_of_a_step_keeps_nothing_back(office: Office, reasons: Reasons) -> None:
    office.start(bundle(WAITING, ask=ANY_FORM, tell=ANY_FORM))
    office.do("ask", on="2020-02-01")
    office.timers_fire()
    assert office.waiting == ["late", "tell"]
    assert reasons() == []


def test_only_the_facts_that_decide_on_the_day_are_told(office: Office, reasons: Reasons) -> None:
    day = 'ask.outcome == "yes" ? ask.on : ask.other'
    text = drawing(
        start(),
        user("ask"),
        wait("pause", timer(day=day)),
        end(),
        way("begin", "ask", "pause", "done"),
        lanes={"书记": ["ask"]},
    )
    dates = [{"type": "datetime", "key": key, "dateLabel": key} for key in ("on", "other")]
    office.start(bundle(text, ask=form(*dates)))
    office.do("ask", "no", on="2020-03-09", other="2020-04-01")
    [reason] = reasons()
    assert [(fact.name, fact.value) for fact in reason.facts] == [("ask.other", "2020-04-01")]


def test_a_message_that_may_come_at_any_time_keeps_nothing_back(office: Office, reasons: Reasons) -> None:
    text = drawing(
        start(),
        user("ask"),
        end(),
        way("begin", "ask", "done"),
        stop_subprocess(end("stopped") + '<bpmn:sequenceFlow id="s" sourceRef="stopping" targetRef="stopped"/>'),
        lanes={"书记": ["ask"]},
    )
    office.start(bundle(text, ask=ANY_FORM))
    assert reasons() == []


def test_an_awaited_message_is_told_by_its_name_with_since_when(office: Office, reasons: Reasons) -> None:
    office.begin("receive_task")
    office.do("wish", "yes", on="2020-06-01")
    [reason] = reasons()
    assert (reason.kind, reason.step, reason.rule, reason.expression) == (Kind.EVENT, "hear", "message", "news")
    assert reason.since == clock.now()


def test_an_awaited_condition_is_told_with_the_facts_it_reads(office: Office, reasons: Reasons) -> None:
    office.begin("conditional_catch_event")
    [reason] = reasons()
    assert (reason.kind, reason.rule, reason.expression) == (Kind.EVENT, "conditional", 'other.outcome == "yes"')
    assert [(fact.name, fact.value) for fact in reason.facts] == [("other.outcome", None)]
