"""Memberships that are over: when and how each ended, under which number. A number is never given out again."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Date, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows.database import Base, BigId
from workflows.domain.columns import reference, word

LONGEST_DOCUMENT = 200
LONGEST_REASON = 500


class LeftAs(StrEnum):
    """How a membership ended (rulebook §4.7, §4.8)."""

    RESIGNED = "resigned"
    LAPSED = "lapsed"
    OVER_AGE = "over_age"
    EXPELLED = "expelled"

    @property
    def label(self) -> str:
        """The Chinese word for this way of leaving."""
        return _LABELS[self]


_LABELS = {
    LeftAs.RESIGNED: "退团",
    LeftAs.LAPSED: "自行脱团",
    LeftAs.OVER_AGE: "超龄离团",
    LeftAs.EXPELLED: "开除团籍",
}


class PastMembership(Base):
    """One membership from admission to its end. `case_id` is the case that led to it, where this product kept it."""

    __tablename__ = "past_membership"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = reference("person.id")
    unit_id: Mapped[int] = reference("unit.id", index=False)
    case_id: Mapped[int | None] = mapped_column(BigId, unique=True)
    number: Mapped[str | None] = mapped_column(String(12), unique=True)
    card_number: Mapped[str | None] = mapped_column(String(8), unique=True)
    joined_on: Mapped[date] = mapped_column(Date)
    file_entered_on: Mapped[date | None] = mapped_column(Date)
    left_on: Mapped[date] = mapped_column(Date)
    left_as: Mapped[LeftAs] = mapped_column(word(LeftAs))
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    reason: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(BigId)
    post_id: Mapped[int | None] = mapped_column(BigId)


def of_person(session: Session, person_id: int) -> Sequence[PastMembership]:
    """Every membership of the person that is over, the first first."""
    query = select(PastMembership).where(PastMembership.person_id == person_id)
    return session.scalars(query.order_by(PastMembership.left_on, PastMembership.id)).all()


def latest(session: Session, person_id: int, until: date | None = None) -> PastMembership | None:
    """The membership that ended last, by `until` if a day is given; None for somebody who had never left."""
    found = [each for each in of_person(session, person_id) if until is None or each.left_on <= until]
    return found[-1] if found else None


def of_case(session: Session, case_id: int) -> PastMembership | None:
    """The membership a case led to, when that is over."""
    return session.scalars(select(PastMembership).where(PastMembership.case_id == case_id)).first()


def spent(*, number: str | None = None, card_number: str | None = None) -> ColumnElement[bool]:
    """Whether the number, or the card's, belongs to a membership that is over, as a part of another statement."""
    query = select(PastMembership.id)
    if number is not None:
        query = query.where(PastMembership.number == number)
    if card_number is not None:
        query = query.where(PastMembership.card_number == card_number)
    return query.exists()
