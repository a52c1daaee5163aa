"""The year's places, from the plan to the person: open, allot, give back, reserve, use, release.

Every function that takes something scarce follows one recipe: lock the accounts (in one sorted order), check, take,
journal, all in the caller's transaction; a database constraint stands behind each check.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import numbering, quota_ledger, rule_sets, units
from workflows.domain.numbering import Place, PlaceState, Run
from workflows.domain.quota_audit import Audit, audit
from workflows.domain.quota_ledger import (
    Bucket,
    Lock,
    MovementKind,
    NoPlan,
    Plan,
    PlanClosed,
    PlanState,
    QuotaAccount,
    QuotaMovement,
    account_of,
    current_plan,
    lock_accounts,
    movements_of,
)
from workflows.domain.units import Unit, UnitKind
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor

__all__ = [
    "Audit",
    "NoPlan",
    "NumbersExhausted",
    "Place",
    "Plan",
    "QuotaAccount",
    "QuotaExhausted",
    "QuotaMovement",
    "QuotaRow",
    "account_of",
    "allot",
    "allot_many",
    "audit",
    "current_plan",
    "give_back",
    "lock_accounts",
    "movements_of",
    "open_plan",
    "overview",
    "place_of",
    "places_of",
    "plan_of_year",
    "release",
    "reserve",
    "use",
]


class QuotaExhausted(Refusal):
    """The unit has no free place."""

    code = "quota.exhausted"
    sentence = (
        "“{unit}”没有空余的发展团员名额（空余 {free} 个，需要 {wanted} 个）。"
        "请向上级团委申请追加，或待有名额释放后再办理。"
    )
    rule = "发展团员不得超出下达的名额"
    article = "中青发〔2016〕6号；内团办发〔2020〕14号"


class NumbersExhausted(QuotaExhausted):
    """The unit has places, and no number to go with them."""

    code = "numbers.exhausted"
    sentence = (
        "“{unit}”可划出的发展团员编号只有 {left} 个，需要 {wanted} 个。"
        "请联系上级团委核对号段；已发出后释放的编号只能在本单位再次使用。"
    )
    rule = "一个名额对应一个编号，编号取自本单位的号段"
    article = "中青发〔2016〕6号"


class NoPlaceHeld(Refusal):
    """The case holds no place, so none can be used."""

    code = "quota.no_place"
    sentence = "该申请人没有预留的名额与编号，请先完成预审并预留名额。"
    rule = "没有编号不得接收为团员"
    article = "中青发〔2016〕6号"


class PlaceIsUsed(Refusal):
    """A used place cannot be released: its number belongs to a member for good."""

    code = "quota.place_used"
    sentence = "该名额与编号已用于接收团员，不能再释放。"
    rule = "已使用的编号永不重用"


class NotDirectBelow(InvalidData):
    """Places pass one level at a time."""

    code = "quota.not_below"
    sentence = "名额只能逐级分配给直接下级，“{unit}”不是“{above}”的直接下级。"
    rule = "名额自治区—盟市—旗县—学校逐级分配"
    article = "内团办发〔2020〕14号"


class AmountWrong(InvalidData):
    """An amount of places is a whole number of at least one."""

    code = "quota.amount"
    sentence = "名额数应为不小于1的整数。"


class PlanExists(InvalidData):
    """A year has one plan."""

    code = "quota.plan_exists"
    sentence = "{year}年度的计划已经下达，追加名额请另行办理。"


@dataclass(frozen=True)
class QuotaRow:
    """One unit's line of the overview. `…_below` sum the unit and everything that reports to it."""

    unit_id: int
    unit_name: str
    account_id: int | None
    allotted: int = 0
    passed_on: int = 0
    free: int = 0
    reserved: int = 0
    used: int = 0
    free_below: int = 0
    reserved_below: int = 0
    used_below: int = 0


def open_plan(session: Session, year: int, total: int, actor: Actor) -> Plan:
    """Issue the year's plan of `total` places and numbers to the region; raises PlanExists, AmountWrong."""
    _check_amount(total, "total")
    if total > numbering.SERIALS:
        raise AmountWrong(fields={"total": f"编号为6位流水号，总数不能超过{numbering.SERIALS}"})
    if session.scalar(select(Plan.id).where(Plan.year == year)) is not None:
        raise PlanExists(year=year, fields={"year": f"{year}年度的计划已经下达"})
    top = session.scalars(select(Unit).where(Unit.kind == UnitKind.REGION)).one()
    plan = Plan(year=year, total=total, rule_set=rule_sets.for_plan_year(year).name, state=PlanState.OPEN)
    session.add(plan)
    session.flush()
    account = quota_ledger.open_account(session, plan.id, top.id)
    block = numbering.found_block(session, plan.id, top.id, year, total)
    quota_ledger.issue(session, account, total, actor=actor, year=year, numbers=[str(Run(block.first, block.last))])
    return plan


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

    Numbers are cut from the tail, so the last unit is served first and the numbers ascend with the units.
    """
    _check_open(plan)
    above = units.get(session, from_unit_id)
    below = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(amounts)))}
    for unit_id, amount in amounts.items():
        _check_amount(amount, "amount")
        unit = below.get(unit_id)
        if unit is None or unit.parent_id != from_unit_id:
            name = unit.name if unit else "—"
            raise NotDirectBelow(unit=name, above=above.name, fields={"to_unit_id": f"“{name}”不是直接下级"})
    source = _locked(session, plan, above, lock_accounts)
    accounts = {each.unit_id: each for each in lock_accounts(session, plan.id, amounts)}
    _check_enough(session, source, above, sum(amounts.values()))
    movements = []
    for unit_id, amount in sorted(amounts.items(), reverse=True):
        target = accounts.get(unit_id) or quota_ledger.open_account(session, plan.id, unit_id)
        runs = numbering.cut(session, plan.id, from_unit_id, unit_id, amount)
        told = [str(run) for run in runs]
        movements.append(
            quota_ledger.hand_down(session, source, target, amount, reason=reason, actor=actor, numbers=told)
        )
    return movements


def give_back(session: Session, plan: Plan, unit_id: int, amount: int, actor: Actor, reason: str = "") -> QuotaMovement:
    """Return free places whose numbers were never issued to the unit above.

    Raises AmountWrong, PlanClosed, QuotaExhausted, NumbersExhausted (free places may hang on numbers that were issued
    and released; such numbers stay with the unit).
    """
    _check_open(plan)
    _check_amount(amount, "amount")
    unit = units.get(session, unit_id)
    locked = lock_accounts(session, plan.id, [unit_id, unit.parent_id or unit_id])
    own = next((account for account in locked if account.unit_id == unit_id), None)
    above = next((account for account in locked if account.unit_id == unit.parent_id), None)
    if own is None or above is None:
        raise QuotaExhausted(unit=unit.name, free=0, wanted=amount)
    _check_enough(session, own, unit, amount)
    runs = numbering.cut(session, plan.id, unit_id, above.unit_id, amount)
    told = [str(run) for run in runs]
    return quota_ledger.hand_up(session, own, above, amount, reason=reason, actor=actor, numbers=told)


def reserve(
    session: Session,
    *,
    unit_id: int,
    case_id: int,
    actor: Actor,
    lock: Lock = lock_accounts,
    after_check: Callable[[], object] | None = None,
) -> Place:
    """Take one free place of the unit (the school) and bind a number to the case; again, the same place.

    Raises QuotaExhausted or NumbersExhausted, both saying what to do. `lock` and `after_check` are seams for the race
    tests: they widen the window between check and take, and take the lock away to show what it is for.
    """
    held = place_of(session, case_id)
    if held is not None:
        return held
    plan, unit = current_plan(session), units.get(session, unit_id)
    account = _locked(session, plan, unit, lock)
    if account.free < 1:
        raise QuotaExhausted(unit=unit.name, free=account.free, wanted=1)
    if after_check is not None:
        after_check()
    number = numbering.draw(session, plan.id, unit_id)
    if number is None:
        raise NumbersExhausted(unit=unit.name, left=0, wanted=1)
    place = Place(
        plan_id=plan.id,
        unit_id=unit_id,
        case_id=case_id,
        number=number,
        state=PlaceState.RESERVED,
        reserved_at=clock.now(),
    )
    session.add(place)
    quota_ledger.move_one(
        session,
        account,
        MovementKind.RESERVE,
        Bucket.FREE,
        Bucket.RESERVED,
        case_id=case_id,
        reason="预审通过",
        actor=actor,
        number=number,
    )
    return place


def use(session: Session, *, case_id: int, actor: Actor) -> Place:
    """The candidate of the case is admitted: the reserved place and its number are used for good; again, the same.

    Raises NoPlaceHeld.
    """
    account, place = _locked_place(session, case_id)
    if account is None or place is None:
        raise NoPlaceHeld()
    if place.state == PlaceState.USED:
        return place
    place.state, place.used_at = PlaceState.USED, clock.now()
    quota_ledger.move_one(
        session,
        account,
        MovementKind.USE,
        Bucket.RESERVED,
        Bucket.USED,
        case_id=case_id,
        reason="审批通过",
        actor=actor,
        number=place.number,
    )
    return place


def release(session: Session, *, case_id: int, reason: str, actor: Actor) -> Place | None:
    """Free the place the case holds; None, and nothing happens, when it holds none. Raises PlaceIsUsed."""
    account, place = _locked_place(session, case_id)
    if account is None or place is None:
        return None
    if place.state == PlaceState.USED:
        raise PlaceIsUsed()
    place.state, place.released_at = PlaceState.RELEASED, clock.now()
    quota_ledger.move_one(
        session,
        account,
        MovementKind.RELEASE,
        Bucket.RESERVED,
        Bucket.FREE,
        case_id=case_id,
        reason=reason,
        actor=actor,
        number=place.number,
    )
    return place


def place_of(session: Session, case_id: int) -> Place | None:
    """The place a case holds, reserved or used."""
    query = select(Place).where(Place.case_id == case_id, Place.state != PlaceState.RELEASED)
    return session.scalars(query.execution_options(populate_existing=True)).first()


def places_of(session: Session, plan: Plan, unit_id: int, *, after: str = "", limit: int = 200) -> list[Place]:
    """The places held at the unit itself, by number; `after` is the last number already seen."""
    query = select(Place).where(
        Place.plan_id == plan.id, Place.unit_id == unit_id, Place.state != PlaceState.RELEASED, Place.number > after
    )
    return list(session.scalars(query.order_by(Place.number).limit(limit)))


def overview(session: Session, plan: Plan, unit_id: int) -> list[QuotaRow]:
    """The unit's own line first, then one line for each unit that reports to it directly, by code."""
    own = units.get(session, unit_id)
    lines = [own, *units.children(session, unit_id)]
    query = (
        select(QuotaAccount, Unit.path)
        .join(Unit, Unit.id == QuotaAccount.unit_id)
        .where(QuotaAccount.plan_id == plan.id, Unit.path.startswith(own.path, autoescape=True))
    )
    accounts = [(path, account) for account, path in session.execute(query)]
    return [_row(unit, accounts) for unit in lines]


def _row(unit: Unit, accounts: list[tuple[str, QuotaAccount]]) -> QuotaRow:
    below = [account for path, account in accounts if path.startswith(unit.path)]
    own = next((account for account in below if account.unit_id == unit.id), None)
    sums = {
        "free_below": sum(account.free for account in below),
        "reserved_below": sum(account.reserved for account in below),
        "used_below": sum(account.used for account in below),
    }
    if own is None:
        return QuotaRow(unit.id, unit.name, None, **sums)
    return QuotaRow(
        unit.id, unit.name, own.id, own.allotted_in, own.passed_on, own.free, own.reserved, own.used, **sums
    )


def _locked(session: Session, plan: Plan, unit: Unit, lock: Lock) -> QuotaAccount:
    found = lock(session, plan.id, [unit.id])
    if not found:
        raise QuotaExhausted(unit=unit.name, free=0, wanted=1)
    return found[0]


_ACCOUNT_OF_CASE = (
    select(QuotaAccount)
    .join(Place, and_(Place.plan_id == QuotaAccount.plan_id, Place.unit_id == QuotaAccount.unit_id))
    .where(Place.case_id == bindparam("case"), Place.state != PlaceState.RELEASED)
    .with_for_update(of=QuotaAccount)
    .execution_options(populate_existing=True)
)


def _locked_place(session: Session, case_id: int) -> tuple[QuotaAccount | None, Place | None]:
    """The case's place and its account, both as they stand under the account's lock."""
    account = session.scalars(_ACCOUNT_OF_CASE, {"case": case_id}).first()
    return (account, place_of(session, case_id)) if account else (None, None)


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


def _check_amount(amount: int, field: str) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
        raise AmountWrong(fields={field: AmountWrong.sentence})


def _check_open(plan: Plan) -> None:
    if plan.state != PlanState.OPEN:
        raise PlanClosed(year=plan.year)


def plan_of_year(session: Session, year: int) -> Plan:
    """The plan of a year; raises NotFound."""
    found = session.scalars(select(Plan).where(Plan.year == year)).first()
    if found is None:
        raise NotFound(what="年度计划")
    return found
