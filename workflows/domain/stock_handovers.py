"""Receiving copies and handing them on: one person signs out, another at the receiving unit counts and signs."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock
from workflows.database import Base, BigId
from workflows.domain import stock_ledger, units
from workflows.domain.columns import reference, word
from workflows.domain.stock_ledger import Shelf, StockAccount, StockKind, StockMovementKind
from workflows.domain.stock_refusals import (
    HandoverSettled,
    MoreThanSent,
    NotNextInLine,
    SamePersonReceives,
    StockAmountWrong,
    StockExhausted,
    StockReasonMissing,
)
from workflows.errors import NotFound
from workflows.journal import Actor


class HandoverState(StrEnum):
    """Where a handover stands."""

    SENT = "sent"
    RECEIVED = "received"
    DECLINED = "declined"
    CALLED_BACK = "called_back"

    @property
    def label(self) -> str:
        """What those concerned read."""
        return _LABELS[self]


_LABELS = {
    HandoverState.SENT: "已发出，待签收",
    HandoverState.RECEIVED: "已签收",
    HandoverState.DECLINED: "拒收，已退回",
    HandoverState.CALLED_BACK: "已收回",
}


class StockHandover(Base):
    """One handover between two units; `counted` is what the receiver found, `difference` why it was less."""

    __tablename__ = "stock_handover"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("counted IS NULL OR (counted >= 0 AND counted <= amount)", name="counted"),
        CheckConstraint("received_by IS NULL OR received_by <> sent_by", name="two_people"),
        Index("ix_stock_handover_to", "to_unit_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[StockKind] = mapped_column(word(StockKind))
    from_unit_id: Mapped[int] = reference("unit.id")
    to_unit_id: Mapped[int] = reference("unit.id", index=False)
    amount: Mapped[int]
    list_no: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[HandoverState] = mapped_column(word(HandoverState))
    sent_by: Mapped[int | None] = mapped_column(BigId)
    sent_at: Mapped[datetime]
    counted: Mapped[int | None]
    difference: Mapped[str] = mapped_column(String(400), default="")
    received_by: Mapped[int | None] = mapped_column(BigId)
    settled_at: Mapped[datetime | None]


def receive(
    session: Session, kind: StockKind, unit_id: int, amount: int, *, document: str, actor: Actor
) -> StockAccount:
    """Enter copies that came from the printer or from a higher body; `document` names the delivery note.

    Raises StockAmountWrong, StockReasonMissing.
    """
    _check_amount(amount, 1)
    if not document.strip():
        raise StockReasonMissing(what="入库凭证", fields={"document": "请填写入库凭证"})
    account = stock_ledger.lock_or_open(session, kind, unit_id)
    kind_of = StockMovementKind.RECEIPT
    stock_ledger.take_in(session, account, kind_of, amount, actor=actor, document=document.strip())
    return account


def hand_over(
    session: Session, kind: StockKind, from_unit_id: int, to_unit_id: int, amount: int, *, list_no: str, actor: Actor
) -> StockHandover:
    """Sign blank copies out to the unit below, or back to the one above; on their way until signed for.

    Raises StockAmountWrong, NotNextInLine, StockExhausted.
    """
    _check_amount(amount, 1)
    giver, taker = units.get(session, from_unit_id), units.get(session, to_unit_id)
    if taker.parent_id != giver.id and giver.parent_id != taker.id:
        raise NotNextInLine(to=taker.name, giver=giver.name, fields={"to_unit_id": "请选择直接上级或下级"})
    account = stock_ledger.lock_stock(session, kind, [from_unit_id]).get(from_unit_id)
    left = account.blank if account else 0
    if account is None or left < amount:
        fields = {"amount": f"空白件只有{left}份"}
        raise StockExhausted(unit=giver.name, kind=kind.label, left=left, wanted=amount, fields=fields)
    stock_ledger.shift(
        session, account, StockMovementKind.SEND, Shelf.BLANK, Shelf.TRANSIT, amount, actor=actor, document=list_no
    )
    handover = StockHandover(
        kind=kind,
        from_unit_id=from_unit_id,
        to_unit_id=to_unit_id,
        amount=amount,
        list_no=list_no.strip(),
        state=HandoverState.SENT,
        sent_by=actor.person_id,
        sent_at=clock.now(),
    )
    session.add(handover)
    session.flush()
    return handover


def sign_for(session: Session, handover_id: int, counted: int, *, difference: str, actor: Actor) -> StockHandover:
    """Another person at the receiving unit has counted the copies; what is missing is the giver's loss, explained.

    Raises HandoverSettled, SamePersonReceives, StockAmountWrong, MoreThanSent, StockReasonMissing.
    """
    handover = _locked_handover(session, handover_id)
    if actor.person_id == handover.sent_by:
        name = units.get(session, handover.to_unit_id).name
        raise SamePersonReceives(act="签收", first="发出", unit=name)
    _check_amount(counted, 0, "counted")
    missing = handover.amount - counted
    if missing < 0:
        told = {"counted": f"发出的是{handover.amount}份"}
        raise MoreThanSent(sent=handover.amount, counted=counted, fields=told)
    if missing and not difference.strip():
        raise StockReasonMissing(what="差额原因", fields={"difference": "少于发出的份数，请写明原因"})
    giver, taker = _both_accounts(session, handover)
    if counted:
        stock_ledger.arrive(session, giver, taker, counted, actor=actor, document=handover.list_no)
    if missing:
        reason = difference.strip()
        stock_ledger.shift(
            session, giver, StockMovementKind.LOSE, Shelf.TRANSIT, Shelf.LOST, missing, actor=actor, reason=reason
        )
    handover.counted, handover.difference = counted, difference.strip()
    return _settle(session, handover, HandoverState.RECEIVED, actor)


def decline(session: Session, handover_id: int, *, reason: str, actor: Actor) -> StockHandover:
    """The receiving unit sends the copies back uncounted.

    Raises HandoverSettled, SamePersonReceives, StockReasonMissing.
    """
    handover = _locked_handover(session, handover_id)
    if actor.person_id == handover.sent_by:
        name = units.get(session, handover.to_unit_id).name
        raise SamePersonReceives(act="拒收", first="发出", unit=name)
    return _back(session, handover, HandoverState.DECLINED, reason, actor)


def call_back(session: Session, handover_id: int, *, reason: str, actor: Actor) -> StockHandover:
    """The giving unit takes the copies back before they were signed for; raises HandoverSettled, StockReasonMissing."""
    return _back(session, _locked_handover(session, handover_id), HandoverState.CALLED_BACK, reason, actor)


def handovers_of(session: Session, unit_id: int, *, limit: int = 100) -> list[StockHandover]:
    """What the unit gave or is given, the latest first."""
    concerns = or_(StockHandover.from_unit_id == unit_id, StockHandover.to_unit_id == unit_id)
    return list(session.scalars(select(StockHandover).where(concerns).order_by(StockHandover.id.desc()).limit(limit)))


def get(session: Session, handover_id: int) -> StockHandover:
    """The handover; raises NotFound."""
    found = session.get(StockHandover, handover_id)
    if found is None:
        raise NotFound(what="交接")
    return found


def _back(session: Session, handover: StockHandover, state: HandoverState, reason: str, actor: Actor) -> StockHandover:
    if not reason.strip():
        raise StockReasonMissing(what="原因", fields={"reason": "请填写原因"})
    giver = stock_ledger.lock_stock(session, handover.kind, [handover.from_unit_id])[handover.from_unit_id]
    stock_ledger.shift(
        session,
        giver,
        StockMovementKind.CALL_BACK,
        Shelf.TRANSIT,
        Shelf.BLANK,
        handover.amount,
        actor=actor,
        reason=reason.strip(),
    )
    handover.difference = reason.strip()
    return _settle(session, handover, state, actor)


def _settle(session: Session, handover: StockHandover, state: HandoverState, actor: Actor) -> StockHandover:
    handover.state, handover.settled_at = state, clock.now()
    handover.received_by = None if state == HandoverState.CALLED_BACK else actor.person_id
    session.flush()
    return handover


def _locked_handover(session: Session, handover_id: int) -> StockHandover:
    handover = session.get(StockHandover, handover_id, with_for_update=True, populate_existing=True)
    if handover is None:
        raise NotFound(what="交接")
    if handover.state != HandoverState.SENT:
        raise HandoverSettled(kind=handover.kind.label, state=handover.state.label)
    return handover


def _both_accounts(session: Session, handover: StockHandover) -> tuple[StockAccount, StockAccount]:
    """Both accounts, locked in the order of their ids; the taker's is made where it has none yet."""
    stock_ledger.open_stock(session, handover.kind, handover.to_unit_id)
    found = stock_ledger.lock_stock(session, handover.kind, [handover.from_unit_id, handover.to_unit_id])
    return found[handover.from_unit_id], found[handover.to_unit_id]


def _check_amount(amount: object, least: int, field: str = "amount") -> None:
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < least:
        raise StockAmountWrong(least=least, fields={field: f"应为{least}以上的整数"})
