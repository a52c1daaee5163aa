"""Notices to people: reminders that a step is overdue. They travel through the outbox and end in a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, and_, or_, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, outbox
from workflows.database import Base, BigId
from workflows.domain import units
from workflows.domain.posts import PostKind
from workflows.domain.units import APPROVING
from workflows.engine.environment import Addressee, Call, Held
from workflows.engine.tables import Case, WorkItem

OUTBOX_KIND = "notice"


class Notice(Base):
    """One notice to whoever holds a post at a unit, or to one person."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_post", "unit_id", "post_kind", "read_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId)
    post_kind: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(BigId, index=True)
    case_id: Mapped[int | None] = mapped_column(BigId, index=True)
    text: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]


def remind(call: Call) -> dict[str, Any]:
    """Remind whoever must do a step, and the grassroots committee above the branch, that it is overdue."""
    text = str(call.parameters["text"])
    query = select(WorkItem).where(WorkItem.case_id == call.case_id, WorkItem.step == call.parameters["step"])
    to = [Addressee(item.unit_id, item.post_kind, item.person_id) for item in call.session.scalars(query)]
    committee = units.ancestor(call.session, call.unit_id, *APPROVING)
    to.append(Addressee(committee.id, PostKind.GRASSROOTS_COMMITTEE))
    for addressee in dict.fromkeys(to):
        post(call.session, addressee, text, call.case_id)
    return {}


def post(session: Session, addressee: Addressee, text: str, case_id: int | None = None) -> None:
    """Ask for a notice to be delivered after the caller's commit."""
    outbox.post(
        session,
        OUTBOX_KIND,
        unit_id=addressee.unit_id,
        post_kind=str(addressee.post_kind),
        person_id=addressee.person_id,
        case_id=case_id,
        text=text,
    )


def deliver(session: Session, payload: Mapping[str, Any]) -> Notice:
    """Write the notice; the caller marks the outbox row done in the same transaction."""
    case = session.get(Case, payload["case_id"]) if payload.get("case_id") else None
    subject = f"{case.title}：" if case and case.title else ""
    notice = Notice(
        unit_id=payload["unit_id"],
        post_kind=payload["post_kind"],
        person_id=payload.get("person_id"),
        case_id=payload.get("case_id"),
        text=f"{subject}{payload['text']}",
        created_at=clock.now(),
    )
    session.add(notice)
    session.flush()
    return notice


def list_for(session: Session, held: Sequence[Held], person_id: int, limit: int = 50) -> list[Notice]:
    """Notices to the person and to the posts the person exercises, unread first, then the newest."""
    posts = [(post.unit_id, str(post.kind)) for post in held]
    to_me: Any = Notice.person_id == person_id
    if posts:
        to_me = or_(to_me, and_(Notice.person_id.is_(None), tuple_(Notice.unit_id, Notice.post_kind).in_(posts)))
    query = select(Notice).where(to_me).order_by(Notice.read_at.is_not(None), Notice.id.desc())
    return list(session.scalars(query.limit(limit)))


def mark_read(session: Session, held: Sequence[Held], person_id: int, notice_id: int) -> None:
    """The person has read the notice; another's notice is left alone."""
    for notice in list_for(session, held, person_id, limit=500):
        if notice.id == notice_id and notice.read_at is None:
            notice.read_at = clock.now()
