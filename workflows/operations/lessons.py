"""One lesson of a branch for many of its candidates: entered once, on record for each who attended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from workflows.domain import evidence as ledger
from workflows.domain import evidence_forms
from workflows.domain.evidence import Evidence
from workflows.domain.evidence_forms import Kind
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.people import Person
from workflows.engine.tables import Case
from workflows.errors import InvalidData, Refusal
from workflows.journal import Actor
from workflows.operations import evidence, evidence_files

MOST_AT_ONCE = 200
"""Candidates of one branch."""


class NobodyAttended(InvalidData):
    """A lesson is entered for those who were there."""

    code = "lesson.nobody_attended"
    sentence = "没有选到课的人。"
    remedy = "请勾选参加了这次团课的人；都没有参加的，不必登记。"
    rule = "团课按人登记，只登记到课的人"


class NotOfTheBranch(InvalidData):
    """Somebody who was named does not apply at the branch now."""

    code = "lesson.not_of_the_branch"
    sentence = "所选的人中有 {n} 名现在不是本支部正在办理的申请人。"
    remedy = "请刷新后重新勾选。"
    rule = "团课为本支部正在办理的申请人登记"


class LessonNotEntered(Refusal):
    """For some it cannot be entered, so it is for nobody."""

    code = "lesson.not_entered"
    sentence = "有 {n} 人不能登记，一个人也没有登记。"
    remedy = "请按各人的说明取消勾选或更正后再登记。"
    rule = "一次团课要么为勾选的人全部登记，要么一个也不登记"

    def __init__(self, *, whose: Mapping[int, Refusal] | None = None, **facts: Any) -> None:
        self.whose = dict(whose or {})
        """The refusal that each of them met, by case."""
        super().__init__(fields={f"attended.{of}": each.message() for of, each in self.whose.items()}, **facts)


@dataclass(frozen=True)
class Learner:
    """A candidate of the branch; `class_hours` counted so far, None before he is an activist and none would count."""

    case_id: int
    name: str
    class_name: str
    class_hours: int | None


def learners(session: Session, unit_id: int, actor: Actor) -> list[Learner]:
    """Everybody who applies at the branch now, activists first, each by name. Raises NotAuthorised, NotFound."""
    evidence_files.insist(session, unit_id, actor)
    found = session.execute(_applying(unit_id).options(undefer(Case.state)).limit(MOST_AT_ONCE)).all()
    counted = evidence.counted_of(session, [case for case, _, _, _ in found])
    all_of_them = [
        Learner(case.id, name, class_name or "", counted[case.id].class_hours if case.id in counted else None)
        for case, _, name, class_name in found
    ]
    return sorted(all_of_them, key=lambda one: (one.class_hours is None, one.name, one.case_id))


def hold(
    session: Session, *, unit_id: int, values: Mapping[str, Any], attended: Sequence[int], actor: Actor
) -> list[Evidence]:
    """Enter the lesson for the candidates of these cases, for all of them or for none; each has a row of his own.

    Raises NotAuthorised, EvidenceWrong by field, NobodyAttended, NotOfTheBranch, and LessonNotEntered with whose it
    was and why. Journalled on each case.
    """
    evidence_files.insist(session, unit_id, actor)
    evidence_forms.read(Kind.CLASS_HOURS, values)
    wanted = set(attended)
    if not wanted:
        raise NobodyAttended(fields={"attended": NobodyAttended.sentence})
    people = {case.id: person for case, person, _, _ in session.execute(_applying(unit_id)) if case.id in wanted}
    if missing := wanted - people.keys():
        raise NotOfTheBranch(n=len(missing), fields={"attended": NotOfTheBranch.remedy})
    rows, wrong = [], {}
    with session.begin_nested():
        # Everybody's row is locked on the way: in one order, or two lessons entered at once would wait for each other.
        for case_id, person in sorted(people.items(), key=lambda each: each[1]):
            try:
                rows.append(
                    ledger.record(
                        session,
                        person_id=person,
                        case_id=case_id,
                        kind=Kind.CLASS_HOURS,
                        values=values,
                        actor=actor,
                    )
                )
            except Refusal as refusal:
                wrong[case_id] = refusal
        if wrong:
            raise LessonNotEntered(n=len(wrong), whose=wrong)
    return rows


def _applying(unit_id: int) -> Any:
    return (
        select(Case, Person.id, Person.name, Candidate.class_name)
        .join(Candidate, Candidate.case_id == Case.id)
        .join(Person, Person.id == Candidate.person_id)
        .where(Candidate.unit_id == unit_id, Candidate.status == CandidateStatus.APPLYING, Case.ended_at.is_(None))
        .order_by(Case.id)
    )
