"""Public notices (公示): the copy of a few facts that everybody may read for some working days, and its removal.

A posting is one sheet on the board of a branch: the candidates whose notice was put up on the same day stand on it
together, under an address nobody can guess. The copy holds name, class and two dates, and nothing else about anybody.
When the notice of a candidate is over, or the case ends before, the copy is erased for good; what stays says that there
was a notice, and why it was taken down.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import members, units
from workflows.domain.columns import reference, word
from workflows.journal import SYSTEM, Actor, Event

TOKEN_BYTES = 18
"""The address of a posting: 144 bits, so that nobody finds one by trying."""

LONGEST_TEXT = 100


class Kind(StrEnum):
    """Who is made public: those determined as activists, the development targets, the new members (三公示).

    Of recommendations for Party membership: who is to be recommended as Party activist, or as development target.
    """

    ACTIVIST = "activist"
    TARGET = "target"
    MEMBER = "member"
    RECOMMENDED_ACTIVIST = "recommended_activist"
    RECOMMENDED_TARGET = "recommended_target"


class Why(StrEnum):
    """Why the copy was taken down."""

    OVER = "over"
    OBJECTION = "objection"
    CASE_ENDED = "case_ended"


class Posting(Base):
    """One sheet: where and since when it hangs, and to whom one may object."""

    __tablename__ = "posting"
    __table_args__ = (Index("ix_posting_sheet", "unit_id", "posted_on"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    posted_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[Kind] = mapped_column(word(Kind), default=Kind.TARGET, server_default=Kind.TARGET.value)
    place: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    contact: Mapped[str] = mapped_column(String(LONGEST_TEXT))
    token: Mapped[str] = mapped_column(String(24), unique=True)
    created_at: Mapped[datetime]


class PostedCandidate(Base):
    """One candidate on a sheet. `ends_on` is the last day of the notice; None while its days do not count.

    Name, class and dates are NULL as soon as the copy has been taken down.
    """

    __tablename__ = "posted_candidate"
    __table_args__ = (
        Index(
            "uq_posted_candidate_up",
            "case_id",
            unique=True,
            sqlite_where=text("taken_down_at IS NULL"),
            postgresql_where=text("taken_down_at IS NULL"),
        ),
        Index("ix_posted_candidate_ends", "taken_down_at", "ends_on"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    posting_id: Mapped[int] = mapped_column(BigId, ForeignKey("posting.id"), index=True)
    case_id: Mapped[int] = mapped_column(BigId, index=True)
    name: Mapped[str | None] = mapped_column(String(80))
    class_name: Mapped[str | None] = mapped_column(String(60))
    applied_on: Mapped[date | None] = mapped_column(Date)
    activist_on: Mapped[date | None] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    taken_down_at: Mapped[datetime | None]
    why: Mapped[Why | None] = mapped_column(word(Why))


@dataclass(frozen=True)
class Named:
    """Whom a copy shows, where that is not the candidate of an admission; `applied_on` to the Party."""

    name: str
    applied_on: date
    activist_on: date | None = None


@dataclass(frozen=True)
class Sheet:
    """What a notice says beside the candidate: since when and where it hangs, how to object, and of what kind it is."""

    posted_on: date
    place: str = ""
    contact: str = ""
    kind: Kind = Kind.TARGET


def put_up(
    session: Session,
    *,
    case_id: int,
    unit_id: int,
    sheet: Sheet,
    ends_on: date,
    activist_on: date | None = None,
    named: Named | None = None,
    actor: Actor = SYSTEM,
) -> PostedCandidate | None:
    """Show the candidate of a case, or whom `named` names, until `ends_on`; journalled. A copy that hangs hangs on.

    A copy left over from an earlier notice comes down first. A notice that was over before it was recorded is not shown
    any more: None. Raises NotFound without a candidate.
    """
    row = hanging(session, case_id)
    if row is not None and _is_left_over(session, row, sheet):
        _erase(session, row, Why.OVER, SYSTEM)
        row = None
    if ends_on < clock.today():
        return None
    if row is None:
        row = _copy(session, case_id, activist_on) if named is None else _copy_of(case_id, named)
        row.posting_id = _sheet(session, unit_id, sheet).id
        session.add(row)
    row.ends_on = ends_on
    session.flush()
    chain, until = journal.case_chain(case_id), ends_on.isoformat()
    journal.record(session, Event.POSTING_PUT_UP, chain=chain, actor=actor, posting=row.posting_id, until=until)
    return row


def _copy(session: Session, case_id: int, activist_on: date | None) -> PostedCandidate:
    candidate, name = members.named_of_case(session, case_id)
    shown = {"name": name, "class_name": candidate.class_name, "applied_on": candidate.applied_on}
    return PostedCandidate(case_id=case_id, **shown, activist_on=activist_on)


def _copy_of(case_id: int, named: Named) -> PostedCandidate:
    shown = {"name": named.name, "applied_on": named.applied_on, "activist_on": named.activist_on}
    return PostedCandidate(case_id=case_id, **shown)


def _is_left_over(session: Session, row: PostedCandidate, sheet: Sheet) -> bool:
    has_ended = row.ends_on is not None and row.ends_on < clock.today()
    return has_ended or session.get_one(Posting, row.posting_id).kind != sheet.kind


def stop(session: Session, case_id: int) -> None:
    """The days of the notice do not count until it is put up again; the copy hangs on. Harmless without one."""
    if row := hanging(session, case_id):
        row.ends_on = None
        session.flush()


def take_down(session: Session, case_id: int, why: Why, actor: Actor = SYSTEM) -> None:
    """Erase the copy of a case; journalled. Harmless when none hangs."""
    hangs = (PostedCandidate.case_id == case_id, PostedCandidate.taken_down_at.is_(None))
    erased = update(PostedCandidate).where(*hangs).values(**_ERASED, taken_down_at=clock.now(), why=why)
    posting_id = session.scalar(erased.returning(PostedCandidate.posting_id))
    if posting_id is not None:
        _note_taken_down(session, case_id, posting_id, why, actor)


def take_down_over(session: Session, posting_id: int | None = None) -> int:
    """Erase every copy whose last day has passed, on one sheet or on all; how many there were."""
    query = select(PostedCandidate).where(
        PostedCandidate.taken_down_at.is_(None), PostedCandidate.ends_on < clock.today()
    )
    if posting_id is not None:
        query = query.where(PostedCandidate.posting_id == posting_id)
    rows = session.scalars(query.order_by(PostedCandidate.id).with_for_update(skip_locked=True)).all()
    for row in rows:
        _erase(session, row, Why.OVER, SYSTEM)
    return len(rows)


def at(session: Session, token: str) -> Posting | None:
    """The sheet with this address."""
    return session.scalar(select(Posting).where(Posting.token == token))


def shown_on(session: Session, posting_id: int) -> Sequence[PostedCandidate]:
    """The candidates everybody may read about on this day, by name."""
    today = clock.today()
    query = select(PostedCandidate).where(
        PostedCandidate.posting_id == posting_id, PostedCandidate.taken_down_at.is_(None)
    )
    rows = session.scalars(query.order_by(PostedCandidate.name, PostedCandidate.id))
    return [row for row in rows if row.ends_on is None or row.ends_on >= today]


def of_case(session: Session, case_id: int) -> Sequence[tuple[PostedCandidate, Posting]]:
    """Every notice of a case with its sheet, the latest first."""
    query = select(PostedCandidate, Posting).join(Posting).where(PostedCandidate.case_id == case_id)
    return [(row, sheet) for row, sheet in session.execute(query.order_by(PostedCandidate.id.desc()))]


def hanging(session: Session, case_id: int) -> PostedCandidate | None:
    """The copy of a case that has not been taken down."""
    query = select(PostedCandidate).where(PostedCandidate.case_id == case_id, PostedCandidate.taken_down_at.is_(None))
    return session.scalar(query.with_for_update())


def _sheet(session: Session, unit_id: int, sheet: Sheet) -> Posting:
    """The sheet of this unit and day that says the same; the unit is locked, so that two do not hang up two."""
    units.lock(session, unit_id)
    query = select(Posting).where(Posting.unit_id == unit_id, Posting.posted_on == sheet.posted_on)
    for found in session.scalars(query.order_by(Posting.id)):
        if (found.kind, found.place, found.contact) == (sheet.kind, sheet.place, sheet.contact):
            return found
    made = Posting(
        unit_id=unit_id,
        posted_on=sheet.posted_on,
        kind=sheet.kind,
        place=sheet.place,
        contact=sheet.contact,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made


_ERASED = dict.fromkeys(("name", "class_name", "applied_on", "activist_on"))
"""What a copy that was taken down no longer says."""


def _erase(session: Session, row: PostedCandidate, why: Why, actor: Actor) -> None:
    for column, value in _ERASED.items():
        setattr(row, column, value)
    row.taken_down_at, row.why = clock.now(), why
    session.flush()
    _note_taken_down(session, row.case_id, row.posting_id, why, actor)


def _note_taken_down(session: Session, case_id: int, posting_id: int, why: Why, actor: Actor) -> None:
    chain = journal.case_chain(case_id)
    journal.record(session, Event.POSTING_TAKEN_DOWN, chain=chain, actor=actor, posting=posting_id, why=why)
