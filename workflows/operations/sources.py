"""What stands behind the facts that operations find: which rows on record they counted, and why not others."""

from datetime import date

from sqlalchemy.orm import Session

from workflows.domain import evidence, evidence_count, members, people
from workflows.domain.evidence_count import Frame, Standing
from workflows.domain.evidence_forms import Kind, Result
from workflows.engine.environment import Asked, Entry
from workflows.operations.evidence import COUNT

KINDS = {
    "class_hours": Kind.CLASS_HOURS,
    "volunteer_hours": Kind.VOLUNTEER_HOURS,
    "ideology_passed": Kind.IDEOLOGY_ASSESSMENT,
    "talks": Kind.TALK,
    "assessments": Kind.ASSESSMENT,
    "pioneer_recommended": Kind.PIONEER_RECOMMENDATION,
}
"""The facts that `evidence.count` finds, and the kind of evidence each is counted from."""

NOT_PASSED = "不合格"
MINUTES_IN_AN_HOUR = 60


def entries(session: Session, asked: Asked) -> list[Entry]:
    """The evidence behind a fact as it stood at a moment, in the order in which it happened."""
    kind = KINDS.get(asked.name)
    candidate = members.of_case(session, asked.case_id)
    if asked.operation != COUNT or kind is None or candidate is None or not asked.parameters.get("assessed_on"):
        return []
    known = [row for row in evidence.of_person(session, candidate.person_id) if row.recorded_at <= asked.at]
    since = asked.parameters.get("activist_on")
    frame = Frame(
        people.get(session, candidate.person_id).birth_date,
        date.fromisoformat(since) if since else None,
        date.fromisoformat(asked.parameters["assessed_on"]),
        asked.parameters.get("rules") or {},
    )
    counted = evidence_count.count(evidence.standing_of(known), frame)
    return [_entry(standing) for standing in counted.rows if standing.row.kind == kind]


def _entry(standing: Standing) -> Entry:
    row = standing.row
    failed = row.result == Result.FAILED
    return Entry(
        label=row.kind.label,
        happened_on=row.happened_on,
        counted=standing.counted / MINUTES_IN_AN_HOUR if row.kind == Kind.VOLUNTEER_HOURS else standing.counted,
        recorded_at=row.recorded_at,
        person_id=row.recorded_by,
        for_person_id=row.for_person_id,
        note=standing.why.sentence if standing.why else NOT_PASSED if failed else "",
    )
