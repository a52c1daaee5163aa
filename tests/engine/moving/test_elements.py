"""What a move does with the elements a case may stand in: repeated steps, sub-processes, timers, messages, jobs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.engine.conftest import SECRETARY, NoneLeft, Office, SmallOffice
from tests.engine.moving.test_moves import (
    WHY,
    code_of,
    line,
    move_to,
    plan_for,
    process,
    step,
    undo,
    version_of,
)
from tests.support.drawings import (
    YES_NO_FORM,
    drawn,
    end,
    flow,
    later,
    service,
    start,
    stop_subprocess,
    timer,
    wait,
    way,
    xor,
)
from workflows import clock
from workflows.engine import bundles, jobs, persistence, stuck
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Addressee, Scarce
from workflows.engine.job_tables import Incident, Job
from workflows.engine.moving import moves, planning
from workflows.engine.moving.refusals import UndoImpossible
from workflows.engine.moving.then import bundle_then
from workflows.engine.tables import DueTimer, StepRecord, WorkItem


def test_a_repeated_step_half_way_done_keeps_what_was_answered_and_who_is_left(office: Office) -> None:
    def each(label: str) -> BundleFiles:
        files = drawn("parallel_multi_instance")
        return BundleFiles({path: text.replace('name="', f'name="{label}', 1) for path, text in files.files.items()})

    office.given = {"people": ["甲", "乙", "丙"]}
    office.start(each(""), process="parallel_multi_instance")
    office.complete(office.session.scalars(select(WorkItem).order_by(WorkItem.task)).all()[1], "yes")
    left = office.session.scalars(select(WorkItem.id).order_by(WorkItem.id)).all()
    office.publish(each("新"))
    target = bundles.latest(office.session, "parallel_multi_instance")
    given = {"case_id": office.case.id, "target": target, "actor": SECRETARY, "reason": WHY}
    moves.move(office.session, office.environment, **given)
    office.session.commit()
    assert office.session.scalars(select(WorkItem.id).order_by(WorkItem.id)).all() == left
    for item in office.session.scalars(select(WorkItem).order_by(WorkItem.task)).all():
        step_id = item.step
        office.complete(item, "no")
    assert [answer["outcome"] for answer in office.data[step_id]] == ["no", "yes", "no"]


def test_a_step_inside_a_subprocess_stays_inside(office: Office) -> None:
    def nested(label: str) -> BundleFiles:
        inner = f'<bpmn:startEvent id="in"/>{step("check")}<bpmn:endEvent id="out"/>{way("in", "check", "out")}'
        scope = f'<bpmn:subProcess id="part" name="{label}">{inner}</bpmn:subProcess>'
        return process(start(), step("ask"), scope, step("sign"), end(), way("begin", "ask", "part", "sign", "done"))

    office.start(nested("部分"))
    office.do("ask")
    item = office.item("check").id
    move_to(office, nested("一部分"))
    assert office.item("check").id == item
    office.do("check")
    office.do("sign")
    assert office.ended_at == "done"


def test_a_step_wrapped_into_a_subprocess_is_asked_for_there_when_wanted(office: Office) -> None:
    inner = f'<bpmn:startEvent id="in"/>{step("check")}<bpmn:endEvent id="out"/>{way("in", "check", "out")}'
    scope = f'<bpmn:subProcess id="part" name="部分">{inner}</bpmn:subProcess>'
    wrapped = process(start(), step("ask"), scope, end(), way("begin", "ask", "part", "done"))
    office.start(line("ask", "check"))
    office.do("ask")
    plan = plan_for(office, wrapped)
    assert (code_of(plan), plan.can_place, plan.would) == ("move.position_differs", True, ["check"])
    move_to(office, wrapped, place=True)
    office.do("check")
    assert office.ended_at == "done"


def test_what_lay_in_wait_beside_the_steps_lies_in_wait_again(office: Office) -> None:
    def stoppable(*steps: str) -> BundleFiles:
        inner = '<bpmn:endEvent id="stopped"/>' + way("stopping", "stopped")
        names = [step(name) for name in steps]
        return process(start(), *names, end(), stop_subprocess(inner), way("begin", *steps, "done"))

    office.start(stoppable("ask", "check"))
    office.do("ask")
    move_to(office, stoppable("ask", "check", "sign"))
    office.send("stop")
    assert office.ended_at == "stopped"


def test_a_message_that_is_no_longer_drawn_is_no_longer_awaited_and_the_plan_says_so(office: Office) -> None:
    inner = '<bpmn:endEvent id="stopped"/>' + way("stopping", "stopped")
    office.start(process(start(), step("ask"), end(), stop_subprocess(inner), way("begin", "ask", "done")))
    plan = plan_for(office, line("ask"))
    assert (code_of(plan), plan.no_longer_awaited) == ("", ["stop"])


def test_a_wait_of_the_case_itself_goes_on_until_the_same_moment(office: Office) -> None:
    def waiting(after: str) -> BundleFiles:
        return process(start(), wait("rest", timer("P9D")), step(after), end(), way("begin", "rest", after, "done"))

    office.start(waiting("ask"))
    before = office.session.execute(select(DueTimer.id, DueTimer.due_at)).one()
    with clock.moved_by(timedelta(days=3)):
        made = move_to(office, waiting("sign"))
        assert office.session.execute(select(DueTimer.id, DueTimer.due_at)).one() == before
        undo(office, made)
        assert office.session.execute(select(DueTimer.id, DueTimer.due_at)).one() == before


def test_a_job_under_way_is_the_same_job_after_the_move(office: Office) -> None:
    note = later(service("note", "shelf.note"))
    office.start(process(start(), step("ask"), note, end(), way("begin", "ask", "note", "done")))
    office.do("ask")
    job = office.session.scalars(select(Job)).one()
    move_to(
        office, process(start(), step("ask"), note, step("sign"), end(), way("begin", "ask", "note", "sign", "done"))
    )
    assert office.session.scalars(select(Job.id)).all() == [job.id]
    jobs.perform_all(office.session, office.environment, office.case.id)
    office.session.commit()
    assert office.calls == ["shelf.note"]
    assert office.waiting == ["sign"]


def test_an_operation_at_which_a_case_is_set_is_called_in_the_move_which_then_cannot_be_undone(office: Office) -> None:
    office.start(line("ask", "sign"))
    office.do("ask")
    note = service("note", "shelf.note")
    files = process(start(), step("ask"), note, step("sign"), end(), way("begin", "ask", "note", "sign", "done"))
    plan = plan_for(office, files)
    assert (code_of(plan), plan.at_once) == ("move.position_differs", ["note"])
    made = move_to(office, files, place=True)
    assert (office.calls, office.waiting) == (["shelf.note"], ["sign"])
    with pytest.raises(UndoImpossible):
        undo(office, made)


def test_what_a_case_has_taken_must_be_given_back_somewhere_ahead(office: Office) -> None:
    known = office.environment.operations
    for name, act in (("shelf.take", "take"), ("shelf.note", "give_back")):
        known[name] = replace(known[name], scarce=Scarce(act, "格子"))
    take_it = service("take", "shelf.take", "got", count="1")
    kept = [start(), step("ask"), take_it, step("sign"), end()]
    note = service("note", "shelf.note")
    office.start(process(*kept, note, way("begin", "ask", "take", "sign", "note", "done")))
    office.do("ask")
    bundles.store(
        office.session,
        process(*kept, way("begin", "ask", "take", "sign", "done")),
        [],
        SECRETARY,
        "",
    )
    office.session.commit()
    case = persistence.lock(office.session, office.case.id)
    plan = planning.plan(office.session, office.environment, case, bundles.latest(office.session, "tiny")).plan
    assert code_of(plan) == "move.nothing_gives_back"


def test_a_way_that_the_case_went_must_exist(office: Office) -> None:
    def fork(yes: str, no: str) -> BundleFiles:
        return process(
            start(),
            step("ask", form="ask"),
            xor("which", default="else"),
            step("left"),
            step("right"),
            end(),
            way("begin", "ask", "which"),
            flow("which", yes, when='ask.outcome == "yes"'),
            flow("which", no, name="else"),
            way("left", "done"),
            way("right", "done"),
            ask=YES_NO_FORM,
        )

    office.start(fork("left", "right"))
    office.do("ask", "yes")
    swapped = fork("right", "left")
    plan = plan_for(office, swapped)
    assert (code_of(plan), plan.stands, plan.would) == ("move.position_differs", ["left"], ["right"])
    assert plan.can_place


def test_a_later_step_may_not_read_what_was_not_asked(office: Office) -> None:
    reader = [
        start(),
        step("ask", form="ask"),
        step("check"),
        xor("which", default="else"),
        end(),
        end("other"),
        way("begin", "ask", "check", "which"),
        flow("which", "other", name="else"),
    ]
    old = process(*reader, flow("which", "done", when='ask.on == "2020-03-02"'), ask=YES_NO_FORM)
    more = YES_NO_FORM.replace('{"components":[', '{"components":[{"type":"textfield","key":"remark","label":"备注"},')
    new = process(*reader, flow("which", "done", when='ask.remark == "好"'), ask=more)
    office.start(old)
    office.do("ask", "yes")
    plan = plan_for(office, new)
    assert plan.refusal is not None
    assert code_of(plan) == "move.data_missing"
    assert plan.refusal.facts == {"reader": "which", "name": "ask.remark", "step": "ask"}


def test_a_case_moved_twice_tells_its_whole_past(office: Office) -> None:
    office.start(line("ask", "check", "sign"))
    office.do("ask")
    move_to(office, line("ask", "confirm", "sign"), names={"check": "confirm"})
    office.do("confirm")
    move_to(office, line("ask", "approve", "sign"), names={"confirm": "approve"})
    assert (office.waiting, version_of(office)) == (["sign"], 3)
    office.do("sign")
    assert office.ended_at == "done"


def test_a_case_set_back_forgets_what_is_done_again(office: Office) -> None:
    office.start(line("ask", "sign", "last"))
    office.do("ask")
    office.do("sign")
    move_to(office, line("ask", "check", "sign", "last"), place=True)
    office.do("check")
    plan = plan_for(office, line("ask", "check", "sign", "last", "more"))
    assert (code_of(plan), plan.would) == ("", ["sign"])


def test_a_case_that_has_ended_or_stands_there_already_is_not_moved(office: Office) -> None:
    office.start(line("ask"))
    assert code_of(plan_for(office, line("ask"))) == "move.same_version"
    office.do("ask")
    assert code_of(plan_for(office, line("ask", "sign"))) == "move.case_over"


def test_a_step_that_must_be_kept_apart_keeps_its_name_once_it_was_done(office: Office) -> None:
    def apart(name: str) -> BundleFiles:
        sign = step("sign", apart_from=name)
        return process(start(), step(name), sign, end(), way("begin", name, "sign", "done"))

    office.start(apart("ask"))
    assert code_of(plan_for(office, apart("check"), names={"ask": "check"})) == ""
    office.do("ask")
    assert code_of(plan_for(office, apart("check"), names={"ask": "check"})) == "move.duties_unclear"


def test_what_was_filled_in_before_a_move_is_read_by_the_version_of_then(office: Office) -> None:
    office.start(line("ask", "check", "sign"))
    office.do("ask")
    move_to(office, line("ask", "confirm", "sign"), names={"check": "confirm"})
    office.do("confirm")
    then = bundle_then(office.session, office.case)
    records = office.session.scalars(select(StepRecord).order_by(StepRecord.id)).all()
    assert [(record.step, then(record.case_version).version) for record in records] == [("ask", 1), ("confirm", 2)]


class TwoPosts(SmallOffice):
    """An office in which the deputy has a lane of his own."""

    def lanes(self) -> frozenset[str]:
        return frozenset({"书记", "副书记"})

    def addressee(self, session: Session, lane: str, unit_id: int, data: Mapping[str, Any]) -> Addressee:
        return Addressee(unit_id, {"书记": "secretary", "副书记": "deputy"}[lane])

    def describe(self, session: Session, addressee: Addressee) -> tuple[str, str]:
        return "一班团支部", addressee.post_kind


def test_a_step_in_another_lane_is_asked_of_somebody_else_from_then_on(office: Office) -> None:
    def asked_of(lane: str) -> BundleFiles:
        return process(start(), step("ask", lane=lane), end(), way("begin", "ask", "done"))

    office.environment = replace(office.environment, directory=TwoPosts())
    office.start(asked_of("书记"))
    item = office.item("ask")
    assert item.post_kind == "secretary"
    plan = plan_for(office, asked_of("副书记"))
    assert [(each.label, each.before, each.after) for each in plan.asked] == [
        ("ask", "一班团支部 secretary", "一班团支部 deputy")
    ]
    made = move_to(office, asked_of("副书记"))
    assert (office.item("ask").id, office.item("ask").post_kind, office.item("ask").lane) == (
        item.id,
        "deputy",
        "副书记",
    )
    undo(office, made)
    assert office.item("ask").post_kind == "secretary"


def test_an_incident_whose_job_a_move_took_away_stands_open_again_when_it_is_undone(office: Office) -> None:
    take = later(service("take", "shelf.take", "got", count="1"), retries="0")
    office.left = 0
    office.start(process(start(), step("ask"), take, end(), way("begin", "ask", "take", "done")))
    office.do("ask")
    job = office.session.scalars(select(Job.id)).one()
    attempt = jobs.claim(office.session, job)
    assert attempt == 1
    assert jobs.keep_failure(office.session, job, attempt, NoneLeft()) is not None
    office.session.commit()
    plan = plan_for(office, line("ask", "check"))
    assert (plan.incidents, plan.jobs_dropped, plan.placed) == (1, ["take"], ["check"])
    made = move_to(office, line("ask", "check"), place=True)
    assert stuck.settle(office.session) == 1
    office.session.commit()
    undo(office, made)
    incident = office.session.scalars(select(Incident)).one()
    assert (incident.status, incident.source_id, incident.resolved_at) == ("open", job, None)
    assert office.session.scalars(select(Job.status)).one() == "failed"


def test_every_row_that_follows_from_the_state_is_moved_with_it() -> None:
    assert set(moves._FOLLOWS) == {each.model for each in persistence.KEPT}


def test_a_result_is_known_by_its_step_after_that_was_renamed(office: Office) -> None:
    def taking(name: str, *more: str) -> BundleFiles:
        take = service(name, "shelf.take", "got", count="1")
        steps = [step(each) for each in ("sign", *more)]
        return process(
            start(),
            step("ask"),
            take,
            xor("enough", default="no"),
            *steps,
            end(),
            end("none"),
            way("begin", "ask", name, "enough"),
            flow("enough", "sign", when="got.taken == 1"),
            flow("enough", "none", name="no"),
            way("sign", *more, "done"),
        )

    office.start(taking("take"))
    office.do("ask")
    move_to(office, taking("fetch"), names={"take": "fetch"})
    move_to(office, taking("get", "last"), names={"fetch": "get"})
    assert (version_of(office), office.waiting, office.calls) == (3, ["sign"], ["shelf.take"])
    office.do("sign")
    office.do("last")
    assert office.ended_at == "done"
