"""The proof that the stock's books are right: balances from movements, copies from balances, forms from places."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows.domain.numbering import HOLDING, Place
from workflows.domain.stock_copies import CopyState, StockCopy
from workflows.domain.stock_handovers import HandoverState, StockHandover
from workflows.domain.stock_ledger import Shelf, StockAccount, StockKind, StockMovement, StockMovementKind
from workflows.domain.units import Unit

_COLUMNS = (*(shelf.value for shelf in Shelf), "taken_in", "passed_on")


def faults(session: Session) -> list[str]:
    """Every fault in words, none when the books are right; reads only."""
    names = dict(session.execute(select(Unit.id, Unit.name)).all())
    accounts = list(session.scalars(select(StockAccount).order_by(StockAccount.id)))
    told = {account.id: f"{names[account.unit_id]}·{account.kind.label}" for account in accounts}
    return [
        *_balances_differ(session, accounts, told),
        *_copies_differ(session, accounts, told),
        *_handovers_differ(session, accounts, told),
        *_forms_without_place(session),
    ]


def _balances_differ(session: Session, accounts: list[StockAccount], told: dict[int, str]) -> Iterator[str]:
    counted: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_COLUMNS, 0))
    grouped = (
        StockMovement.kind,
        StockMovement.from_account,
        StockMovement.from_shelf,
        StockMovement.to_account,
        StockMovement.to_shelf,
    )
    rows = session.execute(select(*grouped, func.sum(StockMovement.amount)).group_by(*grouped))
    for kind, source, from_shelf, target, to_shelf, amount in rows:
        counted[target][to_shelf.value] += amount
        if source is not None and from_shelf is not None:
            counted[source][from_shelf.value] -= amount
        if source is None:
            counted[target]["taken_in"] += amount
        elif kind == StockMovementKind.ARRIVE:
            counted[source]["passed_on"] += amount
            counted[target]["taken_in"] += amount
    for account in accounts:
        for column in _COLUMNS:
            stored, found = getattr(account, column), counted[account.id][column]
            if stored != found:
                yield f"{told[account.id]}：账上 {column} 为 {stored}，按流水应为 {found}"


def _copies_differ(session: Session, accounts: list[StockAccount], told: dict[int, str]) -> Iterator[str]:
    """Bound copies are named one by one; void ones too. Blank copies may be lost without ever having had a name."""
    rows = session.execute(
        select(StockCopy.account_id, StockCopy.state, func.count()).group_by(StockCopy.account_id, StockCopy.state)
    )
    named = Counter({(account, state): number for account, state, number in rows})
    for account in accounts:
        for shelf, state in ((Shelf.BOUND, CopyState.BOUND), (Shelf.VOID, CopyState.VOID)):
            stored, found = getattr(account, shelf.value), named[account.id, state]
            if stored != found:
                yield f"{told[account.id]}：账上{shelf.label} {stored} 份，登记 {found} 份"
        if named[account.id, CopyState.LOST] > account.lost:
            yield f"{told[account.id]}：账上遗失 {account.lost} 份，登记 {named[account.id, CopyState.LOST]} 份"


def _handovers_differ(session: Session, accounts: list[StockAccount], told: dict[int, str]) -> Iterator[str]:
    rows = session.execute(
        select(StockHandover.from_unit_id, StockHandover.kind, func.sum(StockHandover.amount))
        .where(StockHandover.state == HandoverState.SENT)
        .group_by(StockHandover.from_unit_id, StockHandover.kind)
    )
    on_their_way = Counter({(unit, kind): amount for unit, kind, amount in rows})
    for account in accounts:
        found = on_their_way[account.unit_id, account.kind]
        if account.transit != found:
            yield f"{told[account.id]}：账上在途 {account.transit} 份，待签收的交接共 {found} 份"


def _forms_without_place(session: Session) -> Iterator[str]:
    """A form in somebody's hands bears the number of the place that his case holds."""
    holds = select(Place.id).where(
        Place.case_id == StockCopy.case_id, Place.number == StockCopy.serial, Place.state.in_(HOLDING)
    )
    query = select(StockCopy.serial, StockCopy.copy_no).where(
        StockCopy.kind == StockKind.FORM, StockCopy.state == CopyState.BOUND, ~holds.exists()
    )
    for serial, copy_no in session.execute(query.order_by(StockCopy.serial)):
        yield f"编号 {serial} 的入团志愿书第{copy_no}份没有收回：该申请人已不持有这个名额"
