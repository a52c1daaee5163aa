"""Bound copies: the form that bears a candidate's number, the card that bears a member's; given out, spoilt, lost.

Forms are bound from the nearest stock at or above the unit that holds the candidate's place. The serial on a form is
the candidate's number and never changes with the copy: a spoilt form is replaced by another copy with the same number
for the same person. The serial of a card is the base committee's code and the next number of its own register.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock
from workflows.database import Base, BigId
from workflows.domain import members, quota_places, stock_ledger, units
from workflows.domain.columns import reference, word
from workflows.domain.members import LeagueMember
from workflows.domain.numbering import USING
from workflows.domain.quota_refusals import NoPlaceHeld
from workflows.domain.stock_ledger import Shelf, StockAccount, StockKind, StockMovementKind
from workflows.domain.stock_refusals import (
    CardNotIssued,
    FormStillOut,
    NoCopyOut,
    NoStockKept,
    NotAMemberYet,
    StockExhausted,
    StockReasonMissing,
)
from workflows.journal import Actor

CARD_SERIALS = 99_999


class CopyState(StrEnum):
    """What became of a bound copy."""

    BOUND = "bound"
    VOID = "void"
    LOST = "lost"

    @property
    def label(self) -> str:
        """What a reader of the register calls it."""
        return {CopyState.BOUND: "在本人处", CopyState.VOID: "作废", CopyState.LOST: "遗失"}[self]


_BOUND = text("state = 'bound'")


class StockCopy(Base):
    """One copy with a name on it. The partial indexes refuse a second copy of a number, or for a case, at one time."""

    __tablename__ = "stock_copy"
    __table_args__ = (
        Index("uq_stock_copy_serial", "kind", "serial", unique=True, sqlite_where=_BOUND, postgresql_where=_BOUND),
        Index("uq_stock_copy_case", "kind", "case_id", unique=True, sqlite_where=_BOUND, postgresql_where=_BOUND),
        Index("uq_stock_copy_copy_no", "kind", "serial", "copy_no", unique=True),
        CheckConstraint("copy_no > 0", name="copy_no"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[StockKind] = mapped_column(word(StockKind))
    serial: Mapped[str] = mapped_column(String(12))
    copy_no: Mapped[int]
    account_id: Mapped[int] = reference("stock_account.id")
    case_id: Mapped[int] = mapped_column(BigId, index=True)
    state: Mapped[CopyState] = mapped_column(word(CopyState))
    bound_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(400), default="")
    document: Mapped[str] = mapped_column(String(200), default="")


def keeper(session: Session, kind: StockKind, unit_id: int) -> int | None:
    """The nearest unit at or above this one that keeps a stock of the kind."""
    line = [unit.id for unit in units.line_of(session, unit_id)]
    query = select(StockAccount.unit_id).where(StockAccount.kind == kind, StockAccount.unit_id.in_(line))
    return max(session.scalars(query), key=line.index, default=None)


def bound_copy(session: Session, kind: StockKind, case_id: int) -> StockCopy | None:
    """The copy in the candidate's hands."""
    query = select(StockCopy).where(
        StockCopy.kind == kind, StockCopy.case_id == case_id, StockCopy.state == CopyState.BOUND
    )
    return session.scalars(query.execution_options(populate_existing=True)).first()


def bind_form(session: Session, *, case_id: int, actor: Actor) -> StockCopy:
    """Give the candidate of the case a form that bears the number of his place; again, the same copy.

    Raises NoPlaceHeld, NoStockKept, StockExhausted, FormStillOut.
    """
    place = quota_places.place_of(session, case_id)
    if place is None:
        raise NoPlaceHeld()
    account = _locked_keeper(session, StockKind.FORM, place.unit_id)
    held = bound_copy(session, StockKind.FORM, case_id)
    if held is not None:
        return held
    others = select(StockCopy).where(StockCopy.kind == StockKind.FORM, StockCopy.serial == place.number)
    earlier = list(session.scalars(others.order_by(StockCopy.copy_no)))
    out = next((copy for copy in earlier if copy.state == CopyState.BOUND), None)
    if out is not None:
        raise FormStillOut(number=place.number, copy=out.copy_no)
    copy = _bind(session, account, place.number, len(earlier) + 1, case_id, actor)
    quota_places.rebind(session, case_id=case_id, reason="换发入团志愿书", actor=actor)
    return copy


def bind_card(session: Session, *, case_id: int, actor: Actor) -> StockCopy:
    """Give the member of the case a card with the next number of the base committee's register; again, the same card.

    Raises NotAMemberYet, NoStockKept (also where the stock has no code for its cards), StockExhausted.
    """
    candidate = members.get_of_case(session, case_id)
    if session.get(LeagueMember, candidate.person_id) is None:
        raise NotAMemberYet()
    account = _locked_keeper(session, StockKind.CARD, candidate.unit_id)
    held = bound_copy(session, StockKind.CARD, case_id)
    if held is not None:
        return held
    return _bind(session, account, _next_card(session, account), 1, case_id, actor)


def spoil(session: Session, kind: StockKind, *, case_id: int, reason: str, document: str, actor: Actor) -> StockCopy:
    """The copy in the candidate's hands is cut and void; `document` names the scan of it. Its number stays with him.

    Raises StockReasonMissing, NoCopyOut.
    """
    copy = _end(session, kind, case_id, CopyState.VOID, reason, document, actor)
    _number_waits(session, copy, reason, actor)
    return copy


def lose(session: Session, kind: StockKind, *, case_id: int, reason: str, document: str, actor: Actor) -> StockCopy:
    """The copy is lost; `document` names the written proof. Raises StockReasonMissing, NoCopyOut."""
    copy = _end(session, kind, case_id, CopyState.LOST, reason, document, actor)
    _number_waits(session, copy, reason, actor)
    return copy


def insist_on_card(session: Session, *, unit_id: int, case_id: int, card_number: str) -> None:
    """Raise CardNotIssued unless the card was given to the member of this case at this branch.

    Where no stock of cards is kept, any will do.
    """
    if keeper(session, StockKind.CARD, unit_id) is None:
        return
    copy = bound_copy(session, StockKind.CARD, case_id)
    if copy is None or copy.serial != card_number.strip():
        raise CardNotIssued(number=card_number, fields={"card_number": "与发放登记不一致"})


def copies_of(session: Session, account_id: int, *, limit: int = 200) -> list[StockCopy]:
    """The named copies of an account, the latest first."""
    query = select(StockCopy).where(StockCopy.account_id == account_id).order_by(StockCopy.id.desc())
    return list(session.scalars(query.limit(limit)))


def _locked_keeper(session: Session, kind: StockKind, unit_id: int) -> StockAccount:
    found = keeper(session, kind, unit_id)
    if found is None:
        raise NoStockKept(unit=units.get(session, unit_id).name, kind=kind.label)
    return stock_ledger.lock_stock(session, kind, [found])[found]


def _bind(session: Session, account: StockAccount, serial: str, copy_no: int, case_id: int, actor: Actor) -> StockCopy:
    if account.blank < 1:
        name = units.get(session, account.unit_id).name
        raise StockExhausted(unit=name, kind=account.kind.label, left=account.blank, wanted=1)
    copy = StockCopy(
        kind=account.kind,
        serial=serial,
        copy_no=copy_no,
        account_id=account.id,
        case_id=case_id,
        state=CopyState.BOUND,
        bound_at=clock.now(),
    )
    session.add(copy)
    session.flush()
    stock_ledger.shift(session, account, StockMovementKind.BIND, Shelf.BLANK, Shelf.BOUND, actor=actor, copy_id=copy.id)
    return copy


def _end(
    session: Session, kind: StockKind, case_id: int, state: CopyState, reason: str, document: str, actor: Actor
) -> StockCopy:
    for told, what in ((reason, "原因"), (document, "凭证名称")):
        if not told.strip():
            field = "reason" if told is reason else "document"
            raise StockReasonMissing(what=what, fields={field: f"请填写{what}"})
    copy = bound_copy(session, kind, case_id)
    if copy is None:
        raise NoCopyOut(kind=kind.label)
    account = session.get(StockAccount, copy.account_id, with_for_update=True, populate_existing=True)
    copy = bound_copy(session, kind, case_id)
    if copy is None or account is None:
        raise NoCopyOut(kind=kind.label)
    copy.state, copy.ended_at, copy.reason, copy.document = state, clock.now(), reason.strip(), document.strip()
    movement, shelf = _ENDS[state]
    stock_ledger.shift(
        session,
        account,
        movement,
        Shelf.BOUND,
        shelf,
        actor=actor,
        copy_id=copy.id,
        reason=copy.reason,
        document=copy.document,
    )
    return copy


_ENDS = {
    CopyState.VOID: (StockMovementKind.SPOIL, Shelf.VOID),
    CopyState.LOST: (StockMovementKind.LOSE, Shelf.LOST),
}


def _number_waits(session: Session, copy: StockCopy, reason: str, actor: Actor) -> None:
    """A form's number waits for another copy, unless its case holds it no longer or is through with it."""
    place = quota_places.place_of(session, copy.case_id)
    if copy.kind == StockKind.FORM and place is not None and place.state not in USING:
        quota_places.void_copy(session, case_id=copy.case_id, reason=reason, actor=actor)


def _next_card(session: Session, account: StockAccount) -> str:
    """The next number of the base committee's register; the account is locked."""
    if account.prefix is None:
        raise NoStockKept(unit=units.get(session, account.unit_id).name, kind="带编号的团员证")
    begins = StockCopy.serial.startswith(account.prefix, autoescape=True)
    last = session.scalar(select(func.max(StockCopy.serial)).where(StockCopy.kind == StockKind.CARD, begins))
    serial = int(last[len(account.prefix) :]) + 1 if last else 1
    if serial > CARD_SERIALS:
        raise StockExhausted(unit=units.get(session, account.unit_id).name, kind="团员证编号", left=0, wanted=1)
    return f"{account.prefix}{serial:05d}"
