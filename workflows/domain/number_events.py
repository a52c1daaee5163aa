"""What happened to a number beside being taken, used or given back: its form spoilt and replaced, its file closed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain.columns import reference, word
from workflows.domain.numbering import Place
from workflows.journal import Actor, Event


class NumberEventKind(StrEnum):
    """The kinds of event."""

    VOID = "void"
    REBOUND = "rebound"
    FILED = "filed"

    @property
    def label(self) -> str:
        """What a reader of the number's history calls it."""
        return _LABELS[self]


_LABELS = {
    NumberEventKind.VOID: "志愿书作废，编号保留",
    NumberEventKind.REBOUND: "换发志愿书，仍用原编号",
    NumberEventKind.FILED: "归档",
}


class NumberEvent(Base):
    """One event of a number while a case held it. Triggers in the database refuse to change or delete it."""

    __tablename__ = "number_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    place_id: Mapped[int] = reference("place.id")
    kind: Mapped[NumberEventKind] = mapped_column(word(NumberEventKind))
    reason: Mapped[str] = mapped_column(String(400), default="")
    person_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]


def note(session: Session, place: Place, kind: NumberEventKind, actor: Actor, reason: str = "") -> NumberEvent:
    """Put an event on record, in the journal chain of the unit that holds the place too."""
    event = NumberEvent(place_id=place.id, kind=kind, reason=reason, person_id=actor.person_id, at=clock.now())
    session.add(event)
    session.flush()
    journal.record(
        session,
        Event.NUMBER_NOTED,
        chain=journal.unit_chain(place.unit_id),
        actor=actor,
        number=place.number,
        case=place.case_id,
        kind=kind.value,
        reason=reason,
    )
    return event


def events_of(session: Session, place_ids: list[int]) -> list[NumberEvent]:
    """The events of these places, oldest first."""
    query = select(NumberEvent).where(NumberEvent.place_id.in_(place_ids)).order_by(NumberEvent.id)
    return list(session.scalars(query))
