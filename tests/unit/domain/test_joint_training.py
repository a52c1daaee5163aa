"""Joint training: time from the recognition on, half-yearly assessments, who is ready, and how it ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import joint_training, party_links, people, units
from workflows.domain.joint_training import Opinion
from workflows.domain.joint_training_refusals import (
    MentorWrong,
    NotAnActivist,
    NotReadyYet,
    PlanMissing,
    TrainedAlready,
    TrainingDayWrong,
    TrainingOver,
    TrainingTooShort,
)
from workflows.domain.joint_training_tables import JointMentor, JointTraining, TrainingState, Verdict
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.two_keys import Side
from workflows.domain.units import UnitKind
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event

RECOGNISED = date(2023, 3, 1)
RULES = {"joint_training_months_min": 12, "joint_assessment_interval_months": 6}
CASE = 4711


@dataclass
class Training:
    """An activist of the branch, members who may guide, and a second branch under another Party branch."""

    session: Session
    branch: int
    party: int
    other_branch: int
    other_party: int
    activist: int
    guides: list[int]

    def begin(self, case: int = CASE, **rules: int) -> JointTraining:
        return joint_training.begin(
            self.session, person_id=self.activist, case_id=case, unit_id=self.branch, rules=RULES | rules, actor=SYSTEM
        )

    def name(self, side: Side, *person_ids: int, since: date = date(2023, 3, 6)) -> JointTraining:
        return joint_training.name_mentors(
            self.session, case_id=CASE, side=side, person_ids=list(person_ids), since=since, actor=SYSTEM
        )

    def plan(self, agreed: date = date(2023, 3, 20)) -> JointTraining:
        return joint_training.agree_on_plan(
            self.session,
            case_id=CASE,
            goals="提高理论水平",
            parts={Side.LEAGUE: "每月一次团课", Side.PARTY: "每季一次党课"},
            begins_on=RECOGNISED,
            ends_on=date(2024, 9, 1),
            drafted=(date(2023, 3, 10), 1),
            agreed=(agreed, 2),
            actor=SYSTEM,
        )

    def assess(self, on: date, result: Verdict = Verdict.CONTINUE, **more: Any) -> JointTraining:
        return joint_training.assess(
            self.session,
            case_id=CASE,
            league=Opinion(result, "表现好", on, 1),
            party=Opinion(result, "表现好", on, 2),
            result=result,
            decided_on=on,
            decided_by=2,
            actor=SYSTEM,
            **more,
        )

    def mentors(self) -> set[tuple[Side, int]]:
        now = joint_training.current_mentors(self.session, joint_training.get_of_case(self.session, CASE).id)
        return {(each.side, each.person_id) for each in now}


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(clock.start_of(date(2025, 6, 1))):
        yield


@pytest.fixture
def training(session: Session, cast: Cast) -> Training:
    committee = units.add(session, None, code="DW", name="一中党委", kind=UnitKind.PARTY_COMMITTEE)
    branches = [
        units.add(session, committee, code=f"DZ{number}", name=f"第{number}党支部", kind=UnitKind.PARTY_BRANCH)
        for number in (1, 2)
    ]
    for party, league in zip(branches, (cast.branch, cast.small_branch), strict=True):
        party_links.link(
            session, party_unit_id=party.id, league_unit_id=league.id, since=date(2019, 9, 1), actor=SYSTEM
        )
    activist, *guides = (_member(session, name, cast.branch.id) for name in ("甲", "乙", "丙", "丁"))
    session.add(
        Recommendation(
            person_id=activist,
            product=Product.ACTIVIST,
            unit_id=cast.branch.id,
            state=State.DETERMINED,
            holds_place=False,
            recommended_on=date(2023, 1, 10),
            passed_on=date(2023, 1, 20),
            determined_on=RECOGNISED,
            valid_until=date(2025, 1, 10),
            created_at=clock.now(),
        )
    )
    session.flush()
    here, there = branches
    return Training(session, cast.branch.id, here.id, cast.small_branch.id, there.id, activist, guides)


def _member(session: Session, name: str, unit_id: int) -> int:
    person = Person(name=name, sex=Sex.MALE, birth_date=date(2003, 1, 2), ethnic_group="汉族", unit_id=unit_id)
    session.add(person)
    session.flush()
    session.add(
        LeagueMember(person_id=person.id, unit_id=unit_id, joined_on=date(2018, 5, 4), status=MemberStatus.ACTIVE)
    )
    session.flush()
    return person.id


def test_time_counts_from_the_day_the_party_determined_the_activist(training: Training) -> None:
    row = training.begin()
    assert (row.recognised_on, row.party_unit_id) == (RECOGNISED, training.party)
    days = (date(2023, 3, 31), date(2023, 4, 1), date(2024, 2, 29), date(2024, 3, 1))
    assert [joint_training.months_counted(row, day) for day in days] == [0, 1, 11, 12]
    assert training.begin().id == row.id


def test_only_an_activist_of_the_branch_is_trained_and_only_once_at_a_time(training: Training) -> None:
    with pytest.raises(NotAnActivist):
        joint_training.begin(
            training.session,
            person_id=training.guides[0],
            case_id=1,
            unit_id=training.branch,
            rules=RULES,
            actor=SYSTEM,
        )
    with pytest.raises(NotAnActivist):
        joint_training.begin(
            training.session,
            person_id=training.activist,
            case_id=1,
            unit_id=training.other_branch,
            rules=RULES,
            actor=SYSTEM,
        )
    first = training.begin()
    with pytest.raises(TrainedAlready):
        training.begin(case=2)
    twin = {column.name: getattr(first, column.name) for column in JointTraining.__table__.columns}
    with pytest.raises(IntegrityError), training.session.begin_nested():
        training.session.add(JointTraining(**twin | {"id": None, "case_id": 2}))


def test_mentors_are_others_than_the_trainee_and_each_is_one_person(training: Training) -> None:
    training.begin()
    league, party, second = training.guides
    with pytest.raises(MentorWrong):
        training.name(Side.LEAGUE, training.activist)
    training.name(Side.LEAGUE, league)
    with pytest.raises(MentorWrong):
        training.name(Side.PARTY, league)
    with pytest.raises(MentorWrong):
        training.name(Side.PARTY, party, party)
    training.name(Side.PARTY, party, second)
    assert training.mentors() == {(Side.LEAGUE, league), (Side.PARTY, party), (Side.PARTY, second)}


def test_a_mentor_is_replaced_from_a_day_on_and_who_stays_is_not_named_twice(training: Training) -> None:
    training.begin()
    league, party, second = training.guides
    training.name(Side.PARTY, party, second)
    training.name(Side.PARTY, second, since=date(2023, 9, 1))
    assert training.mentors() == {(Side.PARTY, second)}
    query = select(JointMentor).order_by(JointMentor.id)
    assert [(each.person_id, each.until) for each in training.session.scalars(query)] == [
        (party, date(2023, 9, 1)),
        (second, None),
    ]
    with pytest.raises(TrainingDayWrong):
        training.name(Side.PARTY, league, since=date(2023, 2, 1))


def test_an_assessment_is_due_every_half_year_from_the_recognition(training: Training) -> None:
    training.begin()
    with pytest.raises(PlanMissing):
        training.assess(date(2023, 8, 20))
    assert training.plan().next_due_on == date(2023, 9, 1)
    assert training.assess(date(2023, 8, 20)).next_due_on == date(2024, 3, 1)
    assert training.assess(date(2024, 9, 20)).next_due_on == date(2025, 3, 1), "one that came too late stands for both"
    numbers = [(each.number, each.due_on) for each in joint_training.assessments(training.session, training.begin().id)]
    assert numbers == [(1, date(2023, 9, 1)), (2, date(2024, 3, 1))]


@pytest.mark.parametrize("act", ["UPDATE joint_assessment SET reason = 'changed'", "DELETE FROM joint_plan"])
def test_what_both_sides_have_said_can_be_neither_changed_nor_deleted(training: Training, act: str) -> None:
    training.begin()
    training.plan()
    training.assess(date(2023, 8, 20))
    with pytest.raises(DatabaseError, match="append-only"), training.session.begin_nested():
        training.session.execute(text(act))


def test_the_interval_is_the_rule_sets(training: Training) -> None:
    training.begin(joint_assessment_interval_months=3)
    assert training.plan().next_due_on == date(2023, 6, 1)


@pytest.mark.parametrize("least, earliest", [(12, date(2024, 3, 1)), (18, date(2024, 9, 1))])
def test_nobody_is_ready_before_the_rule_sets_months(training: Training, least: int, earliest: date) -> None:
    training.begin(joint_training_months_min=least)
    training.plan()
    with pytest.raises(TrainingTooShort) as refused:
        training.assess(earliest - timedelta(days=1), Verdict.QUALIFIED)
    assert str(earliest) in refused.value.what_would_pass()
    assert training.assess(earliest, Verdict.QUALIFIED).state is TrainingState.READY
    assert joint_training.is_ready(training.session, training.activist, earliest)
    assert not joint_training.is_ready(training.session, training.activist, earliest - timedelta(days=1))


def test_an_extension_puts_readiness_and_the_next_assessment_off(training: Training) -> None:
    training.begin()
    training.plan()
    training.assess(date(2023, 9, 1))
    with pytest.raises(TrainingDayWrong):
        training.assess(date(2024, 2, 20), Verdict.EXTEND)
    row = training.assess(date(2024, 2, 20), Verdict.EXTEND, extended_until=date(2024, 6, 1))
    assert (row.next_due_on, joint_training.earliest_ready(row)) == (date(2024, 6, 1), date(2024, 6, 1))
    with pytest.raises(TrainingTooShort):
        training.assess(date(2024, 5, 31), Verdict.QUALIFIED)


def test_an_extension_takes_readiness_back(training: Training) -> None:
    training.begin()
    training.plan()
    training.assess(date(2024, 3, 1), Verdict.QUALIFIED)
    row = training.assess(date(2024, 8, 20), Verdict.EXTEND, extended_until=date(2025, 1, 1))
    assert (row.state, row.ready_on) == (TrainingState.RUNNING, None)
    assert not joint_training.is_ready(training.session, training.activist, date(2024, 9, 1))


def test_it_ends_with_the_partys_determining(training: Training) -> None:
    training.begin()
    training.plan()
    with pytest.raises(NotReadyYet):
        _determine(training, date(2024, 4, 1))
    training.assess(date(2024, 3, 1), Verdict.QUALIFIED)
    with pytest.raises(TrainingDayWrong):
        _determine(training, date(2024, 2, 28))
    row = _determine(training, date(2024, 4, 1))
    assert (row.state, row.ended_on, row.next_due_on) == (TrainingState.COMPLETED, date(2024, 4, 1), None)
    assert training.mentors() == set()
    assert joint_training.is_ready(training.session, training.activist, date(2024, 5, 1))
    with pytest.raises(TrainingOver):
        training.assess(date(2024, 9, 1))


def test_the_day_of_determination_is_that_of_the_record(training: Training) -> None:
    training.begin()
    training.plan()
    training.assess(date(2024, 3, 1), Verdict.QUALIFIED)
    record = Recommendation(
        person_id=training.activist,
        product=Product.TARGET,
        unit_id=training.branch,
        state=State.DETERMINED,
        holds_place=False,
        recommended_on=date(2024, 3, 10),
        determined_on=date(2024, 4, 2),
        created_at=clock.now(),
    )
    training.session.add(record)
    training.session.flush()
    with pytest.raises(TrainingDayWrong):
        _determine(training, date(2024, 4, 1))
    assert _determine(training, date(2024, 4, 2)).state is TrainingState.COMPLETED


def test_an_assessment_may_end_it_and_what_was_counted_stays(training: Training) -> None:
    training.begin()
    training.plan()
    row = training.assess(date(2023, 9, 1), Verdict.END, reason="不再符合条件")
    assert (row.state, row.reason, row.ended_on) == (TrainingState.NOT_CONTINUED, "不再符合条件", date(2023, 9, 1))
    assert [each.months for each in joint_training.assessments(training.session, row.id)] == [6]
    assert joint_training.live_of(training.session, training.activist) is None


def test_it_travels_with_the_person_and_time_goes_on(training: Training) -> None:
    training.begin()
    league, party, _second = training.guides
    training.name(Side.LEAGUE, league)
    training.name(Side.PARTY, party)
    training.plan()
    row = joint_training.move(
        training.session, case_id=CASE, to_unit_id=training.other_branch, moved_on=date(2023, 6, 1), actor=SYSTEM
    )
    assert (row.unit_id, row.party_unit_id) == (training.other_branch, training.other_party)
    assert training.mentors() == set()
    assert (row.recognised_on, row.next_due_on) == (RECOGNISED, date(2023, 9, 1))
    assert people.get(training.session, training.activist).unit_id == training.other_branch


def test_the_partys_mentors_stay_where_the_party_branch_stays(training: Training) -> None:
    training.begin()
    league, party, _second = training.guides
    training.name(Side.LEAGUE, league)
    training.name(Side.PARTY, party)
    link = training.session.scalars(
        select(party_links.PartyLink).where(party_links.PartyLink.league_unit_id == training.other_branch)
    ).one()
    link.party_unit_id = training.party
    training.session.flush()
    joint_training.move(
        training.session, case_id=CASE, to_unit_id=training.other_branch, moved_on=date(2023, 6, 1), actor=SYSTEM
    )
    assert training.mentors() == {(Side.PARTY, party)}


@pytest.mark.parametrize("state", [TrainingState.WITHDRAWN, TrainingState.GONE])
def test_somebody_withdraws_or_goes(training: Training, state: TrainingState) -> None:
    left = {"case_id": CASE, "state": state, "left_on": date(2023, 5, 1), "reason": "本人书面提出", "actor": SYSTEM}
    assert joint_training.leave(training.session, **left) is None
    training.begin()
    row = joint_training.leave(training.session, **left)
    assert row is not None
    assert (row.state, row.ended_on) == (state, date(2023, 5, 1))


def test_of_a_thought_report_only_day_and_title_are_kept_and_the_journal_has_neither_name_nor_title(
    training: Training,
) -> None:
    with pytest.raises(NotFound):
        joint_training.keep_report(
            training.session, case_id=CASE, reported_on=date(2023, 6, 1), title="思想汇报", actor=SYSTEM
        )
    training.begin()
    report = joint_training.keep_report(
        training.session, case_id=CASE, reported_on=date(2023, 6, 1), title=" 第二季度思想汇报 ", actor=SYSTEM
    )
    assert report.title == "第二季度思想汇报"
    [told] = [
        each for each in journal.entries_of(training.session, f"case:{CASE}") if each.event == Event.JOINT_REPORT_KEPT
    ]
    assert "思想汇报" not in str(told.facts)
    with pytest.raises(TrainingDayWrong):
        joint_training.keep_report(
            training.session, case_id=CASE, reported_on=date(2023, 2, 1), title="思想汇报", actor=SYSTEM
        )


def _determine(training: Training, on: date) -> JointTraining:
    return joint_training.determine(
        training.session, case_id=CASE, determined_on=on, document="2024年支委会记录", actor=SYSTEM
    )
