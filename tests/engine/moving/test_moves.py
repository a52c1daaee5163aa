"""One running case is moved to another version, or refused with a reason; and put back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tests.engine.conftest import SECRETARY, Office
from tests.support.drawings import (
    ANY_FORM,
    both,
    boundary,
    bundle,
    drawing,
    end,
    service,
    start,
    timer,
    user,
    way,
)
from workflows import clock, journal
from workflows.database import table_of
from workflows.engine import bundles, persistence
from workflows.engine.bundles import BundleFiles
from workflows.engine.moving import moves, planning, refusals
from workflows.engine.moving.move_tables import CaseMove
from workflows.engine.moving.planning import Plan
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import InvalidData, Refusal, StaleVersion

WHY = "依上级通知改用新流程"


def process(*elements: str, **forms: str) -> BundleFiles:
    return bundle(drawing(*elements), **{"ask": ANY_FORM, "check": ANY_FORM, "sign": ANY_FORM, **forms})


def step(name: str, **values: str) -> str:
    return user(name, **{"lane": "书记", "form": "any", **values})


def line(*steps: str, between: str = "") -> BundleFiles:
    """User steps one after the other."""
    return process(start(), *(step(name) for name in steps), between, end(), way("begin", *steps, "done"))


def version(office: Office, files: BundleFiles) -> Any:
    office.publish(files)
    return bundles.latest(office.session, "tiny")


def plan_for(office: Office, files: BundleFiles, **how: Any) -> Plan:
    target = version(office, files)
    case = persistence.lock(office.session, office.case.id)
    return planning.plan(office.session, office.environment, case, target, **how).plan


def move_to(office: Office, files: BundleFiles, **how: Any) -> CaseMove:
    target = version(office, files)
    made = moves.move(
        office.session,
        office.environment,
        case_id=office.case.id,
        target=target,
        actor=SECRETARY,
        reason=WHY,
        **how,
    )
    office.session.commit()
    return made


def version_of(office: Office) -> int:
    return bundles.parsed(office.session, office.case.bundle_id).version


def undo(office: Office, made: CaseMove) -> None:
    moves.undo(office.session, office.environment, move_id=made.id, actor=SECRETARY, reason=WHY)
    office.session.commit()


def code_of(plan: Plan) -> str:
    return plan.refusal.code if plan.refusal else ""


def rows_of(office: Office) -> dict[str, Any]:
    """The state and every row beside the case, as stored."""
    office.session.expire_all()
    query = select(Case.state, Case.bundle_id).where(Case.id == office.case.id)
    found: dict[str, Any] = {"case": office.session.execute(query).one()}
    for each in persistence.KEPT:
        table = table_of(each.model)
        rows = office.session.execute(select(table).where(table.c.case_id == office.case.id).order_by(table.c.id))
        found[each.name] = [tuple(row) for row in rows]
    return found


def labelled(name: str, label: str) -> str:
    return step(name).replace(f'name="{name}"', f'name="{label}"')


def test_a_waiting_step_keeps_its_work_item_and_takes_the_new_label(office: Office) -> None:
    office.start(line("ask", "check", "sign"))
    office.do("ask")
    item = office.item("check")
    made = move_to(
        office,
        process(
            start(),
            step("ask"),
            labelled("check", "核对"),
            step("sign"),
            end(),
            way("begin", "ask", "check", "sign", "done"),
        ),
    )
    moved = office.item("check")
    assert (moved.id, moved.label, version_of(office)) == (item.id, "核对", 2)
    assert made.can_undo
    for name in ("check", "sign"):
        office.do(name)
    assert office.ended_at == "done"


def test_undoing_restores_state_and_rows_exactly(office: Office) -> None:
    office.start(
        process(
            start(),
            step("ask"),
            step("check"),
            boundary("late", "check", timer("P3D")),
            end("out"),
            end(),
            way("late", "out"),
            way("begin", "ask", "check", "done"),
        )
    )
    office.do("ask")
    before = rows_of(office)
    made = move_to(office, line("ask", "check", "sign"))
    assert rows_of(office) != before
    undo(office, made)
    assert rows_of(office) == before
    events = [entry.event for entry in journal.entries_of(office.session, f"case:{office.case.id}")]
    assert events[-2:] == ["case:moved", "case:move_undone"]
    office.do("check")
    assert office.ended_at == "done"


def test_ten_cases_moved_over_and_back_are_exactly_as_before_and_come_to_their_end(office: Office) -> None:
    cases = [office.start(line("ask", "check")) for _ in range(10)]
    for case in cases[::2]:
        office.do("ask", case=case)
    before: list[Any] = []
    made: list[CaseMove] = []
    for office.case in cases:
        before.append(rows_of(office))
        made.append(move_to(office, line("ask", "check", "sign")))
    for office.case, old, move in zip(cases, before, made, strict=True):
        assert (version_of(office), rows_of(office) == old) == (2, False)
        undo(office, move)
        assert rows_of(office) == old
        moved, undone = journal.entries_of(office.session, f"case:{office.case.id}")[-2:]
        assert moved.facts["state_before"] == undone.facts["state_after"]
        assert moved.facts["state_after"] == undone.facts["state_before"]
    for number, case in enumerate(cases):
        for name in ("check",) if number % 2 == 0 else ("ask", "check"):
            office.do(name, case=case)
        assert office.session.get_one(Case, case.id).ended_step == "done"


def test_after_another_act_a_move_cannot_be_undone(office: Office) -> None:
    office.start(line("ask", "check"))
    made = move_to(office, line("ask", "check", "sign"))
    office.do("ask")
    with pytest.raises(refusals.UndoTooLate):
        undo(office, made)


def test_a_step_inserted_before_the_position_is_never_skipped(office: Office) -> None:
    office.start(line("ask", "sign"))
    office.do("ask")
    files = line("ask", "check", "sign")
    plan = plan_for(office, files)
    assert code_of(plan) == "move.position_differs"
    assert (plan.stands, plan.would, plan.can_place) == (["sign"], ["check"], True)
    with pytest.raises(Refusal):
        move_to(office, files)
    office.session.rollback()
    gone = office.item("sign").id
    move_to(office, files, place=True)
    assert office.waiting == ["check"]
    with pytest.raises(StaleVersion):
        office.complete(WorkItem(id=gone), "submit")
    office.session.rollback()
    for name in ("check", "sign"):
        office.do(name)
    assert office.ended_at == "done"


def test_a_step_inserted_further_back_is_named_and_what_follows_is_done_again(office: Office) -> None:
    office.start(line("ask", "sign", "last"))
    office.do("ask")
    office.do("sign")
    files = line("ask", "check", "sign", "last")
    plan = plan_for(office, files)
    assert code_of(plan) == "move.step_missing"
    assert plan.refusal.facts == {"missing": "check", "done": "sign"}
    assert (plan.redone, plan.can_place) == (["sign"], True)
    move_to(office, files, place=True)
    for name in ("check", "sign", "last"):
        office.do(name)
    assert office.ended_at == "done"


def test_what_was_called_is_never_called_again(office: Office) -> None:
    take = service("take", "shelf.take", "got", count="1")
    office.start(process(start(), step("ask"), take, step("sign"), end(), way("begin", "ask", "take", "sign", "done")))
    office.do("ask")
    moved = process(
        start(),
        step("ask"),
        step("check"),
        take,
        step("sign"),
        end(),
        way("begin", "ask", "check", "take", "sign", "done"),
    )
    with pytest.raises(Refusal) as refused:
        move_to(office, moved, place=True)
    assert refused.value.code == "move.not_reversible"
    assert office.calls == ["shelf.take"]


def test_an_operation_that_was_called_must_still_be_drawn(office: Office) -> None:
    take = service("take", "shelf.take", "got", count="1")
    office.start(process(start(), step("ask"), take, step("sign"), end(), way("begin", "ask", "take", "sign", "done")))
    office.do("ask")
    with pytest.raises(Refusal) as refused:
        move_to(office, line("ask", "sign"))
    assert refused.value.code == "move.operation_undrawn"


def test_a_renamed_step_is_found_by_its_mapping(office: Office) -> None:
    office.start(line("ask", "check"))
    office.do("ask")
    item = office.item("check").id
    made = move_to(office, line("ask", "sign"), names={"check": "sign"})
    assert (office.item("sign").id, made.names) == (item, {"check": "sign"})
    office.do("sign")
    assert office.ended_at == "done"
    with pytest.raises(InvalidData):
        plan_for(office, line("ask", "check"), names={"nowhere": "check"})


def test_a_changed_deadline_counts_from_the_same_start(office: Office) -> None:
    def within(days: int) -> BundleFiles:
        late = boundary("late", "ask", timer(f"P{days}D"))
        return process(start(), step("ask"), late, end("out"), end(), way("late", "out"), way("begin", "ask", "done"))

    office.start(within(10))
    [was] = office.session.scalars(select(DueTimer.due_at)).all()
    with clock.moved_by(timedelta(days=2)):
        plan = plan_for(office, within(5))
        [moment] = plan.moments
        assert (moment.before, moment.after, moment.passed) == (was, was - timedelta(days=5), False)
        move_to(office, within(5))
        [now] = office.session.scalars(select(DueTimer.due_at)).all()
        assert now == was - timedelta(days=5)
    with clock.moved_by(timedelta(days=6)):
        assert office.timers_fire() == 1
    office.do("ask")
    assert office.ended_at == "done"


def test_a_branch_added_beside_the_position_is_asked_for_only_when_wanted(office: Office) -> None:
    office.start(line("ask", "sign"))
    office.do("ask")
    files = process(
        start(),
        step("ask"),
        step("sign"),
        step("check"),
        both("split"),
        both("join"),
        end(),
        way("begin", "ask", "split", "sign", "join", "done"),
        way("split", "check", "join"),
    )
    plan = plan_for(office, files)
    assert (plan.placed, plan.dropped, plan.can_place) == (["check"], [], True)
    item = office.item("sign").id
    move_to(office, files, place=True)
    assert office.waiting == ["check", "sign"]
    assert office.item("sign").id == item
    office.do("check")
    office.do("sign")
    assert office.ended_at == "done"


def test_without_a_reason_nothing_is_moved(office: Office) -> None:
    office.start(line("ask"))
    target = version(office, line("ask", "sign"))
    with pytest.raises(InvalidData):
        moves.move(
            office.session, office.environment, case_id=office.case.id, target=target, actor=SECRETARY, reason=" "
        )
    assert version_of(office) == 1
