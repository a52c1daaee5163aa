"""Transfers of a candidate (转入转出): asked by one branch, examined by another, or gone to a unit outside the tree.

The application stays the same one: its days, talks and evidence go on at the branch that accepts it (培养时间连续计算).
Nothing moves before the receiving branch has said yes; a refusal leaves everything where it was. A reserved place
belongs to the committee that holds it and does not travel.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, Index, String, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import members, people, quotas, units
from workflows.domain.columns import reference, word
from workflows.domain.numbering import PlaceState
from workflows.domain.units import APPROVING, Unit, UnitKind
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

LONGEST_NAME = 120
LONGEST_REASON = 500
RECEIVING = (UnitKind.BRANCH, UnitKind.GENERAL_BRANCH)
"""The levels that develop members, and so may receive a candidate."""


class TransferStatus(StrEnum):
    """What has become of a transfer."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DROPPED = "dropped"
    """The case ended before anybody answered."""
    GONE = "gone"
    """To a unit that this product does not know; the case has ended."""

    @property
    def label(self) -> str:
        """The Chinese word for this state."""
        return _LABELS[self]


_LABELS = {
    TransferStatus.ASKED: "待接收",
    TransferStatus.ACCEPTED: "已接收",
    TransferStatus.REFUSED: "不予接收",
    TransferStatus.DROPPED: "案卷已办结",
    TransferStatus.GONE: "已转出",
}


class Transfer(Base):
    """One transfer of one case. `to_unit_id` is None for a unit outside the tree, which only has a name."""

    __tablename__ = "transfer"
    __table_args__ = (
        Index(
            "uq_transfer_asked",
            "case_id",
            unique=True,
            sqlite_where=text("status = 'asked'"),
            postgresql_where=text("status = 'asked'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, index=True)
    candidate_id: Mapped[int] = reference("candidate.id", index=False)
    from_unit_id: Mapped[int] = reference("unit.id")
    to_unit_id: Mapped[int | None] = reference("unit.id", nullable=True)
    to_name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    status: Mapped[TransferStatus] = mapped_column(word(TransferStatus))
    asked_on: Mapped[date] = mapped_column(Date)
    asked_at: Mapped[datetime]
    asked_by: Mapped[int | None] = mapped_column(BigId)
    answered_on: Mapped[date | None] = mapped_column(Date)
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    """Why the receiving branch refused."""


class ReceiverUnknown(InvalidData):
    """No branch, or more than one, is called so."""

    code = "transfer.receiver_unknown"
    sentence = "接收团支部有误。"
    remedy = "请按提示修改。"
    rule = "区内转接须写明接收的团支部；转往区外或系统中没有的组织，用“转出到系统外”办理"


class TransferPending(Refusal):
    """One transfer after the other."""

    code = "transfer.pending"
    sentence = "本案已提出转往“{unit}”，对方尚未答复。"
    remedy = "请等对方答复，或请其上级团委督促。"
    rule = "一次只办理一个转接，双方都确认后才转"


class PlaceDoesNotTravel(Refusal):
    """A place is reserved, and the receiving branch draws on another committee's places."""

    code = "transfer.place_reserved"
    sentence = "本案已在“{holder}”预留名额与编号，“{receiver}”用的是另一团委的名额，不能带走。"
    remedy = "请先由“{holder}”退回名额（例如在公示认定时退回继续培养），再办理转接；编号不随人走。"
    rule = "名额与编号属于预留它的团委"


class NothingToAnswer(Refusal):
    """There is no transfer that waits for an answer."""

    code = "transfer.nothing_asked"
    sentence = "本案没有等待答复的转接，可能已经办理。"
    remedy = "请刷新后查看。"
    rule = "双方都确认后才转"


class MeetingHasDecided(Refusal):
    """Who has been adopted is moved as a member, not as a candidate."""

    code = "transfer.too_late"
    sentence = "支部大会已通过接收，申请人不能再以培养对象转接。"
    remedy = "请在本支部办完，入团后按团员组织关系转接办理。"
    rule = "培养期间的转接在支部大会通过以前办理"


def ask(session: Session, *, case_id: int, to: str, asked_on: date, actor: Actor) -> Transfer:
    """Ask the branch called `to` (its code or its full name) to take over the candidate of a case.

    Raises ReceiverUnknown, TransferPending, PlaceDoesNotTravel. Journalled on the case.
    """
    candidate = members.get_of_case(session, case_id)
    pending = asked(session, case_id)
    if pending is not None:
        raise TransferPending(unit=pending.to_name)
    receiver = receiver_called(session, to)
    if receiver.id == candidate.unit_id:
        raise ReceiverUnknown(fields={"to_unit": "申请人就在这个团支部"})
    _insist_on_place(session, case_id, receiver)
    return _record(
        session, TransferStatus.ASKED, case_id=case_id, to=receiver.name, to_unit_id=receiver.id, on=asked_on, by=actor
    )


def accept(session: Session, *, case_id: int, answered_on: date, adopted: bool, actor: Actor) -> Transfer:
    """The receiving branch takes the candidate over: from now on the application and the person belong to it.

    `adopted` says that a branch meeting has adopted the candidate meanwhile. Raises NothingToAnswer,
    MeetingHasDecided, PlaceDoesNotTravel. Journalled on the case.
    """
    transfer = _waiting(session, case_id)
    if adopted:
        raise MeetingHasDecided()
    receiver = units.get(session, transfer.to_unit_id or 0)
    _insist_on_place(session, case_id, receiver)
    candidate = members.get_of_case(session, case_id)
    candidate.unit_id = receiver.id
    people.get(session, candidate.person_id).unit_id = receiver.id
    return _answered(session, transfer, TransferStatus.ACCEPTED, answered_on, actor)


def refuse(session: Session, *, case_id: int, answered_on: date, reason: str, actor: Actor) -> Transfer:
    """The receiving branch does not take the candidate, who stays; raises NothingToAnswer. Journalled on the case."""
    transfer = _waiting(session, case_id)
    transfer.reason = reason[:LONGEST_REASON]
    return _answered(session, transfer, TransferStatus.REFUSED, answered_on, actor)


def leave(session: Session, *, case_id: int, to: str, left_on: date, actor: Actor) -> Transfer:
    """The candidate has gone to a unit outside the tree; whatever was asked before is dropped. Journalled."""
    drop(session, case_id)
    return _record(session, TransferStatus.GONE, case_id=case_id, to=to, to_unit_id=None, on=left_on, by=actor)


def drop(session: Session, case_id: int) -> None:
    """The case has ended: nobody need answer any more. Harmless when nothing was asked."""
    pending = asked(session, case_id)
    if pending is not None:
        pending.status, pending.answered_at = TransferStatus.DROPPED, clock.now()
        session.flush()


def asked(session: Session, case_id: int) -> Transfer | None:
    """The transfer of a case that waits for an answer."""
    query = select(Transfer).where(Transfer.case_id == case_id, Transfer.status == TransferStatus.ASKED)
    return session.scalars(query).first()


def of_case(session: Session, case_id: int) -> Sequence[Transfer]:
    """Every transfer of a case, in the order they were asked."""
    return session.scalars(select(Transfer).where(Transfer.case_id == case_id).order_by(Transfer.id)).all()


def from_units(session: Session, unit_ids: Sequence[int], *, limit: int = 100) -> Sequence[Transfer]:
    """What some branches have handed over or asked to hand over, the latest first."""
    query = select(Transfer).where(Transfer.from_unit_id.in_(unit_ids)).order_by(Transfer.id.desc())
    return session.scalars(query.limit(limit)).all()


def whereabouts(session: Session, case_id: int, unit_id: int) -> Callable[[datetime], int]:
    """At which unit a case was at a moment; `unit_id` is where it is now."""
    moved = [each for each in of_case(session, case_id) if each.status == TransferStatus.ACCEPTED]

    def at(moment: datetime) -> int:
        return next((each.from_unit_id for each in moved if each.answered_at and each.answered_at > moment), unit_id)

    return at


def common_superior(session: Session, unit_id: int, other_id: int, kinds: Sequence[UnitKind]) -> Unit:
    """The nearest unit of one of `kinds` above both; raises NotFound when the tree has no such unit."""
    ours, theirs = units.line_of(session, unit_id), {unit.id for unit in units.line_of(session, other_id)}
    both = [unit for unit in ours if unit.id in theirs and unit.kind in kinds]
    if not both:
        raise NotFound(what="共同的上级组织")
    return both[-1]


def receiver_called(session: Session, to: str) -> Unit:
    """The branch with this code or full name; raises ReceiverUnknown."""
    wanted = to.strip()
    query = select(Unit).where(or_(Unit.code == wanted, Unit.name == wanted), Unit.kind.in_(RECEIVING))
    found = session.scalars(query.limit(2)).all()
    if not found:
        told = "系统中没有这个团支部，请核对组织代码或全称；转往区外的，请用“转出到系统外”"
        raise ReceiverUnknown(fields={"to_unit": told})
    if len(found) > 1:
        raise ReceiverUnknown(fields={"to_unit": "有几个团支部同名，请改填组织代码"})
    return found[0]


def _insist_on_place(session: Session, case_id: int, receiver: Unit) -> None:
    place = quotas.place_of(session, case_id)
    if place is None or place.state != PlaceState.RESERVED:
        return
    if units.ancestor(session, receiver.id, *APPROVING).id != place.unit_id:
        raise PlaceDoesNotTravel(holder=units.get(session, place.unit_id).name, receiver=receiver.name)


def _waiting(session: Session, case_id: int) -> Transfer:
    pending = asked(session, case_id)
    if pending is None:
        raise NothingToAnswer()
    return pending


def _record(
    session: Session, status: TransferStatus, *, case_id: int, to: str, to_unit_id: int | None, on: date, by: Actor
) -> Transfer:
    candidate = members.get_of_case(session, case_id)
    transfer = Transfer(
        case_id=case_id,
        candidate_id=candidate.id,
        from_unit_id=candidate.unit_id,
        to_unit_id=to_unit_id,
        to_name=to[:LONGEST_NAME],
        status=status,
        asked_on=on,
        asked_at=clock.now(),
        asked_by=by.person_id,
        reason="",
    )
    session.add(transfer)
    session.flush()
    _journal(session, transfer, on, by)
    return transfer


def _answered(session: Session, transfer: Transfer, status: TransferStatus, on: date, actor: Actor) -> Transfer:
    transfer.status, transfer.answered_on = status, on
    transfer.answered_at, transfer.answered_by = clock.now(), actor.person_id
    session.flush()
    _journal(session, transfer, on, actor)
    return transfer


def _journal(session: Session, transfer: Transfer, on: date, actor: Actor) -> None:
    journal.record(
        session,
        _EVENTS[transfer.status],
        chain=journal.case_chain(transfer.case_id),
        actor=actor,
        happened_on=on,
        transfer=transfer.id,
        from_unit=transfer.from_unit_id,
        to_unit=transfer.to_unit_id,
    )


_EVENTS = {
    TransferStatus.ASKED: Event.TRANSFER_ASKED,
    TransferStatus.ACCEPTED: Event.TRANSFER_ACCEPTED,
    TransferStatus.REFUSED: Event.TRANSFER_REFUSED,
    TransferStatus.GONE: Event.TRANSFER_GONE,
}
