"""Lateral transfers (横向调剂): a unit offers free places to one of another line, their nearest common parent confirms.

The offer takes nothing; places and numbers move when it is confirmed, if they are still free then.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import quota_allotments, quota_ledger, quota_news, units
from workflows.domain.columns import reference, word
from workflows.domain.quota_ledger import Plan, QuotaMovement
from workflows.domain.quota_refusals import (
    QuotaExhausted,
    RequestAnswered,
    SamePersonConfirms,
    check_amount,
    check_reason,
)
from workflows.errors import NotFound
from workflows.journal import Actor, Event


class TransferState(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"

    @property
    def label(self) -> str:
        """What those concerned read."""
        return _LABELS[self]


_LABELS = {
    TransferState.OFFERED: "等待共同上级确认",
    TransferState.CONFIRMED: "已调剂",
    TransferState.DECLINED: "不予确认",
    TransferState.WITHDRAWN: "已撤回",
    TransferState.LAPSED: "计划关闭，提议失效",
}


class QuotaTransfer(Base):
    """One offer, and what became of it."""

    __tablename__ = "quota_transfer"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("from_unit_id <> to_unit_id", name="two_units"),
        Index("ix_quota_transfer_over", "over_unit_id", "plan_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    from_unit_id: Mapped[int] = reference("unit.id")
    to_unit_id: Mapped[int] = reference("unit.id")
    over_unit_id: Mapped[int] = reference("unit.id", index=False)
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(400))
    state: Mapped[TransferState] = mapped_column(word(TransferState))
    offered_by: Mapped[int | None] = mapped_column(BigId)
    offered_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(400), default="")
    answered_by: Mapped[int | None] = mapped_column(BigId)
    answered_at: Mapped[datetime | None]


def offer(
    session: Session, plan: Plan, from_unit_id: int, to_unit_id: int, amount: int, reason: str, actor: Actor
) -> QuotaTransfer:
    """Offer free places to a unit of another line.

    Raises AmountWrong, ReasonMissing, PlanClosed, TransferWithinLine, QuotaExhausted (more than is free today).
    """
    check_amount(amount)
    reason = check_reason(reason)
    quota_ledger.lock_plan(session, plan)
    _up, common, _down = quota_allotments.way_between(session, from_unit_id, to_unit_id)
    account = quota_ledger.account_of(session, plan.id, from_unit_id)
    free = account.free if account else 0
    if free < amount:
        name = units.get(session, from_unit_id).name
        raise QuotaExhausted(unit=name, free=free, wanted=amount, fields={"amount": f"空余名额只有{free}个"})
    found = QuotaTransfer(
        plan_id=plan.id,
        from_unit_id=from_unit_id,
        to_unit_id=to_unit_id,
        over_unit_id=common.id,
        amount=amount,
        reason=reason,
        state=TransferState.OFFERED,
        offered_by=actor.person_id,
        offered_at=clock.now(),
        answer="",
    )
    session.add(found)
    _record(session, Event.TRANSFER_OFFERED, found, actor)
    offered = f"{_told(session, found)}。理由：{reason}"
    quota_news.tell(session, found.over_unit_id, f"{offered}。等您确认，{quota_news.WHERE}")
    quota_news.tell(session, to_unit_id, f"{offered}。待{common.name}确认后名额与编号随之划转。")
    return found


def confirm(session: Session, transfer_id: int, actor: Actor, answer: str = "") -> QuotaMovement:
    """The common parent agrees: places and numbers move now.

    Raises NotFound, RequestAnswered, SamePersonConfirms, PlanClosed, QuotaExhausted, NumbersExhausted.
    """
    found = _locked(session, transfer_id)
    if actor.person_id is not None and actor.person_id == found.offered_by:
        raise SamePersonConfirms(unit=units.get(session, found.over_unit_id).name)
    plan = session.get_one(Plan, found.plan_id)
    movement = quota_allotments.transfer(
        session, plan, found.from_unit_id, found.to_unit_id, found.amount, actor, found.reason
    )
    _settle(session, found, TransferState.CONFIRMED, actor, answer.strip(), movement=movement.id)
    said = f"{_told(session, found)}，{quota_news.name_of(session, found.over_unit_id)}已确认，名额与编号已划转。"
    _tell_both(session, found, said + (f"说明：{found.answer}" if found.answer else ""))
    return movement


def decline(session: Session, transfer_id: int, reason: str, actor: Actor) -> QuotaTransfer:
    """The common parent does not agree, and says why; raises NotFound, RequestAnswered, ReasonMissing."""
    found = _settle(session, _locked(session, transfer_id), TransferState.DECLINED, actor, check_reason(reason))
    over = quota_news.name_of(session, found.over_unit_id)
    _tell_both(session, found, f"{_told(session, found)}，{over}不予确认。说明：{found.answer}")
    return found


def withdraw(session: Session, transfer_id: int, actor: Actor) -> QuotaTransfer:
    """The giving unit takes its offer back; raises NotFound, RequestAnswered."""
    found = _settle(session, _locked(session, transfer_id), TransferState.WITHDRAWN, actor, "")
    for unit_id in (found.over_unit_id, found.to_unit_id):
        quota_news.tell(session, unit_id, f"{_told(session, found)}，已由提出单位撤回。")
    return found


def lapse_all(session: Session, plan: Plan) -> int:
    """The plan is closed: every open offer lapses; how many there were."""
    query = select(QuotaTransfer).where(QuotaTransfer.plan_id == plan.id, QuotaTransfer.state == TransferState.OFFERED)
    found = list(session.scalars(query.order_by(QuotaTransfer.id).with_for_update()))
    for each in found:
        each.state = TransferState.LAPSED
        said = f"{_told(session, each)}，未及确认，{plan.year}年度的计划已关闭，提议失效。"
        _tell_both(session, each, said)
    session.flush()
    return len(found)


def get(session: Session, transfer_id: int) -> QuotaTransfer:
    """The offer; raises NotFound."""
    found = session.get(QuotaTransfer, transfer_id)
    if found is None:
        raise NotFound(what="横向调剂")
    return found


def concerning(session: Session, plan: Plan, unit_id: int, limit: int = 50) -> list[QuotaTransfer]:
    """The offers a unit has made, receives or decides, newest first."""
    concerned = or_(
        QuotaTransfer.from_unit_id == unit_id,
        QuotaTransfer.to_unit_id == unit_id,
        QuotaTransfer.over_unit_id == unit_id,
    )
    query = select(QuotaTransfer).where(QuotaTransfer.plan_id == plan.id, concerned)
    return list(session.scalars(query.order_by(QuotaTransfer.id.desc()).limit(limit)))


def _locked(session: Session, transfer_id: int) -> QuotaTransfer:
    query = select(QuotaTransfer).where(QuotaTransfer.id == transfer_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="横向调剂")
    if found.state != TransferState.OFFERED:
        raise RequestAnswered(state=found.state.label)
    return found


def _settle(
    session: Session, found: QuotaTransfer, state: TransferState, actor: Actor, answer: str, **facts: Any
) -> QuotaTransfer:
    found.state, found.answer = state, answer
    found.answered_by, found.answered_at = actor.person_id, clock.now()
    _record(session, Event.TRANSFER_SETTLED, found, actor, **facts)
    return found


def _told(session: Session, found: QuotaTransfer) -> str:
    giver, taker = (quota_news.name_of(session, each) for each in (found.from_unit_id, found.to_unit_id))
    return f"{giver}提出调给{taker} {found.amount} 个名额"


def _tell_both(session: Session, found: QuotaTransfer, text: str) -> None:
    for unit_id in (found.from_unit_id, found.to_unit_id):
        quota_news.tell(session, unit_id, text)


def _record(session: Session, event: Event, found: QuotaTransfer, actor: Actor, **facts: Any) -> None:
    session.flush()
    journal.record(
        session,
        event,
        chain=journal.unit_chain(found.from_unit_id),
        actor=actor,
        transfer=found.id,
        to_unit=found.to_unit_id,
        over_unit=found.over_unit_id,
        amount=found.amount,
        state=found.state.value,
        **facts,
    )
