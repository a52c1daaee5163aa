"""Who enters evidence for whom, and what the drawing is told of it."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support import training_branch
from tests.support.cast import Cast
from tests.support.training import LESSON, SERVICE, in_training
from workflows import clock
from workflows.domain import posts, rule_sets
from workflows.domain.evidence import Evidence
from workflows.domain.evidence_forms import Kind
from workflows.domain.people import Person
from workflows.domain.posts import Post
from workflows.engine import cases
from workflows.engine.environment import Call
from workflows.engine.tables import Case
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Actor
from workflows.operations import evidence
from workflows.operations.evidence import CaseOver, EvidenceNotYours

branch, session, cast, case = (
    training_branch.branch,
    training_branch.session,
    training_branch.cast,
    training_branch.case,
)


def enter(session: Session, case: Case, who: Person, kind: Kind = Kind.CLASS_HOURS) -> int:
    values = LESSON if kind == Kind.CLASS_HOURS else SERVICE
    return evidence.enter(session, case=case, kind=kind, values=values, actor=Actor(person_id=who.id)).id


@pytest.mark.parametrize("who", ["saren", "lin", "bator"])
def test_secretary_commissioner_and_mentor_enter_evidence(session: Session, cast: Cast, case: Case, who: str) -> None:
    entry = enter(session, case, getattr(cast, who))
    assert session.get_one(Evidence, entry).recorded_by == getattr(cast, who).id


@pytest.mark.parametrize("who", ["gaowa", "zhao", "sun", "he", "ma"])
def test_nobody_above_the_branch_enters_evidence(session: Session, cast: Cast, case: Case, who: str) -> None:
    with pytest.raises(EvidenceNotYours):
        enter(session, case, getattr(cast, who))


def test_a_mentor_enters_nothing_for_a_candidate_whom_others_guide(session: Session, cast: Cast, case: Case) -> None:
    bator = Actor(person_id=cast.bator.id)
    other = in_training(session, cast, until="assign_mentor", name="其木格")
    with pytest.raises(EvidenceNotYours):
        evidence.enter(session, case=other, kind=Kind.CLASS_HOURS, values=LESSON, actor=bator)


def test_who_was_secretary_enters_nothing_any_more(session: Session, cast: Cast, case: Case) -> None:
    post = session.scalars(select(Post).where(Post.person_id == cast.saren.id)).one()
    posts.end(session, post_id=post.id, last_day=date(2020, 6, 16), actor=SYSTEM)
    with pytest.raises(EvidenceNotYours):
        enter(session, case, cast.saren)


def test_nobody_at_all_enters_nothing(session: Session, cast: Cast, case: Case) -> None:
    assert not evidence.may_enter(session, case, SYSTEM)


def test_nothing_is_entered_or_corrected_when_the_case_has_ended(session: Session, cast: Cast, case: Case) -> None:
    entry = enter(session, case, cast.saren)
    case.ended_at = clock.now()
    with pytest.raises(CaseOver):
        enter(session, case, cast.saren, Kind.VOLUNTEER_HOURS)
    actor = Actor(person_id=cast.saren.id)
    with pytest.raises(CaseOver):
        evidence.correct(session, case=case, entry_id=entry, values=None, reason="登记时写错", actor=actor)


def test_a_row_of_somebody_else_is_not_found_under_this_case(session: Session, cast: Cast, case: Case) -> None:
    entry, other = enter(session, case, cast.saren), in_training(session, cast, name="其木格")
    actor = Actor(person_id=cast.saren.id)
    with pytest.raises(NotFound):
        evidence.correct(session, case=other, entry_id=entry, values=None, reason="登记时写错", actor=actor)


def count(session: Session, case: Case, **parameters: object) -> dict[str, object]:
    told = {"activist_on": "2020-03-16", "assessed_on": "2020-06-16", "rules": rule_sets.values("NMG_2020")}
    call = Call(session, case.id, case.unit_id, SYSTEM, {}, {**told, **parameters})
    return evidence.count(call)


def test_the_drawing_is_told_what_is_on_record(session: Session, cast: Cast, case: Case) -> None:
    enter(session, case, cast.saren)
    enter(session, case, cast.saren, Kind.VOLUNTEER_HOURS)
    found = count(session, case)
    assert (found["class_hours"], found["volunteer_hours"], found["ideology_passed"]) == (8, 2.5, False)
    assert count(session, case, activist_on="2020-04-11")["class_hours"] == 0
    assert count(session, case, assessed_on="2020-05-08")["volunteer_hours"] == 0
    assert count(session, case, activist_on=None)["class_hours"] == 0


def test_online_lessons_count_where_the_case_s_rules_let_them(session: Session, cast: Cast, case: Case) -> None:
    actor, online = Actor(person_id=cast.saren.id), {**LESSON, "mode": "online"}
    evidence.enter(session, case=case, kind=Kind.CLASS_HOURS, values=online, actor=actor)
    assert count(session, case)["class_hours"] == 0
    assert count(session, case, rules={**rule_sets.values("NMG_2020"), "online_hours_cap": 4})["class_hours"] == 4


def test_without_an_applicant_there_is_nothing_to_count(session: Session, cast: Cast, case: Case) -> None:
    nobody = Call(
        session, 99, case.unit_id, SYSTEM, {}, {"activist_on": None, "assessed_on": "2020-06-16", "rules": {}}
    )
    with pytest.raises(NotFound):
        evidence.count(nobody)


def test_lessons_count_from_the_day_the_drawing_names(session: Session, cast: Cast, case: Case) -> None:
    enter(session, case, cast.bator)
    found = evidence.on_file(session, case)
    assert (found.frame.since, found.frame.until) == (date(2020, 3, 16), date(2020, 6, 17))
    assert (found.counted.class_hours, found.counted_then, found.differs_now) == (8, None, False)


def test_what_is_corrected_after_the_assessment_is_pointed_out(session: Session, cast: Cast) -> None:
    case = in_training(session, cast, until="pre_review", name="其木格")
    with clock.standing_at(datetime(2020, 6, 20, 2, tzinfo=UTC)):
        before = evidence.on_file(session, case)
        assert cases.data_of(case)["evidence"]["class_hours"] == 8
        assert not before.differs_now
        lesson = next(row for row in before.rows if row.kind == Kind.CLASS_HOURS)
        actor = Actor(person_id=cast.saren.id)
        evidence.correct(session, case=case, entry_id=lesson.id, values=None, reason="没有上过这一课", actor=actor)
        assert evidence.on_file(session, case).differs_now
