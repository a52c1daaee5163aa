"""Cases of admission moved to another version: a changed deadline, an inserted step; and every way can be retold."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import table_of, throwaway_key
from workflows.engine import bundles, check, persistence, scenarios
from workflows.engine.bundles import BundleFiles
from workflows.engine.moving import moves, planning
from workflows.engine.moving.planning import Plan
from workflows.engine.tables import Bundle, Case, DueTimer, WorkItem
from workflows.journal import SYSTEM
from workflows.operations import rehearsal
from workflows.operations.rehearsal import BlankDatabase
from workflows.operations.wiring import ENVIRONMENT

ADMISSION = bundles.read_folder(Path(__file__).parents[2] / "bpmn" / "admission")
DRAWING = ADMISSION.files["admission.bpmn"]
SCENARIOS = sorted(path for path in ADMISSION.files if path.endswith(".yaml"))
ADMITTED = "scenarios/admitted_nmg_2020.yaml"
WHY = "自治区团委要求改用新流程"


def changed(*edits: tuple[str, str]) -> BundleFiles:
    """Admission with some words of its drawing changed."""
    drawing = DRAWING
    for found, put in edits:
        assert drawing.count(found) >= 1, found
        drawing = drawing.replace(found, put)
    return BundleFiles({**ADMISSION.files, "admission.bpmn": drawing})


RENAMED = changed(('name="审批入团"', 'name="审批入团申请"'))
"""One step has another name."""


def with_more_talk() -> BundleFiles:
    """A second talk after the form was checked, before the branch meets."""
    step = (
        '<bpmn:userTask id="second_talk" name="再次谈话"><bpmn:extensionElements><spiffworkflow:properties>'
        '<spiffworkflow:property name="lane" value="团支部书记"/><spiffworkflow:property name="form"'
        ' value="initial_talk"/></spiffworkflow:properties></bpmn:extensionElements></bpmn:userTask>'
        '<bpmn:sequenceFlow id="to_meeting" sourceRef="second_talk" targetRef="branch_meeting"/>'
    )
    return changed(
        ('targetRef="branch_meeting"', 'targetRef="second_talk"'),
        ("</bpmn:process>", f"{step}</bpmn:process>"),
    )


@pytest.fixture(scope="module")
def database() -> Iterator[BlankDatabase]:
    with BlankDatabase() as blank, throwaway_key():
        yield blank


class Stage:
    """One candidate on the way of a scenario, and a second version of admission."""

    def __init__(self, session: Session, path: str, files: BundleFiles = ADMISSION) -> None:
        self.session = session
        self.scenario = scenarios.read(ADMISSION.files[path], path)
        with clock.standing_at(clock.start_of(self.scenario.begins) - timedelta(days=1)):
            self.stage = rehearsal.RehearsalStage(session, files, self.scenario)
        self.stage.environment = replace(self.stage.environment, keeps=lambda _session, _actor: True)
        self.player = scenarios._Player(self.scenario, self.stage)
        self.steps = list(self.scenario.steps)

    def go(self, until: Callable[["Stage"], bool] = lambda _stage: False) -> None:
        while self.steps and not until(self):
            self.player.do(self.steps.pop(0))
        self.session.commit()

    def waits_at(self, step: str) -> bool:
        query = select(WorkItem.step).where(WorkItem.case_id == self.player.case_id)
        return step in self.session.scalars(query).all()

    def publish(self, files: BundleFiles) -> Bundle:
        return bundles.store(self.session, files, [], SYSTEM, "")

    def plan(self, target: Bundle, **how: Any) -> Plan:
        case = persistence.lock(self.session, self.player.case_id or 0)
        with clock.standing_at(self.player.moment):
            return planning.plan(self.session, self.stage.environment, case, target, **how).plan

    def move(self, target: Bundle, **how: Any) -> moves.CaseMove:
        with clock.standing_at(self.player.moment):
            made = moves.move(
                self.session,
                self.stage.environment,
                case_id=self.player.case_id or 0,
                target=target,
                actor=SYSTEM,
                reason=WHY,
                **how,
            )
        self.session.commit()
        return made

    def stored(self) -> list[Any]:
        self.session.expire_all()
        query = select(Case.state, Case.bundle_id).where(Case.id == self.player.case_id)
        found: list[Any] = [tuple(row) for row in self.session.execute(query)]
        for each in persistence.KEPT:
            table = table_of(each.model)
            rows = select(table).where(table.c.case_id == self.player.case_id).order_by(table.c.id)
            found.append([tuple(row) for row in self.session.execute(rows)])
        return found


@pytest.fixture
def on_stage(database: BlankDatabase) -> Iterator[Callable[[str], Stage]]:
    with Session(database.emptied()) as session:
        yield lambda path: Stage(session, path)


@pytest.mark.parametrize("path", SCENARIOS[::6])
def test_wherever_a_candidate_stands_his_past_can_be_retold(path: str, on_stage: Callable[[str], Stage]) -> None:
    stage = on_stage(path)
    stage.go(lambda each: each.player.case_id is not None)
    target = stage.publish(RENAMED)
    while stage.steps:
        stage.player.do(stage.steps.pop(0))
        if stage.player.case().ended_at is None:
            plan = stage.plan(target)
            assert plan.refusal is None, (stage.steps[:1], plan.refusal)
            assert (plan.moments, plan.asked, plan.lost, plan.no_longer_awaited) == ([], [], [], [])


def test_a_changed_deadline_is_counted_from_the_same_start(on_stage: Callable[[str], Stage]) -> None:
    stage = on_stage(ADMITTED)
    stage.go(lambda each: each.waits_at("approve_admission"))
    query = select(DueTimer).where(DueTimer.case_id == stage.player.case_id, DueTimer.attached_to.is_not(None))
    before = {timer.step: timer.due_at for timer in stage.session.scalars(query)}
    item = stage.session.scalars(select(WorkItem.id).where(WorkItem.case_id == stage.player.case_id)).one()
    target = stage.publish(changed(("rules.approval_target", "P10D")))
    plan = stage.plan(target)
    assert plan.refusal is None
    assert {moment.label for moment in plan.moments} >= {"逾期未审批"}
    stage.move(target)
    after = {timer.step: timer.due_at for timer in stage.session.scalars(query)}
    assert after.keys() == before.keys()
    assert after["approve_admission_overdue"] < before["approve_admission_overdue"]
    assert stage.session.scalars(select(WorkItem.id).where(WorkItem.case_id == stage.player.case_id)).one() == item
    stage.go()
    assert stage.player.case().ended_step == stage.scenario.ends_at


def test_an_inserted_step_is_asked_for_before_the_meeting_and_never_after_it(on_stage: Callable[[str], Stage]) -> None:
    files = with_more_talk()
    assert check.faults_in(files, ENVIRONMENT) == []
    stage = on_stage(ADMITTED)
    stage.go(lambda each: each.waits_at("fill_admission_form"))
    target = stage.publish(files)
    stage.session.commit()
    assert stage.plan(target).refusal is None
    stage.go(lambda each: each.waits_at("branch_meeting"))
    plan = stage.plan(target)
    assert plan.refusal is not None
    assert (plan.refusal.code, plan.would, plan.can_place) == ("move.position_differs", ["再次谈话"], True)
    stage.go(lambda each: each.waits_at("approve_admission"))
    plan = stage.plan(target)
    assert plan.refusal is not None
    assert (plan.refusal.code, plan.refusal.facts["missing"]) == ("move.step_missing", "再次谈话")
    stage.go(lambda each: each.waits_at("archive"))
    plan = stage.plan(target, place=True)
    assert plan.refusal is not None
    assert (plan.refusal.code, plan.refusal.facts["done"]) == ("move.not_reversible", "使用名额与编号")


def test_a_case_moved_over_and_back_at_ten_places_is_exactly_as_before(on_stage: Callable[[str], Stage]) -> None:
    stage = on_stage(ADMITTED)
    stage.go(lambda each: each.player.case_id is not None)
    target, places = stage.publish(RENAMED), 0
    while stage.steps and places < 10:
        stage.player.do(stage.steps.pop(0))
        stage.session.commit()
        before = stage.stored()
        made = stage.move(target)
        assert stage.stored() != before
        moves.undo(stage.session, stage.stage.environment, move_id=made.id, actor=SYSTEM, reason=WHY)
        stage.session.commit()
        assert stage.stored() == before
        places += 1
    assert places == 10
    stage.go()
    assert stage.player.case().ended_step == stage.scenario.ends_at
