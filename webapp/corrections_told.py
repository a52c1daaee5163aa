"""What was corrected of a person's name and identity number, in words: on the person's case and on the correction's."""

from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp.pages.people_shown import names_of
from workflows.domain import corrections, members
from workflows.domain.corrections import CorrectionStatus, PersonCorrection
from workflows.domain.people import Sex
from workflows.engine.tables import Case


@dataclass(frozen=True)
class Change:
    """One thing as it stood and as it stands, or is to stand; numbers masked."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """One correction."""

    case_id: int
    status: str
    state: str
    proposed_at: datetime
    proposed_by: str
    settled_at: datetime | None
    settled_by: str
    document: str
    reason: str
    age_fault: str
    changes: list[Change] = field(default_factory=list)


def of_case(session: Session, case: Case) -> list[Told]:
    """The corrections of the case's candidate, the latest first; of a correction's own case that one."""
    candidate = members.of_case(session, case.id)
    if candidate is not None:
        rows = corrections.of_person(session, candidate.person_id)
    else:
        own = corrections.of_case(session, case.id)
        rows = [own] if own else []
    names = names_of(session, [person for row in rows for person in (row.proposed_by, row.settled_by)])
    return [
        Told(
            case_id=row.case_id,
            status=gettext(row.status.label),
            state=_STATES[row.status],
            proposed_at=row.proposed_at,
            proposed_by=names.who(row.proposed_by),
            settled_at=row.settled_at,
            settled_by=names.who(row.settled_by) if row.settled_by else "",
            document=row.document,
            reason=row.reason,
            age_fault=row.age_fault,
            changes=_changes(row),
        )
        for row in rows
    ]


_STATES = {
    CorrectionStatus.PROPOSED: "soon",
    CorrectionStatus.APPLIED: "good",
    CorrectionStatus.REFUSED: "",
    CorrectionStatus.DROPPED: "",
}


def _changes(row: PersonCorrection) -> list[Change]:
    told = []
    if row.name_before != row.name_after:
        told.append(Change(gettext("姓名"), row.name_before, row.name_after))
    if row.changes_number:
        told.append(Change(gettext("身份证件号码"), row.identity_before or gettext("未登记"), row.identity_after))
    if row.birth_before != row.birth_after:
        told.append(Change(gettext("出生日期"), row.birth_before.isoformat(), row.birth_after.isoformat()))
    if row.sex_before != row.sex_after:
        told.append(Change(gettext("性别"), _sex(row.sex_before), _sex(row.sex_after)))
    return told


def _sex(sex: Sex) -> str:
    return gettext("男") if sex == Sex.MALE else gettext("女")
