"""Corrections of a closed year's book (年后更正): expired places that were written to the wrong unit.

Nothing is overwritten. One person enters what is wrong with its reason and the paper that shows it; another, of the
unit above, confirms. Then double entries of that day carry the places and their numbers from unit to unit, so that the
sums hold at every level and the wrong entry stays to be read. Places that candidates hold or used are not touched.
"""

from collections.abc import Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Date, Index, String, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId, Json
from workflows.domain import numbering, quota_ledger, quota_news, units
from workflows.domain.columns import reference, word
from workflows.domain.quota_correction_refusals import (
    DAY_WRONG,
    DOCUMENT_MISSING,
    SAME_UNIT,
    CorrectedByOne,
    CorrectionOfOthers,
    CorrectionSettled,
    CorrectionWrong,
    PlanStillOpen,
    TooFewExpired,
)
from workflows.domain.quota_ledger import (
    CORRECTING,
    Bucket,
    MovementKind,
    Plan,
    PlanState,
    QuotaAccount,
    QuotaMovement,
    lock_accounts,
)
from workflows.domain.quota_refusals import check_amount, check_reason
from workflows.domain.units import Unit
from workflows.errors import NotFound
from workflows.journal import Actor, Event

LONGEST_DOCUMENT = 200


class CorrectionState(StrEnum):
    """Where a correction stands."""

    ENTERED = "entered"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        """What those concerned read."""
        return _LABELS[self]


_LABELS = {
    CorrectionState.ENTERED: "待上级确认",
    CorrectionState.CONFIRMED: "已更正",
    CorrectionState.DECLINED: "不予更正",
    CorrectionState.WITHDRAWN: "已撤回",
}


class QuotaCorrection(Base):
    """One correction. `movements` are the ids of its entries, one for each level between the two units."""

    __tablename__ = "quota_correction"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("from_unit_id <> to_unit_id", name="two_units"),
        CheckConstraint(
            "state <> 'confirmed' OR (settled_by IS NOT NULL AND settled_by <> entered_by)", name="two_people"
        ),
        Index("ix_quota_correction_over", "over_unit_id", "state"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id")
    from_unit_id: Mapped[int] = reference("unit.id")
    to_unit_id: Mapped[int] = reference("unit.id")
    unit_id: Mapped[int] = reference("unit.id", index=False)
    """The unit that entered it."""
    over_unit_id: Mapped[int] = reference("unit.id", index=False)
    amount: Mapped[int]
    reason: Mapped[str] = mapped_column(String(400))
    document: Mapped[str] = mapped_column(String(LONGEST_DOCUMENT))
    document_on: Mapped[date] = mapped_column(Date)
    state: Mapped[CorrectionState] = mapped_column(word(CorrectionState))
    entered_by: Mapped[int] = mapped_column(BigId)
    entered_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(String(400), default="")
    settled_by: Mapped[int | None] = mapped_column(BigId)
    settled_at: Mapped[datetime | None]
    movements: Mapped[list[int]] = mapped_column(Json)


def enter(
    session: Session,
    plan: Plan,
    *,
    unit_id: int,
    from_unit_id: int,
    to_unit_id: int,
    amount: int,
    reason: str,
    document: str,
    document_on: date | None,
    actor: Actor,
) -> QuotaCorrection:
    """Enter that `amount` expired places of a closed plan belong to another unit; nothing moves yet.

    `unit_id` enters it: the giver, the taker or their nearest common unit; the unit above that confirms. Raises
    PlanStillOpen, CorrectionWrong, AmountWrong, ReasonMissing, CorrectionOfOthers, TooFewExpired, NotFound.
    """
    if plan.state != PlanState.CLOSED:
        raise PlanStillOpen(year=plan.year)
    _check(from_unit_id, to_unit_id, document, document_on)
    check_amount(amount)
    reason = check_reason(reason)
    _up, common, _down = way_between(session, from_unit_id, to_unit_id)
    if unit_id not in (from_unit_id, to_unit_id, common.id):
        raise CorrectionOfOthers(unit=units.get(session, unit_id).name)
    _insist_on_expired(session, plan, from_unit_id, amount)
    over = common.id if unit_id != common.id else (common.parent_id or common.id)
    if actor.person_id is None or document_on is None:
        raise ValueError("a correction is entered by a person, from a dated paper")
    found = QuotaCorrection(
        plan_id=plan.id,
        from_unit_id=from_unit_id,
        to_unit_id=to_unit_id,
        unit_id=unit_id,
        over_unit_id=over,
        amount=amount,
        reason=reason,
        document=document.strip(),
        document_on=document_on,
        state=CorrectionState.ENTERED,
        entered_by=actor.person_id,
        entered_at=clock.now(),
        answer="",
        movements=[],
    )
    session.add(found)
    _record(session, Event.QUOTA_CORRECTION_ENTERED, found, actor, document=found.document, reason=reason)
    quota_news.tell(session, over, f"{_told(session, plan, found)}。依据：{found.document}。等您确认。")
    return found


def confirm(session: Session, correction_id: int, actor: Actor, answer: str = "") -> list[QuotaMovement]:
    """The unit above agrees: entries of today carry the places and their numbers, level by level.

    Raises NotFound, CorrectionSettled, CorrectedByOne, TooFewExpired (another correction came first).
    """
    found = _locked(session, correction_id)
    if actor.person_id is None or actor.person_id == found.entered_by:
        raise CorrectedByOne(unit=units.get(session, found.over_unit_id).name)
    plan = session.get_one(Plan, found.plan_id)
    movements = _carry(session, plan, found, actor)
    found.movements = [movement.id for movement in movements]
    _settle(session, found, CorrectionState.CONFIRMED, actor, answer.strip(), movements=found.movements)
    for unit_id in dict.fromkeys((found.from_unit_id, found.to_unit_id, found.unit_id)):
        quota_news.tell(session, unit_id, f"{_told(session, plan, found)}，已确认并记入当日的更正分录。")
    return movements


def decline(session: Session, correction_id: int, reason: str, actor: Actor) -> QuotaCorrection:
    """The unit above does not agree, and says why; raises NotFound, CorrectionSettled, ReasonMissing."""
    found = _locked(session, correction_id)
    _settle(session, found, CorrectionState.DECLINED, actor, check_reason(reason))
    plan = session.get_one(Plan, found.plan_id)
    quota_news.tell(session, found.unit_id, f"{_told(session, plan, found)}，不予更正。说明：{found.answer}")
    return found


def withdraw(session: Session, correction_id: int, actor: Actor) -> QuotaCorrection:
    """The unit that entered it takes it back; raises NotFound, CorrectionSettled."""
    found = _locked(session, correction_id)
    _settle(session, found, CorrectionState.WITHDRAWN, actor, "")
    return found


def get(session: Session, correction_id: int) -> QuotaCorrection:
    """The correction; raises NotFound."""
    found = session.get(QuotaCorrection, correction_id)
    if found is None:
        raise NotFound(what="年后更正")
    return found


def within(session: Session, plan: Plan, top: Unit, limit: int = 100) -> list[QuotaCorrection]:
    """The corrections of a plan that touch a unit or anything that reports to it, or that it decides, newest first."""
    giver, taker = aliased(Unit), aliased(Unit)
    query = (
        select(QuotaCorrection)
        .join(giver, giver.id == QuotaCorrection.from_unit_id)
        .join(taker, taker.id == QuotaCorrection.to_unit_id)
        .where(
            QuotaCorrection.plan_id == plan.id,
            or_(
                giver.path.startswith(top.path, autoescape=True),
                taker.path.startswith(top.path, autoescape=True),
                QuotaCorrection.over_unit_id == top.id,
            ),
        )
    )
    return list(session.scalars(query.order_by(QuotaCorrection.id.desc()).limit(limit)))


def way_between(session: Session, from_unit_id: int, to_unit_id: int) -> tuple[list[Unit], Unit, list[Unit]]:
    """Units from the giver up to below the nearest common one, that one, and from there down to the taker.

    The common one may be the giver or the taker itself; then its side of the way is empty.
    """
    giving, taking = units.line_of(session, from_unit_id), units.line_of(session, to_unit_id)
    shared = [above for above, other in zip(giving, taking, strict=False) if above.id == other.id]
    return giving[len(shared) :][::-1], shared[-1], taking[len(shared) :]


def faults(session: Session, plans: dict[int, Plan]) -> Iterator[str]:
    """Every correcting entry belongs to one confirmed correction of two people and a closed plan, and to no other."""
    entries = {
        movement.id: movement
        for movement in session.scalars(select(QuotaMovement).where(QuotaMovement.kind.in_(CORRECTING)))
    }
    for each in session.scalars(select(QuotaCorrection).order_by(QuotaCorrection.id)):
        name, ours = (
            f"{plans[each.plan_id].year}年·第{each.id}号年后更正",
            [entries.pop(x, None) for x in each.movements],
        )
        if bool(ours) != (each.state == CorrectionState.CONFIRMED):
            yield f"{name}：状态为“{each.state.label}”，更正分录 {len(ours)} 条"
        if any(entry is None or (entry.plan_id, entry.amount) != (each.plan_id, each.amount) for entry in ours):
            yield f"{name}：更正分录缺失，或计划、数量与更正不符"
        if plans[each.plan_id].state != PlanState.CLOSED:
            yield f"{name}：计划并未关闭"
    for left in entries.values():
        yield f"{plans[left.plan_id].year}年：第{left.id}号流水是更正分录，但没有对应的年后更正"


def _check(from_unit_id: int, to_unit_id: int, document: str, document_on: date | None) -> None:
    wrong: dict[str, str] = {}
    if from_unit_id == to_unit_id:
        wrong["to_unit_id"] = SAME_UNIT
    if not 2 <= len(document.strip()) <= LONGEST_DOCUMENT:
        wrong["document"] = DOCUMENT_MISSING
    if document_on is None or document_on > clock.today():
        wrong["document_on"] = DAY_WRONG
    if wrong:
        raise CorrectionWrong(fields=wrong)


def _insist_on_expired(session: Session, plan: Plan, unit_id: int, amount: int) -> None:
    account = quota_ledger.account_of(session, plan.id, unit_id)
    expired = account.expired if account else 0
    left = min(expired, numbering.unissued(session, plan.id, unit_id)) if expired else 0
    if left < amount:
        facts: dict[str, Any] = {"year": plan.year, "expired": expired, "left": left, "wanted": amount}
        name = units.get(session, unit_id).name
        raise TooFewExpired(unit=name, fields={"amount": f"可更正的失效名额有{left}个"}, **facts)


def _carry(session: Session, plan: Plan, found: QuotaCorrection, actor: Actor) -> list[QuotaMovement]:
    """The double entries, one for each level on the way, and the passage of the numbers."""
    upward, common, downward = way_between(session, found.from_unit_id, found.to_unit_id)
    # The common unit first: under its lock nobody else opens an account below it, and it is older than those.
    accounts = {each.unit_id: each for each in lock_accounts(session, plan.id, [common.id])}
    others = [unit.id for unit in (*upward, *downward)]
    accounts |= {each.unit_id: each for each in lock_accounts(session, plan.id, others)}
    _insist_on_expired(session, plan, found.from_unit_id, found.amount)
    runs = numbering.cut(session, plan.id, found.from_unit_id, found.to_unit_id, found.amount)
    entry: dict[str, Any] = {
        "reason": f"年后更正第{found.id}号（{found.document}）：{found.reason}"[:400],
        "actor": actor,
        "bucket": Bucket.EXPIRED,
        "numbers": [str(run) for run in runs],
        "correction": found.id,
    }
    movements: list[QuotaMovement] = []
    for below, above in zip(upward, [*upward[1:], common], strict=False):
        ends = accounts[below.id], accounts[above.id]
        movements.append(quota_ledger.hand_up(session, *ends, found.amount, kind=MovementKind.CORRECT_UP, **entry))
    for above, below in zip([common, *downward], downward, strict=False):
        ends = accounts[above.id], _opened(session, plan, accounts, below)
        movements.append(quota_ledger.hand_down(session, *ends, found.amount, kind=MovementKind.CORRECT_DOWN, **entry))
    last = movements[-1].id
    numbering.note_passage(session, plan.id, last, found.from_unit_id, found.to_unit_id, runs)
    return movements


def _opened(session: Session, plan: Plan, accounts: dict[int, QuotaAccount], unit: Unit) -> QuotaAccount:
    if unit.id not in accounts:
        accounts[unit.id] = quota_ledger.open_account(session, plan.id, unit.id)
    return accounts[unit.id]


def _locked(session: Session, correction_id: int) -> QuotaCorrection:
    query = select(QuotaCorrection).where(QuotaCorrection.id == correction_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="年后更正")
    if found.state != CorrectionState.ENTERED:
        raise CorrectionSettled(state=found.state.label)
    return found


def _settle(
    session: Session, found: QuotaCorrection, state: CorrectionState, actor: Actor, answer: str, **facts: Any
) -> None:
    found.state, found.answer = state, answer
    found.settled_by, found.settled_at = actor.person_id, clock.now()
    _record(session, Event.QUOTA_CORRECTION_SETTLED, found, actor, entered_by=found.entered_by, **facts)


def _told(session: Session, plan: Plan, found: QuotaCorrection) -> str:
    giver, taker = (quota_news.name_of(session, each) for each in (found.from_unit_id, found.to_unit_id))
    return f"{plan.year}年度年后更正：{found.amount} 个失效名额由{giver}更正到{taker}"


def _record(session: Session, event: Event, found: QuotaCorrection, actor: Actor, **facts: Any) -> None:
    session.flush()
    journal.record(
        session,
        event,
        chain=journal.unit_chain(found.unit_id),
        actor=actor,
        correction=found.id,
        plan=found.plan_id,
        from_unit=found.from_unit_id,
        to_unit=found.to_unit_id,
        over_unit=found.over_unit_id,
        amount=found.amount,
        state=found.state.value,
        **facts,
    )
