"""Gateways that led a case back or to an early end: which way, on whose answer, for what reason."""

import pytest

from tests.engine.conftest import DEPUTY, Office
from tests.engine.reasons.conftest import Reasons, form, reason_for
from tests.support.drawings import (
    ANY_FORM,
    NONE_LEFT,
    boundary,
    bundle,
    drawing,
    end,
    flow,
    service,
    start,
    user,
    way,
    xor,
)
from workflows.engine.reasons.reason import Kind, SourceKind

ASKED = drawing(
    start(),
    user("bring"),
    user("judge"),
    xor("verdict"),
    user("thank"),
    end("agreed"),
    user("tell"),
    end("refused", result="refused"),
    way("begin", "bring", "judge", "verdict"),
    flow("verdict", "thank", 'judge.outcome == "yes"', name="yes"),
    flow("verdict", "bring", 'judge.outcome == "back"', name="back"),
    flow("verdict", "tell", 'judge.outcome == "no"', name="no"),
    way("thank", "agreed"),
    way("tell", "refused"),
    lanes={"书记": ["bring", "judge", "thank", "tell"]},
)
JUDGING = form(reason_for("back", "no"), {"type": "datetime", "key": "on", "dateLabel": "日期"}, outcomes="yes back no")


@pytest.fixture
def asked(office: Office) -> Office:
    office.start(bundle(ASKED, bring=ANY_FORM, judge=JUDGING, thank=ANY_FORM, tell=ANY_FORM))
    office.do("bring")
    return office


def test_a_step_that_nobody_has_answered_needs_no_reason(asked: Office, reasons: Reasons) -> None:
    assert reasons() == []


def test_a_case_that_was_sent_back_tells_by_whom_and_why(asked: Office, reasons: Reasons) -> None:
    asked.do("judge", "back", DEPUTY, reason="缺少签名")
    [reason] = reasons()
    assert (reason.kind, reason.step, reason.label, reason.text) == (Kind.GATE, "judge", "verdict", "缺少签名")
    assert (reason.gate.id, reason.gate.taken.flow) == ("verdict", "back")
    assert {way.flow for way in reason.gate.others} == {"yes", "no"}
    [fact] = reason.facts
    assert (fact.name, fact.label, fact.value) == ("judge.outcome", "judge", "back")
    assert fact.source.kind == SourceKind.FORM
    assert [record.person_id for record in fact.source.records] == [DEPUTY.person_id]


def test_the_reason_holds_until_the_step_is_answered_anew(asked: Office, reasons: Reasons) -> None:
    asked.do("judge", "back", reason="缺少签名")
    asked.do("bring")
    assert [reason.text for reason in reasons()] == ["缺少签名"]
    asked.do("judge", "yes")
    assert reasons() == []


def test_a_refused_case_still_tells_why_when_steps_followed_on_the_refusal(asked: Office, reasons: Reasons) -> None:
    asked.do("judge", "no", reason="条件不成熟")
    assert [reason.gate.taken.flow for reason in reasons()] == ["no"]
    asked.do("tell")
    assert asked.ended_at == "refused"
    assert [(reason.gate.taken.flow, reason.text) for reason in reasons()] == [("no", "条件不成熟")]


def test_a_case_that_came_to_its_good_end_gives_no_reason(asked: Office, reasons: Reasons) -> None:
    asked.do("judge", "yes")
    asked.do("thank")
    assert asked.ended_at == "agreed"
    assert reasons() == []


ROUTED = drawing(
    start(),
    user("ask"),
    xor("which"),
    user("near"),
    user("far"),
    user("farther"),
    end(),
    way("begin", "ask", "which"),
    flow("which", "near", 'ask.outcome == "yes"'),
    flow("which", "far", 'ask.outcome == "no"'),
    way("far", "farther", "done"),
    flow("near", "done"),
    lanes={"书记": ["ask", "near", "far", "farther"]},
)


def test_a_gateway_that_only_chooses_between_ways_on_is_no_reason(office: Office, reasons: Reasons) -> None:
    office.start(bundle(ROUTED, ask=form(), near=ANY_FORM, far=ANY_FORM, farther=ANY_FORM))
    office.do("ask", "yes")
    assert reasons() == []


LATER_RETURNED = drawing(
    start(),
    user("ask"),
    xor("which"),
    user("prove"),
    xor("together"),
    user("judge"),
    xor("verdict"),
    end(),
    way("begin", "ask", "which"),
    flow("which", "together", 'ask.outcome == "yes"', name="short"),
    flow("which", "prove", 'ask.outcome == "no"', name="long"),
    flow("prove", "together"),
    way("together", "judge", "verdict"),
    flow("verdict", "done", 'judge.outcome == "yes"'),
    flow("verdict", "ask", 'judge.outcome == "no"', name="back"),
    lanes={"书记": ["ask", "prove", "judge"]},
)


def test_a_short_way_on_is_no_reason_though_the_case_might_be_sent_back_later(office: Office, reasons: Reasons) -> None:
    office.start(bundle(LATER_RETURNED, ask=form(), prove=ANY_FORM, judge=form()))
    office.do("ask", "yes")
    assert reasons() == []
    office.do("judge", "no")
    assert [reason.gate.taken.flow for reason in reasons()] == ["back"]
    office.do("ask", "yes")
    assert [reason.gate.id for reason in reasons()] == []


def test_a_way_to_a_new_step_leads_back_when_it_ends_only_through_the_gateway(office: Office, reasons: Reasons) -> None:
    text = drawing(
        start(),
        user("judge"),
        xor("verdict"),
        user("mend"),
        user("thank"),
        end(),
        way("begin", "judge", "verdict"),
        flow("verdict", "thank", 'judge.outcome == "yes"'),
        flow("verdict", "mend", 'judge.outcome == "no"', name="back"),
        way("mend", "judge"),
        way("thank", "done"),
        lanes={"书记": ["judge", "mend", "thank"]},
    )
    office.start(bundle(text, judge=form(), mend=ANY_FORM, thank=ANY_FORM))
    office.do("judge", "no")
    assert [reason.gate.taken.flow for reason in reasons()] == ["back"]


def test_an_end_without_a_word_is_told_by_the_way_that_led_there(office: Office, reasons: Reasons) -> None:
    text = drawing(
        start(),
        user("ask"),
        xor("which", default="out"),
        user("more"),
        end(),
        end("stopped"),
        way("begin", "ask", "which"),
        flow("which", "more", 'ask.outcome == "yes"', name="on"),
        flow("which", "stopped", name="out"),
        way("more", "done"),
        lanes={"书记": ["ask", "more"]},
    )
    office.start(bundle(text, ask=form(), more=ANY_FORM))
    office.do("ask", "no")
    [reason] = reasons()
    assert (reason.gate.taken.flow, reason.gate.others[0].condition) == ("out", 'ask.outcome == "yes"')
    assert [(fact.name, fact.value) for fact in reason.facts] == [("ask.outcome", "no")]


TAKING = drawing(
    start(),
    user("ask"),
    service("take", "shelf.take", count="ask.count"),
    boundary("none_left", "take", NONE_LEFT, interrupting=True),
    user("wait_for_more"),
    end(),
    way("begin", "ask", "take", "done"),
    way("none_left", "wait_for_more", "take"),
    lanes={"书记": ["ask", "wait_for_more"]},
)
COUNTING = form({"type": "number", "key": "count", "label": "件数"}, outcomes="yes")


def test_a_refused_operation_is_told_until_it_succeeds(office: Office, reasons: Reasons) -> None:
    office.start(bundle(TAKING, ask=COUNTING, wait_for_more=ANY_FORM))
    office.do("ask", "yes", count=2)
    [reason] = reasons()
    assert (reason.kind, reason.step, reason.code) == (Kind.REFUSAL, "take", "none.left")
    office.do("wait_for_more")
    assert [each.code for each in reasons()] == ["none.left"]
    office.left = 2
    office.do("wait_for_more")
    assert office.ended_at == "done"
    assert reasons() == []


def test_a_secret_answer_is_not_told(office: Office, reasons: Reasons) -> None:
    text = drawing(
        start(),
        user("ask"),
        xor("which", default="again"),
        user("more"),
        end(),
        way("begin", "ask", "which"),
        flow("which", "more", 'ask.word == "Hase"', name="on"),
        flow("which", "ask", name="again"),
        way("more", "done"),
        lanes={"书记": ["ask", "more"]},
    )
    word = {"type": "textfield", "key": "word", "label": "暗号", "properties": {"secret": "true"}}
    office.start(bundle(text, ask=form(word, outcomes="yes"), more=ANY_FORM))
    office.do("ask", "yes", word="Igel")
    [reason] = reasons()
    assert [(fact.label, fact.value, fact.secret) for fact in reason.facts] == [("暗号", None, True)]
