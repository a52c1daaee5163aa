"""Corrections of a person's name or identity number: proposed by one, checked against the paper by another.

Nothing changes before the second person has typed the number from the paper himself. What stood before stays on record,
the number masked; the member's number is nobody's to change. Whether a corrected day of birth still lets somebody be
admitted is told here and decided in the drawing.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Boolean, Date, Index, String, Text, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId, Encrypted
from workflows.domain import identity_numbers, members, people
from workflows.domain.columns import reference, word
from workflows.domain.members import Candidate, CandidateStatus, IdentityOnRecord, LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

LONGEST_DOCUMENT = 200


class CorrectionStatus(StrEnum):
    """What has become of a proposal."""

    PROPOSED = "proposed"
    APPLIED = "applied"
    REFUSED = "refused"
    DROPPED = "dropped"

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return _LABELS[self]


_LABELS = {
    CorrectionStatus.PROPOSED: "待核对",
    CorrectionStatus.APPLIED: "已更正",
    CorrectionStatus.REFUSED: "不予更正",
    CorrectionStatus.DROPPED: "已撤回",
}


class PersonCorrection(Base):
    """One proposal, and how it ended. `identity_proposed` is erased then; masked numbers stay."""

    __tablename__ = "person_correction"
    __table_args__ = (
        Index(
            "uq_person_correction_open",
            "person_id",
            unique=True,
            sqlite_where=text("status = 'proposed'"),
            postgresql_where=text("status = 'proposed'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id")
    case_id: Mapped[int] = mapped_column(BigId, unique=True)
    name_before: Mapped[str] = mapped_column(String(80))
    name_after: Mapped[str] = mapped_column(String(80))
    identity_before: Mapped[str] = mapped_column(String(24))
    identity_after: Mapped[str] = mapped_column(String(24))
    identity_proposed: Mapped[str | None] = mapped_column(Encrypted)
    changes_number: Mapped[bool] = mapped_column(Boolean)
    birth_before: Mapped[date] = mapped_column(Date)
    birth_after: Mapped[date] = mapped_column(Date)
    sex_before: Mapped[Sex] = mapped_column(word(Sex))
    sex_after: Mapped[Sex] = mapped_column(word(Sex))
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    reason: Mapped[str] = mapped_column(Text)
    age_fault: Mapped[str] = mapped_column(String(200))
    """Why the corrected day of birth is no age at which one may be admitted; empty when it is, or stays as it was."""
    status: Mapped[CorrectionStatus] = mapped_column(word(CorrectionStatus))
    proposed_by: Mapped[int | None] = mapped_column(BigId)
    proposed_at: Mapped[datetime]
    settled_by: Mapped[int | None] = mapped_column(BigId)
    settled_at: Mapped[datetime | None]


class NothingToChange(InvalidData):
    """What is proposed is what stands on record."""

    code = "correction.nothing_to_change"
    sentence = "没有要更正的内容：姓名和证件号码都空着，或者与登记的一致。"
    remedy = "请填写证件上的姓名或号码；只更正一项的，另一项留空。"
    rule = "更正须写明与登记不同的内容"


class CorrectionOpen(Refusal):
    """Another correction of the same person waits to be checked."""

    code = "correction.open"
    sentence = "该人员已有一项更正正在办理。"
    remedy = "请先办结那一项，再提出新的更正。"
    rule = "一人同一时间只办理一项更正"


class NumbersDiffer(InvalidData):
    """The number typed by the second person is not the one proposed."""

    code = "correction.numbers_differ"
    sentence = "您对照证件填写的号码与提出的号码不一致。"
    remedy = "请再核对原件；确属提出有误的，选择“退回补正”。"
    rule = "更正由两人分别对照证件原件填写，一致的方可更正"


class RecordChangedMeanwhile(Refusal):
    """The record is not any more what the proposal was made against."""

    code = "correction.record_changed"
    sentence = "提出更正以后，该人员的登记内容已有变动。"
    remedy = "请选择“退回补正”，由支部按现在的登记重新提出。"
    rule = "更正针对提出时的登记内容作出"


def propose(
    session: Session,
    *,
    person_id: int,
    case_id: int,
    name: str | None,
    identity_number: str | None,
    document: str,
    reason: str,
    rules: Mapping[str, Any],
    actor: Actor,
) -> PersonCorrection:
    """Put a proposal on record; proposing again in the same case replaces it. What is None stays as it is.

    `rules` has `apply_age_min` and `apply_age_max_exclusive` (years). Raises NotFound, NothingToChange,
    IdentityNumberWrong and IdentityOnRecord by field, CorrectionOpen.
    """
    person = _locked(session, person_id)
    name = (name or person.name).strip()
    number, born, sex = _told_by(person, identity_number)
    if (name, number) == (person.name, person.identity):
        raise NothingToChange(fields={"name": NothingToChange.sentence})
    _refuse_clash(session, person, number)
    row = of_case(session, case_id) or PersonCorrection(person_id=person.id, case_id=case_id)
    row.name_before, row.name_after = person.name, name
    row.identity_before = person.masked_identity()
    row.identity_after = identity_numbers.mask(number) if number else ""
    row.changes_number = number != person.identity
    row.identity_proposed = number if row.changes_number else None
    row.birth_before, row.birth_after = person.birth_date, born
    row.sex_before, row.sex_after = person.sex, sex
    row.document, row.reason = document.strip(), reason.strip()
    row.age_fault = "" if born == person.birth_date else _age_fault(session, person_id, born, rules)
    row.status, row.proposed_by, row.proposed_at = CorrectionStatus.PROPOSED, actor.person_id, clock.now()
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        raise CorrectionOpen() from error
    return row


def compare(session: Session, *, case_id: int, identity_number: str | None) -> PersonCorrection:
    """Make sure that the second person read the same number from the paper; raises NumbersDiffer, NotFound."""
    row = get_of_case(session, case_id)
    if row.identity_proposed is not None and identity_numbers.normal(identity_number or "") != row.identity_proposed:
        raise NumbersDiffer(fields={"id_number_again": "与提出的号码不一致"})
    return row


def apply(session: Session, *, case_id: int, actor: Actor) -> PersonCorrection:
    """Change the record; doing it again changes nothing. Journalled on the case, without what was changed.

    Raises RecordChangedMeanwhile, IdentityOnRecord, NotFound.
    """
    row = get_of_case(session, case_id)
    if row.status == CorrectionStatus.APPLIED:
        return row
    person = _locked(session, row.person_id)
    if (person.name, person.masked_identity(), person.birth_date) != (
        row.name_before,
        row.identity_before,
        row.birth_before,
    ):
        raise RecordChangedMeanwhile()
    number = row.identity_proposed or person.identity
    _refuse_clash(session, person, number)
    changed = [
        what
        for what, before, after in (
            ("name", row.name_before, row.name_after),
            ("identity", person.identity, number),
            ("birth_date", row.birth_before, row.birth_after),
            ("sex", row.sex_before, row.sex_after),
        )
        if before != after
    ]
    try:
        with session.begin_nested():
            person.name, person.birth_date, person.sex = row.name_after, row.birth_after, row.sex_after
            person.identify(number)
            session.flush()
    except IntegrityError as error:  # the number was registered for somebody else in the same moment
        raise IdentityOnRecord(fields={"id_number": "该号码已登记在另一人名下"}) from error
    _settle(row, CorrectionStatus.APPLIED, actor)
    session.flush()
    journal.record(
        session,
        Event.PERSON_CORRECTED,
        chain=journal.case_chain(case_id),
        actor=actor,
        person=person.id,
        correction=row.id,
        changed=changed,
        proposed_by=row.proposed_by,
    )
    return row


def end(session: Session, *, case_id: int, status: CorrectionStatus, actor: Actor) -> PersonCorrection:
    """The proposal is refused or dropped: the proposed number is erased, all else stays to be read."""
    row = get_of_case(session, case_id)
    _settle(row, status, actor)
    session.flush()
    return row


def of_case(session: Session, case_id: int) -> PersonCorrection | None:
    """The proposal a case works on, if there is one yet."""
    return session.scalars(select(PersonCorrection).where(PersonCorrection.case_id == case_id)).first()


def get_of_case(session: Session, case_id: int) -> PersonCorrection:
    """The proposal a case works on; raises NotFound."""
    found = of_case(session, case_id)
    if found is None:
        raise NotFound(what="更正")
    return found


def of_person(session: Session, person_id: int) -> list[PersonCorrection]:
    """Everything proposed for a person, the latest first."""
    query = select(PersonCorrection).where(PersonCorrection.person_id == person_id)
    return list(session.scalars(query.order_by(PersonCorrection.id.desc())))


def people_of_branch(session: Session, unit_id: int) -> list[Person]:
    """Whose record the branch keeps: its members, and whoever applies or was admitted there; by name."""
    candidates = select(Candidate.person_id).where(
        Candidate.unit_id == unit_id, Candidate.status.in_([CandidateStatus.APPLYING, CandidateStatus.ADMITTED])
    )
    enrolled = select(LeagueMember.person_id).where(
        LeagueMember.unit_id == unit_id, LeagueMember.status == MemberStatus.ACTIVE
    )
    query = select(Person).where(Person.id.in_(candidates.union(enrolled))).order_by(Person.name, Person.id)
    return list(session.scalars(query))


def _locked(session: Session, person_id: int) -> Person:
    query = select(Person).where(Person.id == person_id).with_for_update(key_share=True)
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="人员")
    return found


def _told_by(person: Person, number: str | None) -> tuple[str | None, date, Sex]:
    """The number in normal form with the day of birth and the sex it tells; as on record when there is none."""
    if number is None:
        return person.identity, person.birth_date, person.sex
    if person.nationality != "CN":
        verified = identity_numbers.verify(
            number, birth_date=person.birth_date, sex=person.sex, nationality=person.nationality
        )
        return verified, person.birth_date, person.sex
    clean, born, sex = identity_numbers.told_by(number)
    return clean, born, Sex(sex)


def _refuse_clash(session: Session, person: Person, number: str | None) -> None:
    known = people.by_identity(session, number) if number else None
    if known is not None and known.id != person.id:
        raise IdentityOnRecord(fields={"id_number": "该号码已登记在另一人名下"})


def _age_fault(session: Session, person_id: int, born: date, rules: Mapping[str, Any]) -> str:
    """Which day of the person's admission does not agree with this day of birth (团章第一条)."""
    least, most = int(rules["apply_age_min"]), int(rules["apply_age_max_exclusive"])
    standing = [CandidateStatus.APPLYING, CandidateStatus.ADMITTED]
    applied = select(Candidate.applied_on).where(Candidate.person_id == person_id, Candidate.status.in_(standing))
    joined = select(LeagueMember.joined_on).where(LeagueMember.person_id == person_id)
    days = [("申请", day) for day in session.scalars(applied)] + [("入团", day) for day in session.scalars(joined)]
    for what, day in sorted(days, key=lambda each: each[1]):
        age = members.age_on(born, day)
        if age < least:
            return f"按更正后的出生日期，{what}之日（{day}）未满{least}周岁"
        if age >= most:
            return f"按更正后的出生日期，{what}之日（{day}）已满{most}周岁"
    return ""


def _settle(row: PersonCorrection, status: CorrectionStatus, actor: Actor) -> None:
    row.status, row.settled_by, row.settled_at = status, actor.person_id, clock.now()
    row.identity_proposed = None
