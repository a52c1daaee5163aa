"""Evidence of training under a case: who may enter and correct it, and the operation that counts it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import evidence, evidence_count, members, posts
from workflows.domain.evidence import Evidence
from workflows.domain.evidence_count import Counted, Frame
from workflows.domain.evidence_forms import Kind
from workflows.domain.members import Candidate
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.engine import bundles, cases, expressions
from workflows.engine.drawing import Node
from workflows.engine.environment import Call
from workflows.engine.tables import Case
from workflows.errors import NotFound, Refusal
from workflows.journal import Actor
from workflows.operations.posts import mentors_in

COUNT = "evidence.count"
ENTERED_BY = (PostKind.BRANCH_SECRETARY, PostKind.ORG_COMMISSIONER)
"""The posts at the candidate's branch that enter evidence; the candidate's own mentors do as well."""

MENTORS = ("mentor", "second_mentor", "party_mentor")


class EvidenceNotYours(Refusal):
    """The person neither keeps the branch's records nor guides this candidate."""

    code = "evidence.not_yours"
    sentence = "培养材料由本团支部的书记、组织委员或申请人的培养联系人登记，您目前不是。"
    remedy = "请由上述人员登记。"
    rule = "培养材料由团支部书记、组织委员和本人的培养联系人登记"
    kind = "forbidden"


class CaseOver(Refusal):
    """Nothing is entered any more when the case has ended."""

    code = "evidence.case_over"
    sentence = "本案已办结，培养材料不再增加或更正。"
    remedy = "确需更正的，请联系上级团委。"
    rule = "培养材料在办理期间登记"


def count(call: Call) -> dict[str, Any]:
    """What the candidate's evidence comes to on the day of the assessment; see `domain.evidence_count`."""
    since, until = call.parameters["activist_on"], call.parameters["assessed_on"]
    found = _counted(
        call.session,
        call.case_id,
        since=date.fromisoformat(since) if since else None,
        until=date.fromisoformat(until),
        rules=call.parameters["rules"],
    )
    return found.counted.as_data()


@dataclass(frozen=True)
class OnFile:
    """The evidence of a case's candidate: every row, and what those that stand come to."""

    person_id: int
    rows: list[Evidence]
    frame: Frame
    counted: Counted
    is_counted: bool = True
    """Whether the case's drawing counts it; an older version asks for totals in the form of the assessment instead."""
    counted_then: Mapping[str, Any] | None = None
    """What the case went on with at its last assessment; None before there was one."""
    differs_now: bool = False
    """Whether the same day would be counted otherwise today: something was entered late, or corrected."""


def on_file(session: Session, case: Case) -> OnFile:
    """What is on record for a case (with its state loaded), counted as if it were assessed today.

    From which day on lessons count is read where the drawing tells the operation that counts; a drawing without it says
    nothing, and then none counts yet. Raises NotFound before an applicant is registered.
    """
    data = cases.data_of(case)
    nodes = bundles.parsed(session, case.bundle_id).drawing.nodes.values()
    asked = next((node for node in nodes if node.operation == COUNT), None)
    since, until = (_day(asked, name, data) for name in ("activist_on", "assessed_on"))
    found = _counted(session, case.id, since=since, until=clock.today(), rules=data.get("rules") or {})
    then = data.get(asked.result) if asked and asked.result else None
    if then is None or until is None:
        return replace(found, is_counted=asked is not None)
    again = evidence_count.count(evidence.standing_of(found.rows), replace(found.frame, until=until))
    return replace(found, counted_then=then, differs_now=_differs(again, then))


def _differs(counted: Counted, then: Mapping[str, Any]) -> bool:
    """Whether any total that the case went on with is another now."""
    now = counted.as_data()
    return any(now.get(name) != value for name, value in then.items())


def counted_of(session: Session, several: Sequence[Case]) -> dict[int, Counted]:
    """The evidence of many cases (with their states loaded) counted as if each were assessed today, by one statement.

    Left out are cases without an applicant, those whose drawing counts nothing, and those without an activist day yet.
    """
    frames: dict[int, tuple[date, Mapping[str, Any]]] = {}
    for case in several:
        data = cases.data_of(case)
        nodes = bundles.parsed(session, case.bundle_id).drawing.nodes.values()
        asked = next((node for node in nodes if node.operation == COUNT), None)
        if since := _day(asked, "activist_on", data):
            frames[case.id] = (since, data.get("rules") or {})
    found = _rows(session, frames) if frames else {}
    return {
        case_id: evidence_count.count(evidence.standing_of(rows), Frame(born, frames[case_id][0], clock.today(), rules))
        for case_id, (_, born, rows) in found.items()
        for rules in [frames[case_id][1]]
    }


def _day(asked: Node | None, name: str, data: Mapping[str, Any]) -> date | None:
    """A day that the drawing tells the operation, as far as the case knows it."""
    found = expressions.evaluate(asked.parameters[name], data) if asked else None
    return date.fromisoformat(found) if found else None


def enter(session: Session, *, case: Case, kind: Kind, values: Mapping[str, Any], actor: Actor) -> Evidence:
    """Enter evidence for the candidate of a case; raises EvidenceNotYours, CaseOver and what `evidence.record` does."""
    _insist(session, case, actor)
    candidate = members.get_of_case(session, case.id)
    return evidence.record(
        session, person_id=candidate.person_id, case_id=case.id, kind=kind, values=values, actor=actor
    )


def correct(
    session: Session, *, case: Case, entry_id: int, values: Mapping[str, Any] | None, reason: str, actor: Actor
) -> Evidence:
    """Correct evidence of the candidate of a case, or strike it out (`values` None).

    Raises EvidenceNotYours, CaseOver, NotFound for a row of somebody else, and what `evidence.correct` does.
    """
    _insist(session, case, actor)
    if evidence.get(session, entry_id).person_id != members.get_of_case(session, case.id).person_id:
        raise NotFound(what="培养材料")
    return evidence.correct(session, entry_id=entry_id, values=values, reason=reason, actor=actor)


def may_enter(session: Session, case: Case, actor: Actor) -> bool:
    """Whether the actor keeps the records of the candidate's branch today, or is one of the candidate's mentors."""
    if actor.person_id is None:
        return False
    if any(posts.exercises(session, actor.person_id, case.unit_id, kind) for kind in ENTERED_BY):
        return True
    named = mentors_in(cases.data_of(case))
    return str(actor.person_id) in {str(named.get(key)) for key in MENTORS}


def _insist(session: Session, case: Case, actor: Actor) -> None:
    if not may_enter(session, case, actor):
        raise EvidenceNotYours()
    if case.ended_at is not None:
        raise CaseOver()


def _counted(session: Session, case_id: int, *, since: date | None, until: date, rules: Mapping[str, Any]) -> OnFile:
    found = _rows(session, [case_id]).get(case_id)
    if found is None:
        raise NotFound(what="申请人")
    person_id, born, rows = found
    frame = Frame(born, since, until, rules)
    return OnFile(person_id, rows, frame, evidence_count.count(evidence.standing_of(rows), frame))


def _rows(session: Session, case_ids: Iterable[int]) -> dict[int, tuple[int, date, list[Evidence]]]:
    """The candidate of each case, the birth date, and every row on record, in the order in which things happened."""
    query = (
        select(Candidate.case_id, Person.id, Person.birth_date, Evidence)
        .join(Candidate, Candidate.person_id == Person.id)
        .outerjoin(Evidence, Evidence.person_id == Person.id)
        .where(Candidate.case_id.in_(list(case_ids)))
        .order_by(Evidence.happened_on, Evidence.id)
    )
    found: dict[int, tuple[int, date, list[Evidence]]] = {}
    for case_id, person_id, born, row in session.execute(query):
        rows = found.setdefault(case_id or 0, (person_id, born, []))[2]
        if row is not None:
            rows.append(row)
    return found
