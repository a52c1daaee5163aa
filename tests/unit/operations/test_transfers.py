"""A candidate changes branch: both sides must want it, and then the new branch acts and the old one no longer does."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from tests.support import training_branch
from tests.support.cast import Cast, make_member
from tests.support.training_branch import NOW, Branch
from workflows import clock
from workflows.domain import members, people, posts, quotas, transfers, units
from workflows.domain.evidence_forms import Kind
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.transfers import (
    MeetingHasDecided,
    NothingToAnswer,
    PlaceDoesNotTravel,
    ReceiverUnknown,
    TransferPending,
    TransferStatus,
)
from workflows.domain.units import Unit, UnitKind
from workflows.engine import cases
from workflows.engine.cases import DutiesNotSeparated
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import NotAuthorised
from workflows.journal import SYSTEM, Actor
from workflows.operations import evidence, notices
from workflows.operations.evidence import EvidenceNotYours
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

branch, session, cast = training_branch.branch, training_branch.session, training_branch.cast
TODAY = date(2020, 6, 17)


@pytest.fixture
def case(session: Session, branch: Branch) -> Case:
    """Wuyun's; her training is over, and Bator is to assess it."""
    for timer in cases.due_timers(session):
        cases.fire_timer(session, ENVIRONMENT, timer)
    return session.get_one(Case, branch.case_id, options=[undefer(Case.state)])


@pytest.fixture
def receiver(session: Session, cast: Cast) -> Unit:
    """A branch of the other school, led by Naren, where Sube is a member."""
    unit = units.add(session, cast.other_school, code="S2-1", name="初二1班团支部", kind=UnitKind.BRANCH)
    for name, kind in [("那仁", PostKind.BRANCH_SECRETARY), ("青格", PostKind.ORG_COMMISSIONER)]:
        person = people.add(session, name=name, sex="male", birth_date=date(2004, 5, 1), unit_id=unit.id)
        posts.assign(session, person_id=person.id, unit_id=unit.id, kind=kind, since=date(2019, 9, 1), actor=SYSTEM)
    guide = people.add(session, name="苏布德", sex="female", birth_date=date(2004, 6, 1), unit_id=unit.id)
    make_member(session, guide, unit)
    return unit


def led_by(session: Session, unit: Unit, kind: PostKind = PostKind.BRANCH_SECRETARY) -> Actor:
    [person] = posts.holders(session, unit.id, [kind])
    return Actor(person_id=person.id)


def ask(session: Session, cast: Cast, case: Case, to: str = "S2-1") -> None:
    content = {"asked_on": TODAY.isoformat(), "to_unit": to, "reason": "school", "handed_over": True}
    cases.send_message(
        session,
        ENVIRONMENT,
        case_id=case.id,
        message="transfer_requested",
        actor=cast.actor(cast.saren),
        content=content,
    )


def do(session: Session, step: str, actor: Actor, outcome: str, **content: Any) -> None:
    item = session.scalars(select(WorkItem).where(WorkItem.step == step)).one()
    cases.complete_step(session, ENVIRONMENT, work_item_id=item.id, actor=actor, outcome=outcome, content=content)


def accept(session: Session, actor: Actor) -> None:
    do(session, "answer_transfer", actor, "accept", answered_on=TODAY.isoformat(), papers_complete=True)


def name_mentor(session: Session, receiver: Unit) -> Person:
    guide = session.scalars(select(Person).where(Person.name == "苏布德")).one()
    commissioner = led_by(session, receiver, PostKind.ORG_COMMISSIONER)
    do(session, "reassign_mentor", commissioner, "submit", mentor=str(guide.id), assigned_on=TODAY.isoformat())
    return guide


def lesson(session: Session, case: Case, actor: Actor) -> None:
    values = {"happened_on": "2020-06-16", "topic": "谈心", "conductor": "测试谈话人"}
    evidence.enter(session, case=case, kind=Kind.TALK, values=values, actor=actor)


def addressed(session: Session, step: str) -> tuple[int, str, int | None]:
    item = session.scalars(select(WorkItem).where(WorkItem.step == step)).one()
    return item.unit_id, item.post_kind, item.person_id


def test_until_the_receiver_answers_the_old_branch_goes_on(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    ask(session, cast, case)
    assert addressed(session, "answer_transfer") == (receiver.id, PostKind.BRANCH_SECRETARY, None)
    assert case.unit_id == cast.branch.id
    lesson(session, case, cast.actor(cast.saren))


def test_whoever_asked_cannot_answer_for_the_other_branch(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    ask(session, cast, case)
    with pytest.raises(NotAuthorised):
        accept(session, cast.actor(cast.saren))
    since = date(2020, 6, 1)
    leader = led_by(session, receiver)
    [held] = posts.held_by(session, leader.person_id or 0)
    posts.end(session, post_id=held.post_id, last_day=since, actor=SYSTEM)
    posts.assign(
        session,
        person_id=cast.saren.id,
        unit_id=receiver.id,
        kind=PostKind.BRANCH_SECRETARY,
        since=since + timedelta(days=1),
        actor=SYSTEM,
    )
    with pytest.raises(DutiesNotSeparated):
        accept(session, cast.actor(cast.saren))


def test_after_the_answer_the_case_the_application_and_the_person_belong_to_the_new_branch(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    ask(session, cast, case)
    accept(session, led_by(session, receiver))
    candidate = members.get_of_case(session, case.id)
    assert case.unit_id == candidate.unit_id == receiver.id
    assert people.get(session, candidate.person_id).unit_id == receiver.id


def test_the_old_branch_and_its_mentor_can_no_longer_act(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    ask(session, cast, case)
    accept(session, led_by(session, receiver))
    for person in (cast.saren, cast.lin, cast.bator):
        with pytest.raises(EvidenceNotYours):
            lesson(session, case, cast.actor(person))
        with pytest.raises(NotAuthorised):
            do(session, "train_and_assess", cast.actor(person), "qualified", assessed_on=TODAY.isoformat())
    assert not ENVIRONMENT.directory.may_see(session, cast.actor(cast.saren), case.unit_id)


def test_what_waited_for_the_old_mentor_waits_for_the_new_one_as_soon_as_one_is_named(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    assert addressed(session, "train_and_assess")[2] == cast.bator.id
    ask(session, cast, case)
    accept(session, led_by(session, receiver))
    assert addressed(session, "train_and_assess") == (receiver.id, PostKind.MENTOR, None)
    guide = name_mentor(session, receiver)
    assert addressed(session, "train_and_assess") == (receiver.id, PostKind.MENTOR, guide.id)
    lesson(session, case, Actor(person_id=guide.id))


def test_evidence_entered_at_the_old_branch_counts_on_at_the_new_one(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    lesson(session, case, cast.actor(cast.saren))
    before = evidence.on_file(session, case).counted.as_data()
    ask(session, cast, case)
    accept(session, led_by(session, receiver))
    assert evidence.on_file(session, case).counted.as_data() == before
    assert before["talks"] == 1


def test_a_refusal_leaves_everything_where_it_was_and_the_old_branch_reads_why(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    ask(session, cast, case)
    refused = {"answered_on": TODAY.isoformat(), "examined": "本校没有这名学生"}
    do(session, "answer_transfer", led_by(session, receiver), "refuse", **refused)
    assert case.unit_id == cast.branch.id
    assert addressed(session, "train_and_assess")[2] == cast.bator.id
    told = select(OutboxRow).where(OutboxRow.kind == notices.OUTBOX_KIND)
    row = session.scalars(told.order_by(OutboxRow.id.desc())).first()
    assert row is not None
    assert (row.payload["unit_id"], "本校没有这名学生" in row.payload["text"]) == (cast.branch.id, True)
    ask(session, cast, case)


def test_without_an_answer_the_receiver_is_reminded_and_then_the_common_superior_told(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    ask(session, cast, case)
    due = session.scalars(select(DueTimer.due_at).where(DueTimer.attached_to == "answer_transfer")).all()
    assert sorted(each - clock.start_of(TODAY) for each in due) == [timedelta(days=15), timedelta(days=22)]
    superior = transfers.common_superior(session, cast.branch.id, receiver.id, (UnitKind.COUNTY, UnitKind.SCHOOL))
    assert superior.id == cast.county.id


def test_one_transfer_follows_the_other(session: Session, cast: Cast, case: Case, receiver: Unit) -> None:
    transfers.ask(session, case_id=case.id, to="S2-1", asked_on=TODAY, actor=SYSTEM)
    with pytest.raises(TransferPending, match="初二1班团支部"):
        transfers.ask(session, case_id=case.id, to="S1-2", asked_on=TODAY, actor=SYSTEM)


@pytest.mark.parametrize("to", ["没有这个团支部", "S1-1", "高一1班团支部", "S2", ""])
def test_the_receiver_must_be_another_branch_of_the_tree(session: Session, case: Case, receiver: Unit, to: str) -> None:
    with pytest.raises(ReceiverUnknown) as refusal:
        transfers.ask(session, case_id=case.id, to=to, asked_on=TODAY, actor=SYSTEM)
    assert list(refusal.value.fields) == ["to_unit"]


def test_two_branches_of_one_name_are_told_apart_by_their_codes(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    units.add(session, cast.school, code="S1-9", name=receiver.name, kind=UnitKind.BRANCH)
    with pytest.raises(ReceiverUnknown, match="有误"):
        transfers.ask(session, case_id=case.id, to=receiver.name, asked_on=TODAY, actor=SYSTEM)
    assert transfers.ask(session, case_id=case.id, to="S1-9", asked_on=TODAY, actor=SYSTEM).to_name == receiver.name


def test_a_reserved_place_does_not_travel_to_another_committee(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    quotas.reserve(session, unit_id=cast.school.id, case_id=case.id, actor=SYSTEM)
    with pytest.raises(PlaceDoesNotTravel, match="第一中学团委"):
        transfers.ask(session, case_id=case.id, to="S2-1", asked_on=TODAY, actor=SYSTEM)
    asked = transfers.ask(session, case_id=case.id, to="S1-2", asked_on=TODAY, actor=SYSTEM)
    assert asked.to_unit_id == cast.small_branch.id


def test_a_place_reserved_while_the_receiver_thinks_it_over_stops_the_transfer(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    transfers.ask(session, case_id=case.id, to="S2-1", asked_on=TODAY, actor=SYSTEM)
    quotas.reserve(session, unit_id=cast.school.id, case_id=case.id, actor=SYSTEM)
    with pytest.raises(PlaceDoesNotTravel):
        transfers.accept(session, case_id=case.id, answered_on=TODAY, adopted=False, actor=SYSTEM)


def test_whom_a_meeting_has_adopted_is_no_candidate_any_more(session: Session, case: Case, receiver: Unit) -> None:
    transfers.ask(session, case_id=case.id, to="S2-1", asked_on=TODAY, actor=SYSTEM)
    with pytest.raises(MeetingHasDecided):
        transfers.accept(session, case_id=case.id, answered_on=TODAY, adopted=True, actor=SYSTEM)


def test_nothing_is_answered_that_was_not_asked(session: Session, case: Case) -> None:
    with pytest.raises(NothingToAnswer):
        transfers.accept(session, case_id=case.id, answered_on=TODAY, adopted=False, actor=SYSTEM)
    with pytest.raises(NothingToAnswer):
        transfers.refuse(session, case_id=case.id, answered_on=TODAY, reason="", actor=SYSTEM)


def test_leaving_the_tree_drops_what_was_asked(session: Session, case: Case, receiver: Unit) -> None:
    transfers.ask(session, case_id=case.id, to="S2-1", asked_on=TODAY, actor=SYSTEM)
    transfers.leave(session, case_id=case.id, to="北京市某中学团委", left_on=TODAY, actor=SYSTEM)
    assert [(each.status, each.to_name) for each in transfers.of_case(session, case.id)] == [
        (TransferStatus.DROPPED, "初二1班团支部"),
        (TransferStatus.GONE, "北京市某中学团委"),
    ]


def test_the_old_branch_finds_in_its_list_whom_it_handed_over(
    session: Session, cast: Cast, case: Case, receiver: Unit
) -> None:
    ask(session, cast, case)
    accept(session, led_by(session, receiver))
    [line] = transfers.from_units(session, [cast.branch.id])
    assert (line.to_name, line.status.label) == ("初二1班团支部", "已接收")
    before, after = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    at = transfers.whereabouts(session, case.id, case.unit_id)
    assert (at(before), at(after)) == (cast.branch.id, receiver.id)
