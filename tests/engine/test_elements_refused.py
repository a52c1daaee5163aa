"""What does not run is refused at publishing, with the element, its line and what to draw instead."""

from collections.abc import Sequence
from copy import deepcopy
from random import Random

import pytest
from lxml import etree

from tests.engine.conftest import Office
from tests.engine.test_drawings import NAMES
from tests.support.drawings import (
    ANY_FORM,
    DRAWINGS,
    HEAD,
    YES_NO_FORM,
    bundle,
    drawing,
    drawn,
    end,
    flow,
    properties,
    start,
    user,
    way,
    xor,
)
from workflows.engine import check, elements
from workflows.engine.bundles import BundleFiles
from workflows.engine.drawing import Fault

EVENT_DEFINITIONS = {
    None: "",
    "cancel": "<bpmn:cancelEventDefinition/>",
    "compensate": "<bpmn:compensateEventDefinition/>",
    "conditional": "<bpmn:conditionalEventDefinition><bpmn:condition>true</bpmn:condition>"
    "</bpmn:conditionalEventDefinition>",
    "error": '<bpmn:errorEventDefinition errorRef="error_none_left"/>',
    "escalation": '<bpmn:escalationEventDefinition escalationRef="escalation"/>',
    "link": '<bpmn:linkEventDefinition name="there"/>',
    "message": '<bpmn:messageEventDefinition messageRef="message_stop"/>',
    "signal": '<bpmn:signalEventDefinition signalRef="signal"/>',
    "terminate": "<bpmn:terminateEventDefinition/>",
    "timer": "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>",
}
"""Every event definition of BPMN 2.0."""

NAMED = (
    '<bpmn:message id="message_lonely" name="lonely"/>'
    '<bpmn:signal id="signal" name="bell"/><bpmn:escalation id="escalation" escalationCode="late"/>'
    '<bpmn:correlationProperty id="who"><bpmn:correlationPropertyRetrievalExpression messageRef="message_stop">'
    "<bpmn:messagePath>ask.on</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression>"
    "</bpmn:correlationProperty>"
)


def faults(office: Office, text: str) -> list[Fault]:
    return check.faults_in(bundle(text.replace(HEAD, HEAD + NAMED), ask=ANY_FORM), office.environment)


def refused(office: Office, text: str) -> set[tuple[str, str]]:
    found = faults(office, text)
    assert all(fault.message and fault.line for fault in found if fault.element)
    return {(fault.code, fault.element) for fault in found}


def in_a_case(*parts: str, nodes: Sequence[str] = ("begin", "ask", "x", "done")) -> str:
    """A drawing with a user step `ask` and whatever stands in the place of `x`."""
    return drawing(start(), user("ask"), *parts, end(), way(*nodes), lanes={"书记": ["ask"]})


def event(kind: str, definition: str, attributes: str = "") -> str:
    return f'<bpmn:{kind} id="x" {attributes}>{definition}</bpmn:{kind}>'


def placed(place: str, definition: str) -> str:
    """A drawing with an event in a place of elements.EVENTS."""
    how = f'="{str(not place.endswith("non-interrupting")).lower()}"'
    if place == "startEvent":
        return drawing(event("startEvent", definition), user("ask"), end(), way("x", "ask", "done"))
    if place.startswith("startEvent"):
        inner = event("startEvent", definition, f"isInterrupting{how}") + end("inner") + way("x", "inner")
        aside = f'<bpmn:subProcess id="aside" triggeredByEvent="true">{inner}</bpmn:subProcess>'
        return in_a_case(aside, nodes=("begin", "ask", "done"))
    if place.startswith("boundaryEvent"):
        inner = start("inner_begin") + end("inner_done") + way("inner_begin", "inner_done")
        host = f'<bpmn:subProcess id="work">{inner}</bpmn:subProcess>'
        border = event("boundaryEvent", definition, f'attachedToRef="work" cancelActivity{how}')
        return in_a_case(host, border, end("other"), way("x", "other"), nodes=("begin", "ask", "work", "done"))
    if place == "endEvent":
        return drawing(start(), user("ask"), event("endEvent", definition), way("begin", "ask", "x"))
    return in_a_case(event(place, definition))


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize("event", EVENT_DEFINITIONS, ids=str)
@pytest.mark.parametrize("place", elements.EVENTS)
def test_every_event_in_every_place_runs_or_is_refused_there(office: Office, place: str, event: str | None) -> None:
    found = refused(office, placed(place, EVENT_DEFINITIONS[event]))
    assert (("event.unsupported", "x") in found) is (event not in elements.EVENTS[place])


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize(
    "kind", [*elements.INSTEAD, "implicitThrowEvent", "callChoreography", "choreographyTask", "subChoreography"]
)
def test_every_other_kind_of_element_is_refused_with_what_to_draw_instead(office: Office, kind: str) -> None:
    [fault] = [fault for fault in faults(office, in_a_case(f'<bpmn:{kind} id="x" name="某步"/>')) if fault.element]
    assert (fault.code, fault.element, fault.label) == ("element.unsupported", "x", "某步")
    assert "请" in fault.message


LOOP = "bpmn:standardLoopCharacteristics"
SEVERAL = "bpmn:multiInstanceLoopCharacteristics"
STOP = EVENT_DEFINITIONS["message"]
CYCLE = "<bpmn:timerEventDefinition><bpmn:timeCycle>%s</bpmn:timeCycle></bpmn:timerEventDefinition>"
PREFIX = "spiffworkflow"


def task(inner: str = "", attributes: str = "") -> str:
    return in_a_case(f'<bpmn:manualTask id="x" {attributes}>{inner}</bpmn:manualTask>')


def border(definition: str, attributes: str = 'attachedToRef="ask"') -> str:
    parts = event("boundaryEvent", definition, attributes), end("other"), way("x", "other")
    return in_a_case(*parts, nodes=("begin", "ask", "done"))


def extended(inner: str) -> str:
    return task(f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>")


def scope(*parts: str, attributes: str = "") -> str:
    return in_a_case(f'<bpmn:subProcess id="x" {attributes}>{"".join(parts)}</bpmn:subProcess>')


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize(
    "code, text",
    [
        ("element.attribute", task(attributes='isForCompensation="true"')),
        ("element.attribute", task(attributes='startQuantity="2"')),
        ("element.attribute", in_a_case('<bpmn:receiveTask id="x" messageRef="message_stop" instantiate="true"/>')),
        (
            "element.attribute",
            task(
                "<bpmn:dataInputAssociation><bpmn:assignment><bpmn:from>1</bpmn:from></bpmn:assignment>"
                "</bpmn:dataInputAssociation>"
            ),
        ),
        ("element.attribute", in_a_case(event("intermediateCatchEvent", STOP, 'parallelMultiple="true"'))),
        (
            "element.attribute",
            in_a_case(event("intermediateCatchEvent", "<bpmn:eventDefinitionRef>e</bpmn:eventDefinitionRef>")),
        ),
        (
            "element.attribute",
            task(f'<{SEVERAL} behavior="None"><bpmn:loopCardinality>2</bpmn:loopCardinality></{SEVERAL}>'),
        ),
        ("event.multiple", in_a_case(event("intermediateCatchEvent", STOP + EVENT_DEFINITIONS["timer"]))),
        ("script.forbidden", extended(f"<{PREFIX}:preScript>import os</{PREFIX}:preScript>")),
        ("script.forbidden", extended(f"<{PREFIX}:postScript>import os</{PREFIX}:postScript>")),
        ("extension.unknown", extended(f"<{PREFIX}:unitTests/>")),
        ("extension.unknown", extended('<z:job xmlns:z="http://elsewhere" type="pay"/>')),
        ("event.reference", in_a_case(event("intermediateCatchEvent", "<bpmn:messageEventDefinition/>"))),
        ("event.reference", in_a_case(event("intermediateThrowEvent", "<bpmn:signalEventDefinition/>"))),
        ("event.reference", in_a_case(event("intermediateThrowEvent", "<bpmn:escalationEventDefinition/>"))),
        ("event.reference", in_a_case('<bpmn:sendTask id="x"/>')),
        ("error.uncaught", placed("endEvent", EVENT_DEFINITIONS["error"])),
        (
            "message.uncorrelated",
            in_a_case(event("intermediateCatchEvent", STOP)).replace(
                'messageRef="message_stop"', 'messageRef="message_lonely"'
            ),
        ),
        ("message.uncorrelated", in_a_case('<bpmn:sendTask id="x" messageRef="message_lonely"/>')),
        ("boundary.unattached", border(EVENT_DEFINITIONS["timer"], "")),
        ("boundary.unattached", border(EVENT_DEFINITIONS["timer"], 'attachedToRef="nobody"')),
        ("boundary.never", border(EVENT_DEFINITIONS["error"])),
        ("boundary.never", border(EVENT_DEFINITIONS["escalation"])),
        ("timer.cycle", border(CYCLE % "R3/P7D")),
        ("timer.cycle", in_a_case(event("intermediateCatchEvent", CYCLE % "R3/P7D"))),
        ("timer.broken", border(CYCLE % "R3/PT1M", 'attachedToRef="ask" cancelActivity="false"')),
        ("timer.broken", border(CYCLE % "R0/P1D", 'attachedToRef="ask" cancelActivity="false"')),
        ("timer.missing", border("<bpmn:timerEventDefinition/>")),
        ("gateway.event_targets", in_a_case('<bpmn:eventBasedGateway id="x"/>')),
        ("element.attribute", in_a_case('<bpmn:eventBasedGateway id="x" instantiate="true"/>')),
        ("call.unknown", in_a_case('<bpmn:callActivity id="x" calledElement="elsewhere"/>')),
        ("call.unknown", in_a_case('<bpmn:callActivity id="x"/>')),
        ("start.count", scope(end("inner"))),
        ("start.count", scope(start("a"), start("b"), end("inner"), way("a", "inner"), flow("b", "inner"))),
        ("end.missing", scope(start("a"))),
        ("loop.missing", task(f"<{LOOP}/>")),
        ("loop.missing", task(f"<{SEVERAL}/>")),
        (
            "loop.name",
            task(
                f"<{SEVERAL}><bpmn:loopDataInputRef>a</bpmn:loopDataInputRef>"
                f'<bpmn:inputDataItem name="a b"/></{SEVERAL}>'
            ),
        ),
        (
            "loop.misplaced",
            in_a_case(f'<bpmn:exclusiveGateway id="x"><{LOOP} loopMaximum="2"/></bpmn:exclusiveGateway>'),
        ),
        ("expression.broken", task(f"<{SEVERAL}><bpmn:loopCardinality>1 +*</bpmn:loopCardinality></{SEVERAL}>")),
        (
            "expression.broken",
            in_a_case(
                event(
                    "intermediateCatchEvent",
                    "<bpmn:conditionalEventDefinition><bpmn:condition>a +*</bpmn:condition>"
                    "</bpmn:conditionalEventDefinition>",
                )
            ),
        ),
    ],
)
def test_what_would_be_accepted_and_then_not_done_is_refused(office: Office, code: str, text: str) -> None:
    assert (code, "x") in refused(office, text)


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize(
    "code, flow_id, text",
    [
        (
            "flow.condition",
            "ask_to_done",
            drawing(start(), user("ask"), end(), way("begin", "ask"), flow("ask", "done", "true")),
        ),
        (
            "flow.condition",
            "usual",
            drawing(
                start(), xor("which", "usual"), end(), way("begin", "which"), flow("which", "done", "true", "usual")
            ),
        ),
        (
            "flow.crosses",
            "ask_to_inner",
            drawing(
                start(),
                user("ask"),
                '<bpmn:subProcess id="work">' + start("a") + end("inner") + way("a", "inner") + "</bpmn:subProcess>",
                end(),
                way("begin", "ask", "inner"),
                way("work", "done"),
            ),
        ),
        ("flow.misplaced", "ask_to_begin", in_a_case(user("x"), flow("ask", "begin"))),
        ("flow.misplaced", "done_to_ask", in_a_case(user("x"), flow("done", "ask"))),
    ],
)
def test_a_flow_that_would_not_do_what_it_shows_is_refused(office: Office, code: str, flow_id: str, text: str) -> None:
    assert (code, flow_id) in refused(office, text)


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_what_no_token_can_reach_is_refused_once_though_flows_lead_to_it(office: Office) -> None:
    text = in_a_case(user("x"), user("y"), user("z"), way("x", "y", "x"), way("y", "z"), nodes=("begin", "ask", "done"))
    assert {each for each in refused(office, text) if each[0] == "flow.unreached"} == {("flow.unreached", "x")}


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_one_message_of_a_person_in_two_places_is_refused(office: Office) -> None:
    offered = properties(form="ask", lane="书记") + STOP
    parts = (event("intermediateCatchEvent", offered), event("intermediateCatchEvent", offered).replace('"x"', '"y"'))
    text = in_a_case(*parts, nodes=("begin", "ask", "x", "y", "done"))
    assert {("message.offered_twice", "x"), ("message.offered_twice", "y")} <= refused(office, text)


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_two_elements_with_one_id_are_refused(office: Office) -> None:
    assert "element.twice" in {code for code, _ in refused(office, in_a_case(user("x"), user("x")))}


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_a_called_process_must_be_in_the_bundle_and_must_not_call_itself(office: Office) -> None:
    files = drawn("call_activity").files
    alone = {path: text for path, text in files.items() if path != "called_there.bpmn"}
    assert "call.unknown" in {fault.code for fault in check.faults_in(BundleFiles(alone), office.environment)}
    again = files["called_there.bpmn"].replace(
        '<bpmn:userTask id="ask" name="ask">', '<bpmn:callActivity id="ask" calledElement="called_there">'
    )
    again = again.replace("</bpmn:userTask>", "</bpmn:callActivity>")
    found = check.faults_in(BundleFiles(files | {"called_there.bpmn": again}), office.environment)
    assert ("call.recursive", "ask", "called_there.bpmn") in {(each.code, each.element, each.file) for each in found}


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize("payload, is_refused", [("ask", True), ("{n: ask.number}", True), ("ask.outcome", False)])
def test_a_secret_must_not_be_sent_to_another_case(office: Office, payload: str, is_refused: bool) -> None:
    secret = YES_NO_FORM.replace("}]}]}", '}]},{"type":"textfield","key":"number","properties":{"secret":"true"}}]}')
    files = drawn("send_task", ask=secret).files
    text = files["send_task.bpmn"].replace("{said: ask.outcome}", payload)
    found = check.faults_in(BundleFiles(files | {"send_task.bpmn": text}), office.environment)
    assert [fault.code for fault in found] == (["message.secret"] if is_refused else [])


def damaged(random: Random, text: str) -> str:
    """A drawing with up to three of its elements changed, moved, repeated or gone."""
    root = etree.fromstring(text.encode())
    for _ in range(random.randint(1, 3)):
        every = list(root.iter())[1:]
        one, other = random.choice(every), random.choice(every)
        match random.randint(0, 4):
            case 0 if one.attrib:
                one.set(random.choice(list(one.attrib)), random.choice(["", "begin", "x", "true", "9" * 5_000]))
            case 1 if one.attrib:
                del one.attrib[random.choice(list(one.attrib))]
            case 2:
                one.tag = other.tag
            case 3 if one.getparent() is not None:
                one.getparent().append(deepcopy(other))
            case _ if one.getparent() is not None:
                one.getparent().remove(one)
    return etree.tostring(root, encoding="unicode")


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_however_a_drawing_is_damaged_the_check_answers(office: Office) -> None:
    random, answers = Random(5), []
    for name in random.sample(NAMES, 40):
        files = drawn(name).files
        path = next(path for path in files if path.endswith(".bpmn"))
        broken = BundleFiles(files | {path: damaged(random, files[path])})
        answers.append(bool(check.faults_in(broken, office.environment)))
    assert set(answers) == {True, False}


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_a_bundle_begins_with_exactly_one_process(office: Office) -> None:
    two = {path.name: path.read_text() for path in (DRAWINGS / "user_task.bpmn", DRAWINGS / "service_task.bpmn")}
    for texts in (two, {}):
        found = check.faults_in(BundleFiles(texts), office.environment)
        assert [fault.code for fault in found if "form" not in fault.code] == ["bundle.drawing_count"]
