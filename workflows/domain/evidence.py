"""The ledger of evidence of training: lessons, volunteer service, assessments, talks, recommendations of a candidate.

A row is never changed. A correction is a later row that names the one it takes the place of, with who and why; a row
struck out has nothing in its place. What happened after the fact keeps both dates: `happened_on` and `recorded_at`.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import evidence_forms
from workflows.domain.columns import reference, word
from workflows.domain.evidence_forms import LONGEST_DOCUMENT, LONGEST_NAME, Entered, Kind, Mode, Result
from workflows.domain.people import Person
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

SHORTEST_REASON, LONGEST_REASON = 5, 500
WORD = 12


class Evidence(Base):
    """One row. `case_id` is the case it was entered under; triggers refuse to change or delete it."""

    __tablename__ = "evidence"
    __table_args__ = (Index("ix_evidence_person", "person_id", "happened_on"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id", index=False)
    case_id: Mapped[int] = mapped_column(BigId, index=True)
    kind: Mapped[Kind] = mapped_column(word(Kind))
    happened_on: Mapped[date] = mapped_column(Date)
    topic: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int | None]
    mode: Mapped[Mode | None] = mapped_column(word(Mode, WORD))
    conductor: Mapped[str] = mapped_column(String(LONGEST_NAME))
    witness: Mapped[str] = mapped_column(String(LONGEST_NAME))
    result: Mapped[Result | None] = mapped_column(word(Result, WORD))
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = reference("person.id", index=False)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("evidence_file.id"), index=True)
    corrects_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("evidence.id"), unique=True)
    is_struck: Mapped[bool] = mapped_column(Boolean)
    reason: Mapped[str | None] = mapped_column(Text)


class EvidenceFile(Base):
    """A file from which rows were taken over, by the digest of its content: no file is taken over twice at a unit."""

    __tablename__ = "evidence_file"
    __table_args__ = (
        Index("uq_evidence_file_content", "unit_id", "digest", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    name: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    digest: Mapped[str] = mapped_column(String(64))
    rows: Mapped[int]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int] = reference("person.id", index=False)


class EnteredAlready(Refusal):
    """The same thing on the same day is on record."""

    code = "evidence.entered_already"
    sentence = "{day}的“{what}”已登记（第 {id} 号，{recorded}登记），不能重复登记。"
    remedy = "如那一条有误，请更正那一条。"
    rule = "同一天的同一内容只登记一次"


class CorrectedAlready(Refusal):
    """Somebody has corrected this row; only the latest stands to be corrected."""

    code = "evidence.corrected_already"
    sentence = "第 {id} 号材料已被第 {by} 号更正。"
    remedy = "请刷新后更正最新的一条。"
    rule = "更正只对现行的一条作出"


class ReasonNeeded(InvalidData):
    """A correction says why."""

    code = "evidence.reason"
    sentence = "更正须说明理由，5 至 500 个字。"
    remedy = "请写明由谁更正、为什么更正。"
    rule = "更正须说明由谁更正、为什么更正，原记录保留"


def record(
    session: Session,
    *,
    person_id: int,
    case_id: int,
    kind: Kind,
    values: Mapping[str, Any],
    actor: Actor,
    file_id: int | None = None,
) -> Evidence:
    """Enter one piece of evidence; raises EvidenceWrong by field, EnteredAlready naming the earlier row.

    The person's row is locked, so that two people do not enter the same thing at once. Journalled on the case.
    """
    entered = evidence_forms.read(kind, values)
    standing = standing_of(_locked_rows(session, person_id))
    _refuse_twice(kind, entered, standing)
    row = _row(person_id, case_id, kind, entered, actor)
    row.file_id = file_id
    return _keep(session, row, Event.EVIDENCE_RECORDED, actor)


def correct(
    session: Session, *, entry_id: int, values: Mapping[str, Any] | None, reason: str, actor: Actor
) -> Evidence:
    """Put a row in the place of another, or strike that out (`values` None); the earlier one stays to be read.

    Raises ReasonNeeded, EvidenceWrong, CorrectedAlready, EnteredAlready, NotFound. Journalled on the case.
    """
    reason = reason.strip()
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise ReasonNeeded(fields={"reason": ReasonNeeded.sentence})
    earlier = get(session, entry_id)
    entered = _as_it_was(earlier) if values is None else evidence_forms.read(earlier.kind, values)
    rows = _locked_rows(session, earlier.person_id)
    if later := next((row for row in rows if row.corrects_id == earlier.id), None):
        raise CorrectedAlready(id=earlier.id, by=later.id)
    if earlier.is_struck:
        raise CorrectedAlready(id=earlier.corrects_id, by=earlier.id)
    if values is not None:
        _refuse_twice(earlier.kind, entered, [row for row in standing_of(rows) if row is not earlier])
    row = _row(earlier.person_id, earlier.case_id, earlier.kind, entered, actor)
    row.corrects_id, row.reason, row.is_struck = earlier.id, reason, values is None
    return _keep(session, row, Event.EVIDENCE_CORRECTED, actor)


def get(session: Session, entry_id: int) -> Evidence:
    """The row; raises NotFound."""
    found = session.get(Evidence, entry_id)
    if found is None:
        raise NotFound(what="培养材料")
    return found


def of_person(session: Session, person_id: int) -> list[Evidence]:
    """Every row of a person, those corrected and struck out as well, in the order in which things happened."""
    query = select(Evidence).where(Evidence.person_id == person_id).order_by(Evidence.happened_on, Evidence.id)
    return list(session.scalars(query))


def standing_of(rows: Collection[Evidence]) -> list[Evidence]:
    """The rows that stand: neither corrected nor struck out."""
    corrected = {row.corrects_id for row in rows}
    return [row for row in rows if row.id not in corrected and not row.is_struck]


def _locked_rows(session: Session, person_id: int) -> list[Evidence]:
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    return of_person(session, person_id)


def _refuse_twice(kind: Kind, entered: Entered, standing: Collection[Evidence]) -> None:
    what = _sameness(kind, entered)
    for row in standing:
        if row.kind == kind and row.happened_on == entered.happened_on and _sameness(kind, row) == what:
            day, recorded = row.happened_on.isoformat(), row.recorded_at.astimezone(clock.OFFICE_ZONE).date()
            raise EnteredAlready(id=row.id, day=day, what=what or kind.label, recorded=recorded.isoformat())


def _sameness(kind: Kind, entry: Entered | Evidence) -> str:
    """What two pieces of evidence of one day must not have in common."""
    if kind in (Kind.CLASS_HOURS, Kind.VOLUNTEER_HOURS):
        return entry.topic.casefold()
    return entry.conductor.casefold() if kind == Kind.TALK else ""


def _as_it_was(row: Evidence) -> Entered:
    return Entered(
        happened_on=row.happened_on,
        topic=row.topic,
        minutes=row.minutes,
        mode=row.mode,
        conductor=row.conductor,
        witness=row.witness,
        result=row.result,
        document=row.document,
    )


def _row(person_id: int, case_id: int, kind: Kind, entered: Entered, actor: Actor) -> Evidence:
    return Evidence(
        person_id=person_id,
        case_id=case_id,
        kind=kind,
        recorded_at=clock.now(),
        recorded_by=actor.person_id,
        post_id=actor.post_id,
        for_person_id=actor.for_person_id,
        is_struck=False,
        **vars(entered),
    )


def _keep(session: Session, row: Evidence, event: Event, actor: Actor) -> Evidence:
    session.add(row)
    session.flush()
    journal.record(
        session,
        event,
        chain=journal.case_chain(row.case_id),
        actor=actor,
        happened_on=row.happened_on,
        evidence=row.id,
        kind=row.kind,
        corrects=row.corrects_id,
        struck=row.is_struck,
        file=row.file_id,
    )
    return row
