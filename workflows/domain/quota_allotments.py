"""Places on their way between units: handed down, given back, passed sideways.

Every act locks the accounts (in one sorted order), checks, takes, journals, all in the caller's transaction; the
numbers are cut in the same act.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import numbering, quota_control, quota_ledger, units
from workflows.domain.quota_ledger import (
    Lock,
    MovementKind,
    Plan,
    QuotaAccount,
    QuotaMovement,
    check_open,
    lock_accounts,
)
from workflows.domain.quota_refusals import (
    NotDirectBelow,
    NumbersExhausted,
    QuotaExhausted,
    TransferWithinLine,
    check_amount,
    check_reason,
)
from workflows.domain.units import Unit
from workflows.journal import Actor


def allot(
    session: Session, plan: Plan, from_unit_id: int, to_unit_id: int, amount: int, actor: Actor, reason: str = ""
) -> QuotaMovement:
    """Pass free places, with a cut of numbers, from a unit to one that reports to it directly.

    Raises AmountWrong, NotDirectBelow, PlanClosed, QuotaExhausted, NumbersExhausted.
    """
    return allot_many(session, plan, from_unit_id, {to_unit_id: amount}, actor, reason)[0]


def allot_many(
    session: Session, plan: Plan, from_unit_id: int, amounts: Mapping[int, int], actor: Actor, reason: str = ""
) -> list[QuotaMovement]:
    """Split a unit's places over units that report to it directly, all or none; `amounts` is by unit id.

    Numbers are cut from the tail, so the last unit is served first and the numbers ascend with the units. Beside what
    `allot` raises, CeilingExceeded where a unit is over its ratio.
    """
    check_open(plan)
    above = units.get(session, from_unit_id)
    below = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(amounts)))}
    for unit_id, amount in amounts.items():
        check_amount(amount)
        unit = below.get(unit_id)
        if unit is None or unit.parent_id != from_unit_id:
            name = unit.name if unit else "—"
            raise NotDirectBelow(unit=name, above=above.name, fields={"to_unit_id": f"“{name}”不是直接下级"})
    source = locked_account(session, plan, above, lock_accounts)
    accounts = {each.unit_id: each for each in lock_accounts(session, plan.id, amounts)}
    _check_enough(session, source, above, sum(amounts.values()))
    quota_control.insist_on_ceilings(session, plan, from_unit_id, amounts)
    movements = []
    for unit_id, amount in sorted(amounts.items(), reverse=True):
        target = accounts.get(unit_id) or quota_ledger.open_account(session, plan.id, unit_id)
        runs = numbering.cut(session, plan.id, from_unit_id, unit_id, amount)
        told = [str(run) for run in runs]
        movement = quota_ledger.hand_down(session, source, target, amount, reason=reason, actor=actor, numbers=told)
        numbering.note_passage(session, plan.id, movement.id, from_unit_id, unit_id, runs)
        movements.append(movement)
    return movements


def give_back(session: Session, plan: Plan, unit_id: int, amount: int, actor: Actor, reason: str = "") -> QuotaMovement:
    """Return free places whose numbers were never issued to the unit above.

    Raises AmountWrong, PlanClosed, QuotaExhausted, NumbersExhausted (free places may hang on numbers that were issued
    and released; such numbers stay with the unit).
    """
    check_open(plan)
    check_amount(amount)
    unit = units.get(session, unit_id)
    locked = lock_accounts(session, plan.id, [unit_id, unit.parent_id or unit_id])
    own = next((account for account in locked if account.unit_id == unit_id), None)
    above = next((account for account in locked if account.unit_id == unit.parent_id), None)
    if own is None or above is None:
        raise QuotaExhausted(unit=unit.name, free=0, wanted=amount)
    _check_enough(session, own, unit, amount)
    runs = numbering.cut(session, plan.id, unit_id, above.unit_id, amount)
    told = [str(run) for run in runs]
    movement = quota_ledger.hand_up(session, own, above, amount, reason=reason, actor=actor, numbers=told)
    numbering.note_passage(session, plan.id, movement.id, unit_id, above.unit_id, runs)
    return movement


def transfer(
    session: Session, plan: Plan, from_unit_id: int, to_unit_id: int, amount: int, actor: Actor, reason: str
) -> QuotaMovement:
    """Pass free places and numbers sideways (横向调剂) to a unit of another line, over the nearest common parent.

    One movement for each level on the way, all or none; answers the last. Who may decide it is the caller's question.
    Raises AmountWrong, ReasonMissing, PlanClosed, TransferWithinLine, QuotaExhausted, NumbersExhausted.
    """
    check_open(plan)
    check_amount(amount)
    reason = check_reason(reason)
    upward, common, downward = way_between(session, from_unit_id, to_unit_id)
    # The common parent first: under its lock nobody else opens an account below it, and it is older than those.
    accounts = {each.unit_id: each for each in lock_accounts(session, plan.id, [common.id])}
    others = [unit.id for unit in (*upward, *downward)]
    accounts |= {each.unit_id: each for each in lock_accounts(session, plan.id, others)}
    giver = accounts.get(from_unit_id)
    if giver is None:
        raise QuotaExhausted(unit=upward[0].name, free=0, wanted=amount)
    _check_enough(session, giver, upward[0], amount)
    runs = numbering.cut(session, plan.id, from_unit_id, to_unit_id, amount)
    facts: dict[str, Any] = {"numbers": [str(run) for run in runs], "from_unit": from_unit_id, "to_unit": to_unit_id}
    for below, above in zip(upward, [*upward[1:], common], strict=True):
        source, target = accounts[below.id], accounts[above.id]
        kind = MovementKind.TRANSFER_UP
        movement = quota_ledger.hand_up(session, source, target, amount, reason=reason, actor=actor, kind=kind, **facts)
    for above, below in zip([common, *downward], downward, strict=False):
        source = accounts[above.id]
        target = accounts.get(below.id) or quota_ledger.open_account(session, plan.id, below.id)
        accounts[below.id] = target
        kind = MovementKind.TRANSFER_DOWN
        movement = quota_ledger.hand_down(
            session, source, target, amount, reason=reason, actor=actor, kind=kind, **facts
        )
    numbering.note_passage(session, plan.id, movement.id, from_unit_id, to_unit_id, runs)
    return movement


def way_between(session: Session, from_unit_id: int, to_unit_id: int) -> tuple[list[Unit], Unit, list[Unit]]:
    """The way sideways: units from the giver up, the nearest common parent, units from there down to the taker.

    Raises TransferWithinLine when one of the two reports to the other, or they are the same.
    """
    giving, taking = units.line_of(session, from_unit_id), units.line_of(session, to_unit_id)
    shared = [above for above, other in zip(giving, taking, strict=False) if above.id == other.id]
    if len(shared) in (len(giving), len(taking)):
        raise TransferWithinLine(fields={"to_unit_id": TransferWithinLine.sentence})
    return giving[: len(shared) - 1 : -1], shared[-1], taking[len(shared) :]


def locked_account(session: Session, plan: Plan, unit: Unit, lock: Lock) -> QuotaAccount:
    """The unit's account under the lock; raises QuotaExhausted when nothing was ever allotted to it."""
    found = lock(session, plan.id, [unit.id])
    if not found:
        raise QuotaExhausted(unit=unit.name, free=0, wanted=1)
    return found[0]


def _check_enough(session: Session, account: QuotaAccount, unit: Unit, amount: int) -> None:
    if account.free < amount:
        raise QuotaExhausted(
            unit=unit.name,
            free=account.free,
            wanted=amount,
            fields={"amount": f"空余名额只有{account.free}个"},
        )
    left = numbering.unissued(session, account.plan_id, account.unit_id)
    if left < amount:
        raise NumbersExhausted(unit=unit.name, left=left, wanted=amount, fields={"amount": f"可划出的编号只有{left}个"})
