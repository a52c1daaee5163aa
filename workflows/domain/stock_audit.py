"""The proof that the stock's books are right: balances from movements, copies from balances, forms from places.

Nothing is trusted that can be recomputed. For each kind of fault one is planted in
tests/unit/domain/test_stock_audit.py.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain.numbering import HOLDING, Place
from workflows.domain.stock_copies import CopyState, StockCopy
from workflows.domain.stock_handovers import HandoverState, StockHandover
from workflows.domain.stock_ledger import Shelf, StockAccount, StockKind, StockMovement, StockMovementKind
from workflows.domain.units import Unit
from workflows.journal import Event, JournalEntry

_COLUMNS = (*(shelf.value for shelf in Shelf), "taken_in", "passed_on")


def faults(session: Session) -> list[str]:
    """Every fault in words, none when the books are right; reads only."""
    names = dict(session.execute(select(Unit.id, Unit.name)).all())
    accounts = list(session.scalars(select(StockAccount).order_by(StockAccount.id)))
    told = {account.id: f"{names[account.unit_id]}·{account.kind.label}" for account in accounts}
    return [
        *_balances_differ(session, accounts, told),
        *_copies_differ(session, accounts, told),
        *_copies_moved_otherwise(session),
        *_cards_of_another_code(session, told),
        *_handovers_differ(session, accounts, told),
        *_journal_differs(session, accounts, told),
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


_WAYS = {
    CopyState.BOUND: [StockMovementKind.BIND],
    CopyState.VOID: [StockMovementKind.BIND, StockMovementKind.SPOIL],
    CopyState.LOST: [StockMovementKind.BIND, StockMovementKind.LOSE],
}
"""What a named copy has gone through, by what became of it."""


def _copies_moved_otherwise(session: Session) -> Iterator[str]:
    moved: dict[int | None, list[StockMovementKind]] = defaultdict(list)
    of_copies = select(StockMovement.copy_id, StockMovement.kind).where(StockMovement.copy_id.is_not(None))
    for copy_id, kind in session.execute(of_copies.order_by(StockMovement.id)):
        moved[copy_id].append(kind)
    columns = (StockCopy.id, StockCopy.kind, StockCopy.serial, StockCopy.copy_no, StockCopy.state)
    for copy_id, paper, serial, copy_no, state in session.execute(select(*columns).order_by(StockCopy.id)):
        if moved[copy_id] != _WAYS[state]:
            way = "、".join(kind.label for kind in moved[copy_id]) or "无"
            yield f"{paper.label} {serial} 第{copy_no}份登记为{state.label}，流水为：{way}"


def _cards_of_another_code(session: Session, told: dict[int, str]) -> Iterator[str]:
    query = (
        select(StockAccount.id, StockAccount.prefix, StockCopy.serial)
        .join(StockCopy, StockCopy.account_id == StockAccount.id)
        .where(StockCopy.kind == StockKind.CARD)
    )
    for account, code, serial in session.execute(query.order_by(StockCopy.id)):
        if code is None or not serial.startswith(code):
            yield f"{told[account]}：代号为 {code or '无'}，发出的团员证编号却为 {serial}"


def _handovers_differ(session: Session, accounts: list[StockAccount], told: dict[int, str]) -> Iterator[str]:
    rows = session.execute(
        select(StockHandover.from_unit_id, StockHandover.kind, func.sum(StockHandover.amount))
        .where(StockHandover.state == HandoverState.SENT)
        .group_by(StockHandover.from_unit_id, StockHandover.kind)
    )
    on_their_way = Counter({(unit, kind): amount for unit, kind, amount in rows})
    for account in accounts:
        found = on_their_way.pop((account.unit_id, account.kind), 0)
        if account.transit != found:
            yield f"{told[account.id]}：账上在途 {account.transit} 份，待签收的交接共 {found} 份"
    for (unit, kind), amount in on_their_way.items():
        yield f"组织 {unit}：有 {amount} 份{kind.label}待签收，但没有库存账户"


def _journal_differs(session: Session, accounts: list[StockAccount], told: dict[int, str]) -> Iterator[str]:
    """One entry in the account's journal chain for each movement that touched it."""
    journal.write(session)
    touched: Counter[int] = Counter()
    for source, target in session.execute(select(StockMovement.from_account, StockMovement.to_account)):
        touched.update({target if source is None else source, target})
    rows = session.execute(
        select(JournalEntry.chain, func.count())
        .where(JournalEntry.event == Event.STOCK_MOVED.value)
        .group_by(JournalEntry.chain)
    )
    entries = Counter(dict(rows.all()))
    for account in accounts:
        if entries[account.chain] != touched[account.id]:
            yield f"{told[account.id]}：流水 {touched[account.id]} 条，日志 {entries[account.chain]} 条"


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
