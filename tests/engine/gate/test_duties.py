"""Who brings a matter never decides on it: named at publishing with both steps and the way, kept while cases run."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.conftest import DEPUTY, SECRETARY, Office
from tests.support.drawings import (
    ANY_FORM,
    YES_NO_FORM,
    boundary,
    bundle,
    drawing,
    end,
    flow,
    service,
    start,
    timer,
    user,
    way,
    xor,
)
from workflows.engine import bundles, cases, check, forms
from workflows.engine.bundles import BundleFiles
from workflows.engine.cases import DutiesNotSeparated
from workflows.engine.drawing import Fault
from workflows.engine.gate import duties
from workflows.journal import Actor
from workflows.operations.wiring import ENVIRONMENT

ADMISSION = Path(__file__).parents[3] / "bpmn/admission"

LANES = {"团支部书记": ["apply"], "基层团委": ["approve"]}


def faults(text: str, **outcomes: str) -> list[Fault]:
    catalogue = BundleFiles({"tiny.bpmn": text}).catalogue()
    read = {
        node.id: forms.read(node.id, outcomes.get(node.id, YES_NO_FORM))
        for node in catalogue.nodes.values()
        if node.kind == "userTask"
    }
    return duties.faults_in(catalogue, read, ENVIRONMENT)


def told(text: str, **outcomes: str) -> list[tuple[str, tuple[str, ...]]]:
    found = faults(text, **outcomes)
    assert all(fault.code == "duties.self_approval" and fault.line for fault in found)
    return [(fault.element, fault.path) for fault in found]


def approved(*between: str, apart_from: str = "", lanes: dict[str, list[str]] | None = None) -> str:
    """Somebody applies, the committee approves, and a member is admitted."""
    kept = {"apart_from": apart_from} if apart_from else {}
    return drawing(
        start(),
        user("apply"),
        user("approve", **kept),
        xor("verdict", "no"),
        service("admit", "members.admit", joined_on="today"),
        end(),
        end("refused"),
        *(between or (way("apply", "approve"),)),
        way("begin", "apply"),
        way("approve", "verdict"),
        flow("verdict", "admit", "approve.outcome == 'yes'"),
        flow("verdict", "refused", name="no"),
        way("admit", "done"),
        lanes=lanes or LANES,
    )


def test_a_decision_from_above_must_be_kept_apart_from_the_step_the_case_begins_with() -> None:
    [fault] = faults(approved())
    assert (fault.element, fault.path) == ("approve", ("apply", "approve"))
    assert "“approve”" in fault.message
    assert "“apply”" in fault.message
    assert "apart_from 中加上 apply" in fault.message
    assert told(approved(apart_from="other")) == [("approve", ("apply", "approve"))]
    assert told(approved(apart_from="other apply")) == []


def test_a_step_without_a_choice_decides_nothing() -> None:
    lanes = {"团支部书记": ["apply"], "基层团委": ["note", "approve"]}
    text = approved(user("note"), way("apply", "note", "approve"), apart_from="apply", lanes=lanes)
    assert told(text, note=ANY_FORM) == []
    assert told(text) == [("note", ("apply", "note"))]


def test_a_lane_beside_the_first_does_not_stand_above_it() -> None:
    lanes = {"团支部书记": ["apply"], "支委会": ["check"], "基层团委": ["approve"]}
    assert told(approved(user("check"), way("apply", "check", "approve"), apart_from="apply", lanes=lanes)) == []


def test_what_only_an_authority_may_do_needs_its_decision_right_before_it() -> None:
    lanes = {"团支部书记": ["apply", "approve"]}
    [fault] = faults(approved(apart_from="apply", lanes=lanes))
    assert (fault.element, fault.path) == ("admit", ("apply", "approve", "verdict", "admit"))
    assert "“approve”（团支部书记）" in fault.message


def test_a_decision_that_offers_nothing_but_to_go_on_is_none() -> None:
    assert told(approved(apart_from="apply"), approve=ANY_FORM) == [("admit", ("apply", "approve", "verdict", "admit"))]


def test_a_way_past_the_decision_is_named_with_what_it_passes() -> None:
    text = approved(
        xor("small", "usual"),
        way("apply", "small"),
        flow("small", "admit", "apply.outcome == 'yes'"),
        flow("small", "approve", name="usual"),
        apart_from="apply",
    )
    assert told(text) == [("admit", ("apply", "small", "admit"))]


def test_time_does_not_decide() -> None:
    late = boundary("late", "approve", timer("P30D"), interrupting=True)
    text = approved(way("apply", "approve"), late, way("late", "admit"), apart_from="apply")
    assert told(text) == [("admit", ("apply", "approve", "late", "admit"))]


def test_a_second_authorised_act_on_the_same_way_is_not_told_twice() -> None:
    text = approved(apart_from="apply", lanes={"团支部书记": ["apply", "approve"]})
    use = service("use", "quota.use")
    text = text.replace('targetRef="admit"', 'targetRef="use"').replace(
        "</bpmn:process>", use + way("use", "admit") + "</bpmn:process>"
    )
    assert len(told(text)) == 1


def test_steps_inside_a_sub_process_count_like_any_other() -> None:
    inner = start("b") + user("approve", apart_from="apply") + end("e") + way("b", "approve", "e")
    outer = start("b1") + user("apply") + end("e1") + way("b1", "apply", "e1")
    text = drawing(
        start(),
        f'<bpmn:subProcess id="first">{outer}</bpmn:subProcess>',
        f'<bpmn:subProcess id="work">{inner}</bpmn:subProcess>',
        service("admit", "members.admit", joined_on="today"),
        end(),
        way("begin", "first", "work", "admit", "done"),
        lanes=LANES,
    )
    assert duties.first_steps(BundleFiles({"tiny.bpmn": text}).catalogue()) == ("apply",)
    assert told(text) == []
    path = ("apply", "e1", "first", "work", "b", "approve")
    assert told(text.replace('name="apart_from" value="apply"', 'name="note" value="x"')) == [("approve", path)]
    lower = text.replace('name="基层团委"', 'name="支委会"')
    assert told(lower) == [("admit", (*path, "e", "work", "admit"))]


def test_a_reminder_inside_a_sub_process_is_no_way_past_the_decision_after_which_it_ends() -> None:
    inner = (
        start("b")
        + user("approve", apart_from="apply")
        + end("e")
        + boundary("late", "approve", timer("P30D"))
        + service("remind", "notices.remind")
        + end("reminded")
        + way("b", "approve", "e")
        + way("late", "remind", "reminded")
    )
    text = drawing(
        start(),
        user("apply"),
        f'<bpmn:subProcess id="work">{inner}</bpmn:subProcess>',
        service("admit", "members.admit", joined_on="today"),
        end(),
        way("begin", "apply", "work", "admit", "done"),
        lanes=LANES,
    )
    assert told(text) == []
    taken_away = text.replace('cancelActivity="false"', 'cancelActivity="true"')
    assert [element for element, _ in told(taken_away)] == ["admit"]


def test_a_case_that_may_begin_in_two_ways_is_kept_apart_from_both() -> None:
    text = drawing(
        start(),
        xor("how", "usual"),
        user("apply"),
        user("nominate"),
        user("approve", apart_from="apply"),
        end(),
        way("begin", "how"),
        flow("how", "apply", name="usual"),
        flow("how", "nominate", "rules.nominated == true"),
        way("apply", "approve", "done"),
        way("nominate", "approve"),
        lanes={"团支部书记": ["apply"], "支委会": ["nominate"], "基层团委": ["approve"]},
    )
    assert told(text) == [("approve", ("nominate", "approve"))]


def test_admission_is_sound_and_each_of_its_decisions_is_needed() -> None:
    files = bundles.read_folder(ADMISSION)
    text = files.files["admission.bpmn"]
    assert check.faults_in(files, ENVIRONMENT) == []
    bare = re.sub(r' *<spiffworkflow:property name="apart_from"[^>]*/>\n', "", text)
    found = check.faults_in(BundleFiles({**files.files, "admission.bpmn": bare}), ENVIRONMENT)
    assert {fault.code for fault in found} == {"duties.self_approval"}
    assert {"approve_activist", "pre_review", "notice_result", "approve_admission"} <= {
        fault.element for fault in found
    }
    # No way leads to what begins beside the case, when it is asked for or by itself.
    beside = {"authorise_meeting", "decide_readmission"}
    ways = {fault.element: (fault.path[0], fault.path[-1]) for fault in found}
    assert ways == {step: (step if step in beside else "submit_application", step) for step in ways}
    assert beside <= set(ways)
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)


DECIDING = (
    "approve_activist",
    "pre_review",
    "wait_for_place",
    "notice_result",
    "approve_admission",
    "county_filing",
    "certify_file",
    "ceremony",
)


def admission(change: Callable[[str], str], **changed_forms: str) -> list[tuple[str, str, str]]:
    """Admission with its drawing changed: which steps are named, and between which two the way is."""
    files = bundles.read_folder(ADMISSION).files
    text = change(files["admission.bpmn"])
    assert changed_forms or text != files["admission.bpmn"]
    catalogue = BundleFiles({"admission.bpmn": text}).catalogue()
    read = {
        step: forms.read(step, changed_forms.get(step, files[f"forms/{info.form}.form"]))
        for step, info in bundles.steps_of(catalogue).items()
    }
    found = duties.faults_in(catalogue, read, ENVIRONMENT)
    return [(fault.element, fault.path[0], fault.path[-1]) for fault in found]


def into_lane(step: str, lane: str) -> Callable[[str], str]:
    reference = f"<bpmn:flowNodeRef>{step}</bpmn:flowNodeRef>"
    return lambda text: re.sub(rf'(name="{re.escape(lane)}">)', rf"\1{reference}", text.replace(reference, ""), count=1)


@pytest.mark.parametrize("step", DECIDING)
def test_each_decision_of_admission_is_named_when_it_is_not_kept_apart(step: str) -> None:
    together = rf'(<bpmn:userTask id="{step}".*?name="apart_from" value=")submit_application ?'
    found = admission(lambda text: re.sub(together, r"\1", text, count=1, flags=re.DOTALL))
    assert found == [(step, "submit_application", step)]


@pytest.mark.parametrize("lane", ["申请人（书记代录）", "团支部书记", "支委会", "培养联系人", "支部大会"])
def test_a_branch_that_approves_its_own_admission_is_named(lane: str) -> None:
    assert admission(into_lane("approve_admission", lane)) == [("quota_use", "submit_application", "quota_use")]


def test_an_approval_without_a_choice_is_named() -> None:
    assert admission(lambda text: text, approve_admission=ANY_FORM) == [
        ("quota_use", "submit_application", "quota_use")
    ]


@pytest.mark.parametrize("target", ["quota_use", "admit_member"])
@pytest.mark.parametrize(
    "flow_id",
    ["flow_approve_admission_overdue_to_remind_approval", "flow_check_application_accept", "flow_branch_meeting_held"],
)
def test_a_way_past_the_approval_of_admission_is_named(flow_id: str, target: str) -> None:
    found = admission(lambda text: re.sub(rf'(id="{flow_id}"[^>]*targetRef=")[^"]*', rf"\1{target}", text, count=1))
    assert found == [(target, "submit_application", target)]


TWO_STEPS = bundle(
    drawing(
        start(),
        user("apply"),
        user("approve", apart_from="apply"),
        end(),
        way("begin", "apply", "approve", "done"),
        lanes={"书记": ["apply", "approve"]},
    ),
    apply=ANY_FORM,
    approve=YES_NO_FORM,
)


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_who_began_a_case_does_not_approve_it_though_another_filled_in_its_first_step(office: Office) -> None:
    office.start(TWO_STEPS)
    office.do("apply", actor=DEPUTY)
    for who in (SECRETARY, DEPUTY):
        with pytest.raises(DutiesNotSeparated, match="apply"):
            office.do("approve", "yes", actor=who)
        office.session.rollback()
    office.do("approve", "yes", actor=Actor(person_id=4, post_id=1))
    assert office.ended_at == "done"


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_a_substitute_counts_as_the_person_he_is(office: Office) -> None:
    """B 代 A: what B does for A, B has done."""
    standing_in = Actor(person_id=2, post_id=1, for_person_id=1)
    office.start(TWO_STEPS)
    office.do("apply", actor=Actor(person_id=2, post_id=1, for_person_id=4))
    item = office.item("approve")
    bundle_of_case = bundles.parsed(office.session, office.case.bundle_id)
    assert isinstance(cases.kept_apart(office.session, bundle_of_case, item, 2), DutiesNotSeparated)
    assert cases.kept_apart(office.session, bundle_of_case, item, 4) is None
    with pytest.raises(DutiesNotSeparated):
        office.do("approve", "yes", actor=standing_in)
