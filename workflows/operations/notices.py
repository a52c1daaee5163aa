"""Notices to people: reminders that a step is overdue, and reports of it to the levels above.

They travel through the outbox and end in a table. A notice never decides anything.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, and_, or_, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, outbox
from workflows.database import Base, BigId
from workflows.domain import people, posts, units
from workflows.domain.posts import PostKind
from workflows.domain.units import APPROVING, FILING, UnitKind
from workflows.engine.environment import Addressee, Call, Held
from workflows.engine.tables import Case, WorkItem
from workflows.errors import Refusal
from workflows.operations.posts import LANES

OUTBOX_KIND = outbox.NOTICE

LEVELS = {
    "基层团委": (APPROVING, PostKind.GRASSROOTS_COMMITTEE),
    "县级团委": (FILING, PostKind.COUNTY_COMMITTEE),
    "盟市团委": ((UnitKind.PREFECTURE,), PostKind.PREFECTURE_COMMITTEE),
    "自治区团委": ((UnitKind.REGION,), PostKind.REGION_COMMITTEE),
}
"""Whom a drawing may have told of what is long overdue: the committee of this level above the case's unit."""


class LevelUnknown(Refusal):
    """A drawing names a level that nothing can be reported to."""

    code = "notice.level_unknown"
    sentence = "不能报告“{level}”，应为基层团委、县级团委、盟市团委、自治区团委之一。"
    remedy = "请联系流程管理员。"
    rule = "逾期只报告组织树上的上级团委"


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


class Escalation(Base):
    """One level above has been told that one waiting step is long overdue: told once, and not again."""

    __tablename__ = "escalation"

    work_item_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    """The waiting step; one that is done and reached again is another."""
    unit_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    post_kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"), index=True)
    step: Mapped[str] = mapped_column(String(80))
    told_at: Mapped[datetime]


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


def escalate(call: Call) -> dict[str, Any]:
    """Tell the committee of the level `to` that a step is long overdue: since when it waits, and for whom.

    Each level is told once of each waiting step; a step that has been done meanwhile is told to nobody. Raises
    LevelUnknown, and NothingAbove when no unit of that level stands above the case's.
    """
    session, to = call.session, str(call.parameters["to"])
    if to not in LEVELS:
        raise LevelUnknown(level=to)
    kinds, post_kind = LEVELS[to]
    above = Addressee(units.ancestor(session, call.unit_id, *kinds).id, post_kind)
    query = select(WorkItem).where(WorkItem.case_id == call.case_id, WorkItem.step == call.parameters["step"])
    for item in session.scalars(query.order_by(WorkItem.id)):
        if session.get(Escalation, (item.id, above.unit_id, above.post_kind)) is None:
            level = {"unit_id": above.unit_id, "post_kind": above.post_kind}
            told = {"case_id": item.case_id, "step": item.step, "told_at": clock.now()}
            session.add(Escalation(work_item_id=item.id, **level, **told))
            post(session, above, _facts(session, item), call.case_id)
    return {}


def _facts(session: Session, item: WorkItem) -> str:
    """What is known without opening the case: the step, since when it waits, how long it had, who must act."""
    since = item.created_at.astimezone(clock.OFFICE_ZONE).date()
    unit, kind = units.get(session, item.unit_id), PostKind(item.post_kind)
    names = [person.name for person in posts.holders(session, item.unit_id, [kind])]
    if item.person_id is not None:
        names = [people.get(session, item.person_id).name]
    due = f"，期限为{item.due_on}" if item.due_on else ""
    who = f"{unit.name}{kind.label}（{'、'.join(names) or '暂缺'}）"
    return f"“{item.label}”自{since}起待办{due}，至今未办。应由{who}办理，请督促。"


def tell(call: Call) -> dict[str, Any]:
    """Tell whoever holds the posts that the lanes `to` name, seen from the case's unit, of what has happened."""
    for lane in call.parameters["to"]:
        post(
            call.session, LANES[lane](call.session, call.unit_id, call.data), str(call.parameters["text"]), call.case_id
        )
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
    own = [(each.unit_id, str(each.kind)) for each in held]
    to_me: Any = Notice.person_id == person_id
    if own:
        to_me = or_(to_me, and_(Notice.person_id.is_(None), tuple_(Notice.unit_id, Notice.post_kind).in_(own)))
    query = select(Notice).where(to_me).order_by(Notice.read_at.is_not(None), Notice.id.desc())
    return list(session.scalars(query.limit(limit)))


def mark_read(session: Session, held: Sequence[Held], person_id: int, notice_id: int) -> None:
    """The person has read the notice; another's notice is left alone."""
    for notice in list_for(session, held, person_id, limit=500):
        if notice.id == notice_id and notice.read_at is None:
            notice.read_at = clock.now()
