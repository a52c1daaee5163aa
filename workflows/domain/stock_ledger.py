"""The stock of numbered papers (入团志愿书, 团员证): a double-entry book, so that every copy lies in exactly one place.

Blank copies are counted, bound copies are named. An account is one unit's stock of one kind; a unit keeps a stock
when it has one. Copies lie on shelves: blank, signed out and on their way, bound to a person, void, lost. A balance
changes only together with the movement that explains it: blank + transit + bound + void + lost = taken_in - passed_on.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain import units
from workflows.domain.columns import reference, word
from workflows.journal import Actor, Event


class StockKind(StrEnum):
    """The papers a stock is kept of."""

    FORM = "form"
    CARD = "card"

    @property
    def label(self) -> str:
        """What people call it."""
        return {StockKind.FORM: "入团志愿书", StockKind.CARD: "团员证"}[self]


class Shelf(StrEnum):
    """Where copies of an account lie."""

    BLANK = "blank"
    TRANSIT = "transit"
    BOUND = "bound"
    VOID = "void"
    LOST = "lost"

    @property
    def label(self) -> str:
        """What a reader of the account calls it."""
        return _SHELVES[self]


_SHELVES = {
    Shelf.BLANK: "空白",
    Shelf.TRANSIT: "在途",
    Shelf.BOUND: "已发给本人",
    Shelf.VOID: "作废",
    Shelf.LOST: "遗失",
}


class StockMovementKind(StrEnum):
    """Every way in which copies move."""

    RECEIPT = "receipt"
    FOUND = "found"
    SEND = "send"
    CALL_BACK = "call_back"
    ARRIVE = "arrive"
    BIND = "bind"
    SPOIL = "spoil"
    LOSE = "lose"

    @property
    def label(self) -> str:
        """What a reader of the account calls it."""
        return _MOVEMENTS[self]


_MOVEMENTS = {
    StockMovementKind.RECEIPT: "入库",
    StockMovementKind.FOUND: "盘盈",
    StockMovementKind.SEND: "发出",
    StockMovementKind.CALL_BACK: "发出后收回",
    StockMovementKind.ARRIVE: "签收",
    StockMovementKind.BIND: "发给本人",
    StockMovementKind.SPOIL: "作废",
    StockMovementKind.LOSE: "遗失",
}


class StockAccount(Base):
    """One unit's stock of one kind of paper. `prefix` is the base committee's code on its cards (3 digits)."""

    __tablename__ = "stock_account"
    __table_args__ = (
        UniqueConstraint("unit_id", "kind"),
        CheckConstraint(
            "blank >= 0 AND transit >= 0 AND bound >= 0 AND void >= 0 AND lost >= 0"
            " AND taken_in >= 0 AND passed_on >= 0",
            name="not_negative",
        ),
        CheckConstraint("blank + transit + bound + void + lost = taken_in - passed_on", name="balanced"),
    )
    __mapper_args__ = {"eager_defaults": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    kind: Mapped[StockKind] = mapped_column(word(StockKind))
    blank: Mapped[int] = mapped_column(default=0)
    transit: Mapped[int] = mapped_column(default=0)
    bound: Mapped[int] = mapped_column(default=0)
    void: Mapped[int] = mapped_column(default=0)
    lost: Mapped[int] = mapped_column(default=0)
    taken_in: Mapped[int] = mapped_column(default=0)
    passed_on: Mapped[int] = mapped_column(default=0)
    prefix: Mapped[str | None] = mapped_column(String(3), unique=True)

    @property
    def chain(self) -> str:
        """The journal chain that belongs to this account."""
        return f"stock:{self.id}"


class StockMovement(Base):
    """One movement of copies; without a source they came from outside. Triggers refuse to change or delete it."""

    __tablename__ = "stock_movement"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[StockMovementKind] = mapped_column(word(StockMovementKind))
    from_account: Mapped[int | None] = reference("stock_account.id", nullable=True)
    from_shelf: Mapped[Shelf | None] = mapped_column(word(Shelf))
    to_account: Mapped[int] = reference("stock_account.id")
    to_shelf: Mapped[Shelf] = mapped_column(word(Shelf))
    amount: Mapped[int]
    copy_id: Mapped[int | None] = reference("stock_copy.id", nullable=True)
    reason: Mapped[str] = mapped_column(String(400), default="")
    document: Mapped[str] = mapped_column(String(200), default="")
    person_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]


def lock_stock(session: Session, kind: StockKind, unit_ids: Collection[int]) -> dict[int, StockAccount]:
    """Lock the units' accounts until the transaction ends, in the order of their ids, and read them afresh; by unit."""
    query = (
        select(StockAccount)
        .where(StockAccount.kind == kind, StockAccount.unit_id.in_(unit_ids))
        .order_by(StockAccount.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {account.unit_id: account for account in session.scalars(query)}


def stock_of(session: Session, kind: StockKind, unit_id: int) -> StockAccount | None:
    """The unit's account, if it keeps a stock of this kind."""
    query = select(StockAccount).where(StockAccount.kind == kind, StockAccount.unit_id == unit_id)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def open_stock(session: Session, kind: StockKind, unit_id: int) -> StockAccount:
    """The unit's account, made empty if there is none yet."""
    account = stock_of(session, kind, unit_id)
    if account is None:
        zeros = dict.fromkeys((*(shelf.value for shelf in Shelf), "taken_in", "passed_on"), 0)
        account = StockAccount(unit_id=unit_id, kind=kind, **zeros)
        session.add(account)
        session.flush()
    return account


def lock_or_open(session: Session, kind: StockKind, unit_id: int) -> StockAccount:
    """The unit's account under its lock, made empty if there is none yet; two people may open it at the same time."""
    units.lock(session, unit_id)
    open_stock(session, kind, unit_id)
    return lock_stock(session, kind, [unit_id])[unit_id]


def take_in(
    session: Session, account: StockAccount, kind: StockMovementKind, amount: int, *, actor: Actor, **told: str
) -> StockMovement:
    """Bring blank copies into the books from outside: printed copies received, or copies found at a count."""
    account.blank = StockAccount.blank + amount
    account.taken_in = StockAccount.taken_in + amount
    movement = StockMovement(kind=kind, to_account=account.id, to_shelf=Shelf.BLANK, amount=amount, **told)
    return _write(session, movement, [account], actor)


def shift(
    session: Session,
    account: StockAccount,
    kind: StockMovementKind,
    source: Shelf,
    target: Shelf,
    amount: int = 1,
    *,
    actor: Actor,
    copy_id: int | None = None,
    **told: str,
) -> StockMovement:
    """Move copies from one shelf of an account to another."""
    setattr(account, source.value, getattr(StockAccount, source.value) - amount)
    setattr(account, target.value, getattr(StockAccount, target.value) + amount)
    movement = StockMovement(
        kind=kind,
        from_account=account.id,
        from_shelf=source,
        to_account=account.id,
        to_shelf=target,
        amount=amount,
        copy_id=copy_id,
        **told,
    )
    return _write(session, movement, [account], actor)


def arrive(
    session: Session, giver: StockAccount, taker: StockAccount, amount: int, *, actor: Actor, **told: str
) -> StockMovement:
    """Put copies that were on their way on the taker's shelf."""
    giver.transit = StockAccount.transit - amount
    giver.passed_on = StockAccount.passed_on + amount
    taker.blank = StockAccount.blank + amount
    taker.taken_in = StockAccount.taken_in + amount
    movement = StockMovement(
        kind=StockMovementKind.ARRIVE,
        from_account=giver.id,
        from_shelf=Shelf.TRANSIT,
        to_account=taker.id,
        to_shelf=Shelf.BLANK,
        amount=amount,
        **told,
    )
    return _write(session, movement, [giver, taker], actor)


def movements_of(session: Session, account_id: int, *, limit: int = 100) -> list[StockMovement]:
    """The movements that touched the account, newest first."""
    touched = (StockMovement.from_account == account_id) | (StockMovement.to_account == account_id)
    return list(session.scalars(select(StockMovement).where(touched).order_by(StockMovement.id.desc()).limit(limit)))


def _write(session: Session, movement: StockMovement, touched: list[StockAccount], actor: Actor) -> StockMovement:
    """Flush at once, as in the ledger of places: the constraints see what another transaction has just done."""
    movement.person_id, movement.at = actor.person_id, clock.now()
    session.add(movement)
    session.flush()
    for account in sorted(touched, key=lambda each: each.id):
        facts: dict[str, Any] = {
            "movement": movement.id,
            "kind": movement.kind.value,
            "amount": movement.amount,
            "from": [movement.from_account, movement.from_shelf],
            "to": [movement.to_account, movement.to_shelf.value],
            "copy": movement.copy_id,
            "reason": movement.reason,
            "document": movement.document,
        }
        journal.record(session, Event.STOCK_MOVED, chain=account.chain, actor=actor, **facts)
    return movement
