"""The year's plan: issued once, enlarged during the year by blocks of their own."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import numbering, quota_ledger, rule_sets
from workflows.domain.numbering import Run
from workflows.domain.quota_ledger import MovementKind, Plan, PlanState, QuotaMovement
from workflows.domain.quota_refusals import AmountWrong, PlanExists, SerialsExhausted, check_amount, check_reason
from workflows.domain.units import Unit, UnitKind
from workflows.errors import NotFound
from workflows.journal import Actor


def open_plan(session: Session, year: int, total: int, actor: Actor) -> Plan:
    """Issue the year's plan of `total` places and numbers to the region; raises PlanExists, AmountWrong."""
    check_amount(total, "total")
    if total > numbering.SERIALS:
        raise AmountWrong(fields={"total": f"编号为6位流水号，总数不能超过{numbering.SERIALS}"})
    if session.scalar(select(Plan.id).where(Plan.year == year)) is not None:
        raise PlanExists(year=year, fields={"year": f"{year}年度的计划已经下达"})
    top = _region(session)
    plan = Plan(year=year, total=total, rule_set=rule_sets.for_plan_year(year).name, state=PlanState.OPEN)
    session.add(plan)
    session.flush()
    quota_ledger.open_account(session, plan.id, top.id)
    _bring(session, plan, top.id, 1, total, MovementKind.ISSUE, "", actor)
    return plan


def add_to_plan(session: Session, plan: Plan, amount: int, actor: Actor, reason: str) -> QuotaMovement:
    """Enlarge the plan during its year (年中追加): a block of its own, never a longer old one.

    Raises AmountWrong, ReasonMissing, SerialsExhausted, PlanClosed. The plan's total stays the sum of what was issued.
    """
    check_amount(amount)
    reason = check_reason(reason)
    plan = quota_ledger.lock_plan(session, plan)
    left = numbering.SERIALS - plan.total
    if amount > left:
        raise SerialsExhausted(year=plan.year, left=left, fields={"amount": f"最多还能追加{left}个"})
    first = plan.total + 1
    plan.total = plan.total + amount
    return _bring(session, plan, _region(session).id, first, amount, MovementKind.ADD, reason, actor)


def _bring(
    session: Session, plan: Plan, unit_id: int, first: int, amount: int, kind: MovementKind, reason: str, actor: Actor
) -> QuotaMovement:
    [account] = quota_ledger.lock_accounts(session, plan.id, [unit_id])
    block = numbering.found_block(session, plan.id, unit_id, plan.year, amount, first_serial=first)
    run = Run(block.first, block.last)
    facts = {"year": plan.year, "numbers": [str(run)]}
    movement = quota_ledger.issue(session, account, amount, actor=actor, kind=kind, reason=reason, **facts)
    numbering.note_passage(session, plan.id, movement.id, None, unit_id, [run])
    return movement


def _region(session: Session) -> Unit:
    return session.scalars(select(Unit).where(Unit.kind == UnitKind.REGION)).one()


def plan_of_year(session: Session, year: int) -> Plan:
    """The plan of a year; raises NotFound."""
    found = session.scalars(select(Plan).where(Plan.year == year)).first()
    if found is None:
        raise NotFound(what="年度计划")
    return found
