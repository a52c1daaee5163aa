"""A lesson of the branch: a row for each who attended, for all of them or for none."""

import pytest
from sqlalchemy.orm import Session

from tests.support import training_branch
from tests.support.cast import Cast
from tests.support.training import LESSON, in_training
from workflows import journal
from workflows.domain import members
from workflows.domain.evidence import EnteredAlready
from workflows.domain.evidence_forms import EvidenceWrong
from workflows.engine.tables import Case
from workflows.errors import NotAuthorised
from workflows.journal import Actor, Event
from workflows.operations import evidence, lessons
from workflows.operations.lessons import LessonNotEntered, NobodyAttended, NotOfTheBranch

branch, session, cast, case = (
    training_branch.branch,
    training_branch.session,
    training_branch.cast,
    training_branch.case,
)


@pytest.fixture
def beginner(session: Session, cast: Cast) -> Case:
    """Alta's, who has applied and is no activist yet."""
    return in_training(session, cast, until="check_application", name="阿拉塔")


def hold(session: Session, cast: Cast, *attended: Case, **changes: object) -> int:
    actor = Actor(person_id=cast.saren.id)
    ids = [each.id for each in attended]
    return len(lessons.hold(session, unit_id=cast.branch.id, values={**LESSON, **changes}, attended=ids, actor=actor))


def test_everybody_who_attended_has_a_row_of_his_own(session: Session, cast: Cast, case: Case, beginner: Case) -> None:
    assert hold(session, cast, case, beginner) == 2
    rows = [evidence.on_file(session, each).rows for each in (case, beginner)]
    assert [[(row.topic, row.minutes, row.case_id) for row in each] for each in rows] == [
        [("学习团章", 360, case.id)],
        [("学习团章", 360, beginner.id)],
    ]
    last = journal.entries_of(session, journal.case_chain(case.id))[-1]
    assert (last.event, last.person_id) == (Event.EVIDENCE_RECORDED, cast.saren.id)


def test_who_was_not_there_has_no_row(session: Session, cast: Cast, case: Case, beginner: Case) -> None:
    hold(session, cast, case)
    assert evidence.on_file(session, beginner).rows == []


def test_when_one_cannot_have_it_nobody_has(session: Session, cast: Cast, case: Case, beginner: Case) -> None:
    hold(session, cast, case)
    with pytest.raises(LessonNotEntered) as refused:
        hold(session, cast, case, beginner)
    assert {key: type(each) for key, each in refused.value.whose.items()} == {case.id: EnteredAlready}
    assert list(refused.value.fields) == [f"attended.{case.id}"]
    assert evidence.on_file(session, beginner).rows == []


def test_activists_stand_first_with_the_hours_they_have(
    session: Session, cast: Cast, case: Case, beginner: Case
) -> None:
    hold(session, cast, case, beginner)
    found = lessons.learners(session, cast.branch.id, Actor(person_id=cast.saren.id))
    assert [(one.name, one.class_hours) for one in found] == [("乌云", 8), ("阿拉塔", None)]


def test_whose_case_has_ended_is_on_the_list_no_more(session: Session, cast: Cast, case: Case, beginner: Case) -> None:
    members.settle(session, beginner.id, "withdrawn")
    session.flush()
    found = lessons.learners(session, cast.branch.id, Actor(person_id=cast.saren.id))
    assert [one.case_id for one in found] == [case.id]
    with pytest.raises(NotOfTheBranch):
        hold(session, cast, case, beginner)
    assert evidence.on_file(session, case).rows == []


def test_a_lesson_is_for_somebody_and_its_fields_are_told_first(session: Session, cast: Cast, case: Case) -> None:
    with pytest.raises(NobodyAttended):
        hold(session, cast)
    with pytest.raises(EvidenceWrong) as refused:
        hold(session, cast, minutes=0, witness="")
    assert set(refused.value.fields) == {"minutes", "witness"}


@pytest.mark.parametrize("who", ["bator", "gaowa", "he"])
def test_only_who_keeps_the_branch_s_records_enters_a_lesson(
    session: Session, cast: Cast, case: Case, who: str
) -> None:
    actor = Actor(person_id=getattr(cast, who).id)
    with pytest.raises(NotAuthorised):
        lessons.hold(session, unit_id=cast.branch.id, values=LESSON, attended=[case.id], actor=actor)
    with pytest.raises(NotAuthorised):
        lessons.learners(session, cast.branch.id, actor)
