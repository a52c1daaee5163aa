"""The monthly count (清点): one person counts the blank copies, another confirms; a difference is explained."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import stock_ledger, units
from workflows.domain.columns import reference
from workflows.domain.stock_ledger import Shelf, StockAccount, StockKind, StockMovementKind
from workflows.domain.stock_refusals import (
    CountChanged,
    CountSettled,
    NoStockKept,
    SamePersonReceives,
    StockAmountWrong,
    StockReasonMissing,
)
from workflows.errors import NotFound
from workflows.journal import Actor, Event


class StockCount(Base):
    """One month's count of one account: what the books said, what was found, and why that differs."""

    __tablename__ = "stock_count"
    __table_args__ = (
        UniqueConstraint("account_id", "month"),
        CheckConstraint("expected >= 0 AND counted >= 0", name="not_negative"),
        CheckConstraint("confirmed_by IS NULL OR confirmed_by <> counted_by", name="two_people"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account_id: Mapped[int] = reference("stock_account.id", index=False)
    month: Mapped[str] = mapped_column(String(7))
    expected: Mapped[int]
    counted: Mapped[int]
    explanation: Mapped[str] = mapped_column(String(400), default="")
    counted_by: Mapped[int | None] = mapped_column(BigId)
    counted_at: Mapped[datetime]
    confirmed_by: Mapped[int | None] = mapped_column(BigId)
    confirmed_at: Mapped[datetime | None]


def enter(
    session: Session, kind: StockKind, unit_id: int, counted: int, *, explanation: str, actor: Actor
) -> StockCount:
    """Enter this month's count of blank copies; again before it is confirmed, it is counted anew.

    Raises NoStockKept, CountSettled, StockAmountWrong, StockReasonMissing (a difference without an explanation).
    """
    if isinstance(counted, bool) or not isinstance(counted, int) or counted < 0:
        raise StockAmountWrong(least=0, fields={"counted": "应为0以上的整数"})
    account = stock_ledger.lock_stock(session, kind, [unit_id]).get(unit_id)
    if account is None:
        raise NoStockKept(unit=units.get(session, unit_id).name, kind=kind.label)
    if counted != account.blank and not explanation.strip():
        told = {"explanation": f"账上{account.blank}份，清点到{counted}份，请说明原因"}
        raise StockReasonMissing(what="差额原因", fields=told)
    month = clock.today().strftime("%Y-%m")
    query = select(StockCount).where(StockCount.account_id == account.id, StockCount.month == month)
    count = session.scalars(query.execution_options(populate_existing=True)).first()
    if count is None:
        count = StockCount(account_id=account.id, month=month)
        session.add(count)
    elif count.confirmed_at is not None:
        raise CountSettled(month=month, kind=kind.label)
    count.expected, count.counted, count.explanation = account.blank, counted, explanation.strip()
    count.counted_by, count.counted_at = actor.person_id, clock.now()
    session.flush()
    _tell(session, account, count, actor)
    return count


def confirm(session: Session, count_id: int, *, actor: Actor) -> StockCount:
    """Another person confirms the count; a shortage is booked as lost, a surplus as found.

    Raises NotFound, CountSettled, SamePersonReceives, CountChanged.
    """
    count = session.get(StockCount, count_id)
    if count is None:
        raise NotFound(what="清点")
    account = session.get_one(StockAccount, count.account_id, with_for_update=True, populate_existing=True)
    session.refresh(count)
    if count.confirmed_at is not None:
        raise CountSettled(month=count.month, kind=account.kind.label)
    if actor.person_id == count.counted_by:
        raise SamePersonReceives(act="确认清点", first="清点", unit=units.get(session, account.unit_id).name)
    if account.blank != count.expected:
        raise CountChanged(expected=count.expected, now=account.blank)
    short = count.expected - count.counted
    if short > 0:
        stock_ledger.shift(
            session,
            account,
            StockMovementKind.LOSE,
            Shelf.BLANK,
            Shelf.LOST,
            short,
            actor=actor,
            reason=count.explanation,
        )
    elif short < 0:
        stock_ledger.take_in(session, account, StockMovementKind.FOUND, -short, actor=actor, reason=count.explanation)
    count.confirmed_by, count.confirmed_at = actor.person_id, clock.now()
    session.flush()
    _tell(session, account, count, actor)
    return count


def counts_of(session: Session, account_id: int, *, limit: int = 24) -> list[StockCount]:
    """The counts of an account, the latest month first."""
    query = select(StockCount).where(StockCount.account_id == account_id).order_by(StockCount.month.desc())
    return list(session.scalars(query.limit(limit)))


def get(session: Session, count_id: int) -> StockCount:
    """The count; raises NotFound."""
    found = session.get(StockCount, count_id)
    if found is None:
        raise NotFound(what="清点")
    return found


def _tell(session: Session, account: StockAccount, count: StockCount, actor: Actor) -> None:
    journal.record(
        session,
        Event.STOCK_COUNTED,
        chain=account.chain,
        actor=actor,
        count=count.id,
        month=count.month,
        expected=count.expected,
        counted=count.counted,
        explanation=count.explanation,
        confirmed=count.confirmed_at is not None,
    )
