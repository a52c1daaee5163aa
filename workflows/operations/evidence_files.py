"""Volunteer service of a branch's candidates from a file: a preview with every wrong row, then all rows or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import evidence as ledger
from workflows.domain import posts, units, volunteer_files
from workflows.domain.evidence import EvidenceFile
from workflows.domain.evidence_forms import Kind
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.people import Person
from workflows.domain.volunteer_files import FileRow, VolunteerFile
from workflows.errors import NotAuthorised, Refusal
from workflows.journal import Actor, Event
from workflows.operations.evidence import ENTERED_BY

LONGEST_NAME = 120

NOBODY = "本支部没有这名正在办理的申请人"
SEVERAL = "本支部有同名的申请人，请填写案卷号"
NOT_THE_CASE = "案卷号与姓名不符"
FORMULA = "这一格是公式，请改为它的结果"
FAULTS = (NOBODY, SEVERAL, NOT_THE_CASE, FORMULA)
"""What is said of a row that belongs to nobody, or of a cell that holds no value."""

LABELS = {key: known[0] for key, known in volunteer_files.COLUMNS.items()}
"""What people call each column."""


class FileRowsWrong(Refusal):
    """Some rows cannot be taken over, so none is."""

    code = "evidence.file_rows_wrong"
    sentence = "文件中有 {n} 行不能登记，一行也没有登记。"
    remedy = "请按各行的说明更正文件后重新导入。"
    rule = "一个文件要么全部登记，要么一行也不登记"


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row: a sentence, with the field's label and cell where it is one; or the refusal it met."""

    text: str
    label: str = ""
    refusal: Refusal | None = None
    cell: str = ""


@dataclass(frozen=True)
class CheckedRow:
    """One row of the file, whose case it belongs to, and why it cannot be taken over (nothing when it can)."""

    row: FileRow
    case_id: int | None = None
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Checked:
    """A file before it is taken over; `taken` is the earlier one when the same content was taken over before.

    `columns` is the heading under which each column was found.
    """

    digest: str
    rows: list[CheckedRow]
    columns: dict[str, str]
    taken: EvidenceFile | None = None

    @property
    def wrong(self) -> list[CheckedRow]:
        """The rows that cannot be taken over."""
        return [row for row in self.rows if row.faults]


def check(
    session: Session, *, unit_id: int, text: str, actor: Actor, columns: Mapping[str, str] | None = None
) -> Checked:
    """Try every row and take all of it back; raises NotAuthorised, and FileUnreadable for what is no table.

    `columns` says under which heading a column stands when it has none of the names in use.
    """
    file = _begin(session, unit_id, text, actor, columns)
    taken = _taken(session, unit_id, file.digest)
    if taken is not None:
        return Checked(file.digest, [CheckedRow(row) for row in file.rows], file.columns, taken)
    trial = session.begin_nested()
    rows = _enter(session, unit_id, file, actor, None)
    trial.rollback()
    session.expire_all()
    return Checked(file.digest, rows, file.columns)


def take(
    session: Session, *, unit_id: int, name: str, text: str, actor: Actor, columns: Mapping[str, str] | None = None
) -> EvidenceFile:
    """Enter every row of the file; the same content again changes nothing and answers the earlier file.

    Raises FileRowsWrong when one row cannot be entered (and then none is), NotAuthorised, FileUnreadable. The unit's
    row is locked, so that one file is not taken over twice at once. Journalled on the unit, and each row on its case.
    """
    file = _begin(session, unit_id, text, actor, columns)
    units.lock(session, unit_id)
    if taken := _taken(session, unit_id, file.digest):
        return taken
    kept = EvidenceFile(
        unit_id=unit_id,
        name=name[:LONGEST_NAME],
        digest=file.digest,
        rows=len(file.rows),
        recorded_at=clock.now(),
        recorded_by=actor.person_id,
    )
    with session.begin_nested():
        session.add(kept)
        session.flush()
        if wrong := [row for row in _enter(session, unit_id, file, actor, kept.id) if row.faults]:
            raise FileRowsWrong(n=len(wrong))
    chain = journal.unit_chain(unit_id)
    journal.record(session, Event.EVIDENCE_FILE_TAKEN, chain=chain, actor=actor, file=kept.id, rows=kept.rows)
    return kept


def may_take(session: Session, unit_id: int, actor: Actor) -> bool:
    """Whether the actor keeps the records of the branch today."""
    return actor.person_id is not None and any(
        posts.exercises(session, actor.person_id, unit_id, kind) for kind in ENTERED_BY
    )


def insist(session: Session, unit_id: int, actor: Actor) -> None:
    """Raises NotAuthorised unless the actor keeps the records of the branch today, and NotFound."""
    unit = units.get(session, unit_id)
    if not may_take(session, unit_id, actor):
        raise NotAuthorised(unit=unit.name, post="、".join(kind.label for kind in ENTERED_BY))


def _begin(session: Session, unit_id: int, text: str, actor: Actor, columns: Mapping[str, str] | None) -> VolunteerFile:
    insist(session, unit_id, actor)
    return volunteer_files.read(text, columns)


def _taken(session: Session, unit_id: int, digest: str) -> EvidenceFile | None:
    query = select(EvidenceFile).where(EvidenceFile.unit_id == unit_id, EvidenceFile.digest == digest)
    return session.scalars(query).first()


def _enter(session: Session, unit_id: int, file: VolunteerFile, actor: Actor, file_id: int | None) -> list[CheckedRow]:
    known = _applicants(session, unit_id)
    return [_entered(session, row, known, actor, file_id) for row in file.rows]


def _applicants(session: Session, unit_id: int) -> list[tuple[str, int, int]]:
    """Name, case and person of everybody who applies at the branch now."""
    query = (
        select(Person.name, Candidate.case_id, Person.id)
        .join(Candidate, Candidate.person_id == Person.id)
        .where(Candidate.unit_id == unit_id, Candidate.status == CandidateStatus.APPLYING)
    )
    return [(name, case_id, person_id) for name, case_id, person_id in session.execute(query) if case_id is not None]


def _entered(
    session: Session, row: FileRow, known: list[tuple[str, int, int]], actor: Actor, file_id: int | None
) -> CheckedRow:
    if formulas := _formulas(row):
        return CheckedRow(row, None, formulas)
    named = [each for each in known if each[0] == row.name]
    found = [each for each in named if row.case in ("", str(each[1]))]
    if len(found) != 1:
        why = NOBODY if not named else SEVERAL if found else NOT_THE_CASE
        return CheckedRow(row, None, [Fault(why, cell=row.cells["case" if why == NOT_THE_CASE else "name"])])
    _, case_id, person_id = found[0]
    try:
        ledger.record(
            session,
            person_id=person_id,
            case_id=case_id,
            kind=Kind.VOLUNTEER_HOURS,
            values=row.values,
            actor=actor,
            file_id=file_id,
        )
    except Refusal as refusal:
        wrong = [Fault(sentence, LABELS[key], cell=row.cells.get(key, "")) for key, sentence in refusal.fields.items()]
        return CheckedRow(row, case_id, wrong or [Fault(refusal.sentence, refusal=refusal)])
    return CheckedRow(row, case_id)


def _formulas(row: FileRow) -> list[Fault]:
    """A formula says what its author expected to be computed; what it gave is not known, so it is no evidence."""
    told = {"name": row.name, "case": row.case, **row.values}
    return [Fault(FORMULA, LABELS[key], cell=row.cells[key]) for key, value in told.items() if value.startswith("=")]
