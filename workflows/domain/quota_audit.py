"""The nightly proof that ledger, numbers, places and members tell one story.

Nothing is trusted that can be recomputed: balances are added up again from the movements, places and numbers are
counted against them, and members are held against the places they were admitted on.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain import number_custody, quota_corrections
from workflows.domain.members import Candidate, CandidateStatus, LeagueMember
from workflows.domain.numbering import (
    HOLDING,
    PROVINCE,
    RESERVING,
    USING,
    NumberBlock,
    NumberPassage,
    Place,
    PlaceState,
)
from workflows.domain.past_memberships import PastMembership
from workflows.domain.quota_corrections import QuotaCorrection
from workflows.domain.quota_ledger import (
    DOWNWARD,
    NEW_PLACES,
    UPWARD,
    Bucket,
    Plan,
    PlanState,
    QuotaAccount,
    QuotaMovement,
)
from workflows.domain.units import Unit
from workflows.journal import JournalChain

Balances = dict[str, int]

_COLUMNS = ("free", "reserved", "used", "expired", "allotted_in", "passed_on")


@dataclass(frozen=True)
class Audit:
    """How many rows of each kind were checked, and every fault in words."""

    checked: dict[str, int]
    faults: list[str]


def audit(session: Session) -> Audit:
    """Check every plan; reads only. Run it in one transaction, so that it sees one moment."""
    plans = {plan.id: plan for plan in session.scalars(select(Plan).order_by(Plan.year))}
    accounts = list(session.scalars(select(QuotaAccount).order_by(QuotaAccount.id)))
    names = dict(session.execute(select(Unit.id, Unit.name)).all())
    told = {account.id: f"{plans[account.plan_id].year}年·{names[account.unit_id]}" for account in accounts}
    faults = [
        *_balances_differ(session, accounts, told),
        *_totals_differ(session, plans, accounts),
        *_places_differ(session, accounts, told),
        *_closed_plans_differ(plans, accounts, told),
        *_numbers_differ(session, plans, accounts, told, names),
        *number_custody.faults(session, plans, names),
        *_members_differ(session, plans),
        *_journal_differs(session, accounts, told),
        *quota_corrections.faults(session, plans),
    ]
    tables = {
        "计划": Plan,
        "名额账户": QuotaAccount,
        "名额流水": QuotaMovement,
        "名额": Place,
        "号段": NumberBlock,
        "号段交接": NumberPassage,
        "年后更正": QuotaCorrection,
    }
    checked = {label: session.scalar(select(func.count()).select_from(table)) or 0 for label, table in tables.items()}
    return Audit(checked=checked, faults=faults)


def _balances_differ(session: Session, accounts: list[QuotaAccount], told: dict[int, str]) -> Iterator[str]:
    recomputed = _recompute(session)
    for account in accounts:
        for column in _COLUMNS:
            stored, counted = getattr(account, column), recomputed[account.id][column]
            if stored != counted:
                yield f"{told[account.id]}：账上 {column} 为 {stored}，按流水应为 {counted}"


def _recompute(session: Session) -> dict[int | None, Balances]:
    """Every balance of every account, added up from the movements alone."""
    balances: dict[int | None, Balances] = defaultdict(lambda: dict.fromkeys(_COLUMNS, 0))
    total = func.sum(QuotaMovement.amount)
    grouped = (
        QuotaMovement.kind,
        QuotaMovement.from_account,
        QuotaMovement.from_bucket,
        QuotaMovement.to_account,
        QuotaMovement.to_bucket,
    )
    rows = session.execute(select(*grouped, total).group_by(*grouped))
    for kind, source, from_bucket, target, to_bucket, amount in rows:
        balances[target][to_bucket.value] += amount
        if source is not None:
            balances[source][(from_bucket or Bucket.FREE).value] -= amount
        if kind in NEW_PLACES:
            balances[target]["allotted_in"] += amount
        elif kind in DOWNWARD:
            balances[target]["allotted_in"] += amount
            balances[source]["passed_on"] += amount
        elif kind in UPWARD:
            balances[source]["allotted_in"] -= amount
            balances[target]["passed_on"] -= amount
    return balances


def _totals_differ(session: Session, plans: dict[int, Plan], accounts: list[QuotaAccount]) -> Iterator[str]:
    held: Counter[int] = Counter()
    for account in accounts:
        held[account.plan_id] += account.free + account.reserved + account.used + account.expired
    for plan in plans.values():
        if held[plan.id] != plan.total:
            yield f"{plan.year}年：各级空余、预留、使用、失效合计 {held[plan.id]}，计划总数 {plan.total}"


def _places_differ(session: Session, accounts: list[QuotaAccount], told: dict[int, str]) -> Iterator[str]:
    query = select(Place.plan_id, Place.unit_id, Place.state, func.count()).group_by(
        Place.plan_id, Place.unit_id, Place.state
    )
    counted: Counter[tuple[int, int, Bucket]] = Counter()
    for plan, unit, state, number in session.execute(query):
        if state in HOLDING:
            counted[plan, unit, Bucket.RESERVED if state in RESERVING else Bucket.USED] += number
    for account in accounts:
        for bucket in (Bucket.RESERVED, Bucket.USED):
            places, stored = counted.pop((account.plan_id, account.unit_id, bucket), 0), getattr(account, bucket.value)
            if places != stored:
                yield f"{told[account.id]}：账上 {bucket.value} 为 {stored}，名额登记为 {places}"
    for (_, unit, bucket), number in counted.items():
        yield f"组织 {unit}：有 {number} 个 {bucket.value} 名额，但没有名额账户"


def _closed_plans_differ(plans: dict[int, Plan], accounts: list[QuotaAccount], told: dict[int, str]) -> Iterator[str]:
    """Nothing is free in a closed plan, and nothing has expired in an open one."""
    for account in accounts:
        closed = plans[account.plan_id].state == PlanState.CLOSED
        if closed and account.free:
            yield f"{told[account.id]}：计划已关闭，仍有空余名额 {account.free}"
        if not closed and account.expired:
            yield f"{told[account.id]}：计划未关闭，却有失效名额 {account.expired}"


def _numbers_differ(
    session: Session,
    plans: dict[int, Plan],
    accounts: list[QuotaAccount],
    told: dict[int, str],
    names: dict[int, str],
) -> Iterator[str]:
    """Every number of a plan is either unissued in exactly one block or on record as a place; free places have one."""
    runs: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    left: Counter[tuple[int, int]] = Counter()
    for block in session.scalars(select(NumberBlock)):
        if block.left:
            runs[block.plan_id].append((block.next, block.last, block.unit_id))
            left[block.plan_id, block.unit_id] += block.left
    issued, reusable, faults = _issued(session, plans)
    yield from faults
    for plan in plans.values():
        yield from _overlaps(plan, sorted(runs[plan.id]), issued[plan.id], names)
        found = sum(amount for (of_plan, _), amount in left.items() if of_plan == plan.id) + len(issued[plan.id])
        if found != plan.total:
            yield f"{plan.year}年：号段余号与已发编号合计 {found}，计划总数 {plan.total}"
    for account in accounts:
        owner = (account.plan_id, account.unit_id)
        unheld = account.free + account.expired
        if left[owner] + reusable[owner] != unheld:
            kind = "失效" if account.expired else "空余"
            yield (
                f"{told[account.id]}：{kind}名额 {unheld}，可用编号 {left[owner] + reusable[owner]}"
                f"（号段余 {left[owner]}，释放待用 {reusable[owner]}）"
            )


def _issued(
    session: Session, plans: dict[int, Plan]
) -> tuple[dict[int, set[str]], Counter[tuple[int, int]], list[str]]:
    """The issued numbers of each plan, how many of each owner may be reserved again, and faults among them."""
    issued: dict[int, set[str]] = defaultdict(set)
    active: Counter[str] = Counter()
    released: dict[str, tuple[int, int]] = {}
    faults: list[str] = []
    for plan_id, unit_id, number, state in session.execute(
        select(Place.plan_id, Place.unit_id, Place.number, Place.state)
    ):
        issued[plan_id].add(number)
        if not number.startswith(f"{plans[plan_id].year:04d}{PROVINCE}"):
            faults.append(f"编号 {number} 不属于 {plans[plan_id].year} 年的计划")
        if state in (PlaceState.RELEASED, PlaceState.EXPIRED):
            released[number] = (plan_id, unit_id)
        else:
            active[number] += 1
    faults += [f"编号 {number} 被 {times} 个名额同时占用" for number, times in active.items() if times > 1]
    reusable = Counter(owner for number, owner in released.items() if number not in active)
    return issued, reusable, faults


def _overlaps(plan: Plan, runs: list[tuple[str, str, int]], issued: set[str], names: dict[int, str]) -> Iterator[str]:
    previous = ("", "", 0)
    for run in runs:
        if run[0] <= previous[1]:
            yield f"{plan.year}年：号段重叠，{names[previous[2]]} 与 {names[run[2]]} 都有编号 {run[0]}"
        previous = run if run[1] > previous[1] else previous
    numbers = sorted(issued)
    at = 0
    for first, last, unit_id in runs:
        while at < len(numbers) and numbers[at] < first:
            at += 1
        if at < len(numbers) and numbers[at] <= last:
            yield f"{plan.year}年：编号 {numbers[at]} 已发出，仍在 {names[unit_id]} 的未发号段中"


def _members_differ(session: Session, plans: dict[int, Plan]) -> Iterator[str]:
    """Used places belong to members, of now or before, under the same number; reserved ones to candidates."""
    query = (
        select(
            *(Place.number, Place.state, Place.case_id, Candidate.id, Candidate.status),
            *(LeagueMember.number, PastMembership.number),
        )
        .outerjoin(Candidate, Candidate.case_id == Place.case_id)
        .outerjoin(PastMembership, PastMembership.case_id == Place.case_id)
        .outerjoin(LeagueMember, LeagueMember.person_id == Candidate.person_id)
        .where(Place.state.in_(HOLDING))
    )
    used: set[str] = set()
    for number, state, case_id, candidate, status, *member_numbers in session.execute(query):
        if candidate is None:
            yield f"编号 {number}（事项 {case_id}）没有对应的申请人"
        elif state in RESERVING and status != CandidateStatus.APPLYING:
            yield f"编号 {number}（事项 {case_id}）仍为预留，但申请已终结（{status.value}）"
        elif state in USING and (status != CandidateStatus.ADMITTED or number not in member_numbers):
            yield f"编号 {number}（事项 {case_id}）已使用，但没有以此编号接收的团员"
        if state in USING:
            used.add(number)
    ours = tuple(f"{plan.year:04d}{PROVINCE}" for plan in plans.values())
    for member_number in session.scalars(select(LeagueMember.number)):
        if member_number is not None and member_number.startswith(ours) and member_number not in used:
            yield f"团员编号 {member_number} 没有对应的已使用名额"


def _journal_differs(session: Session, accounts: list[QuotaAccount], told: dict[int, str]) -> Iterator[str]:
    """One entry in the account's journal chain for each movement that touched it."""
    journal.write(session)
    touched: Counter[int] = Counter()
    for source, target in session.execute(select(QuotaMovement.from_account, QuotaMovement.to_account)):
        touched.update({target if source is None else source, target})
    lengths = dict(
        session.execute(
            select(JournalChain.chain, JournalChain.length).where(JournalChain.chain.startswith("quota:"))
        ).all()
    )
    for account in accounts:
        entries = lengths.get(account.chain, 0)
        if entries != touched[account.id]:
            yield f"{told[account.id]}：流水 {touched[account.id]} 条，日志 {entries} 条"
