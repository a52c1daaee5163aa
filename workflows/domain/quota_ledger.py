"""The ledger of places: a double-entry book. A balance changes only together with the movement that explains it.

An account is one unit's share of one year's plan. Its places stand in four buckets: free, reserved (a candidate has
passed pre-review), used (the candidate was admitted) and expired (the year ended first). `allotted_in` and `passed_on`
say what came from above and what went below, so that the row itself can be checked:
free + reserved + used + expired = allotted_in - passed_on.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ScalarSelect, String, UniqueConstraint, and_, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, journal
from workflows.database import Base, BigId
from workflows.domain.columns import reference, word
from workflows.errors import Refusal
from workflows.journal import Actor, Event


class PlanState(StrEnum):
    """Whether places of the plan may still be given out."""

    OPEN = "open"
    CLOSED = "closed"


class Bucket(StrEnum):
    """Where places stand within an account."""

    FREE = "free"
    RESERVED = "reserved"
    USED = "used"
    EXPIRED = "expired"


class MovementKind(StrEnum):
    """Every way in which places move."""

    ISSUE = "issue"
    ADD = "add"
    ALLOT = "allot"
    GIVE_BACK = "give_back"
    TRANSFER_UP = "transfer_up"
    TRANSFER_DOWN = "transfer_down"
    RESERVE = "reserve"
    USE = "use"
    RELEASE = "release"
    EXPIRE = "expire"
    CORRECT_UP = "correct_up"
    CORRECT_DOWN = "correct_down"

    @property
    def event(self) -> Event:
        """What the journal calls this movement."""
        return _EVENTS[self]

    @property
    def label(self) -> str:
        """What a reader of the ledger calls this movement."""
        return _LABELS[self]


_EVENTS = {
    MovementKind.ISSUE: Event.PLAN_ISSUED,
    MovementKind.ADD: Event.PLAN_ENLARGED,
    MovementKind.ALLOT: Event.PLACES_ALLOTTED,
    MovementKind.GIVE_BACK: Event.PLACES_RETURNED,
    MovementKind.TRANSFER_UP: Event.PLACES_TRANSFERRED,
    MovementKind.TRANSFER_DOWN: Event.PLACES_TRANSFERRED,
    MovementKind.RESERVE: Event.PLACE_RESERVED,
    MovementKind.USE: Event.PLACE_USED,
    MovementKind.RELEASE: Event.PLACE_RELEASED,
    MovementKind.EXPIRE: Event.PLACES_EXPIRED,
    MovementKind.CORRECT_UP: Event.PLACES_CORRECTED,
    MovementKind.CORRECT_DOWN: Event.PLACES_CORRECTED,
}

_LABELS = {
    MovementKind.ISSUE: "下达",
    MovementKind.ADD: "年中追加",
    MovementKind.ALLOT: "分配",
    MovementKind.GIVE_BACK: "退回",
    MovementKind.TRANSFER_UP: "横向调出",
    MovementKind.TRANSFER_DOWN: "横向调入",
    MovementKind.RESERVE: "预留",
    MovementKind.USE: "使用",
    MovementKind.RELEASE: "释放",
    MovementKind.EXPIRE: "年终失效",
    MovementKind.CORRECT_UP: "年后更正调出",
    MovementKind.CORRECT_DOWN: "年后更正调入",
}

DOWNWARD = (MovementKind.ALLOT, MovementKind.TRANSFER_DOWN, MovementKind.CORRECT_DOWN)
UPWARD = (MovementKind.GIVE_BACK, MovementKind.TRANSFER_UP, MovementKind.CORRECT_UP)
CORRECTING = (MovementKind.CORRECT_UP, MovementKind.CORRECT_DOWN)
NEW_PLACES = (MovementKind.ISSUE, MovementKind.ADD)


class Plan(Base):
    """One year's plan: how many members may be admitted, and the rule set under which."""

    __tablename__ = "quota_plan"
    __table_args__ = (CheckConstraint("total > 0", name="total"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    year: Mapped[int] = mapped_column(unique=True)
    total: Mapped[int]
    rule_set: Mapped[str] = mapped_column(String(40))
    state: Mapped[PlanState] = mapped_column(word(PlanState))
    closed_at: Mapped[datetime | None]


class QuotaAccount(Base):
    """One unit's share of one plan. The constraints stand behind the recipe: they refuse what a lost lock would do."""

    __tablename__ = "quota_account"
    __table_args__ = (
        UniqueConstraint("plan_id", "unit_id"),
        CheckConstraint(
            "free >= 0 AND reserved >= 0 AND used >= 0 AND expired >= 0 AND allotted_in >= 0 AND passed_on >= 0",
            name="not_negative",
        ),
        CheckConstraint("free + reserved + used + expired = allotted_in - passed_on", name="balanced"),
    )
    __mapper_args__ = {"eager_defaults": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id")
    free: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    expired: Mapped[int] = mapped_column(default=0, server_default="0")
    allotted_in: Mapped[int] = mapped_column(default=0)
    passed_on: Mapped[int] = mapped_column(default=0)

    @property
    def chain(self) -> str:
        """The journal chain that belongs to this account."""
        return f"quota:{self.id}"


class QuotaMovement(Base):
    """One movement of places. Triggers in the database refuse to change or delete it."""

    __tablename__ = "quota_movement"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id")
    kind: Mapped[MovementKind] = mapped_column(word(MovementKind))
    from_account: Mapped[int | None] = reference("quota_account.id", nullable=True)
    from_bucket: Mapped[Bucket | None] = mapped_column(word(Bucket))
    to_account: Mapped[int] = reference("quota_account.id")
    to_bucket: Mapped[Bucket] = mapped_column(word(Bucket))
    amount: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(BigId, index=True)
    reason: Mapped[str] = mapped_column(String(400), default="")
    person_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]


class NoPlan(Refusal):
    """No year's plan is open."""

    code = "quota.no_plan"
    sentence = "目前没有开放的年度发展团员计划。"
    remedy = "请由自治区团委先下达计划。"
    rule = "发展团员实行年度总量调控"
    article = "中青发〔2016〕6号"


class PlanClosed(Refusal):
    """Places of a closed plan cannot be given out."""

    code = "quota.plan_closed"
    sentence = "{year}年度的计划已关闭，不能再调整名额。"
    remedy = "请在开放的年度计划中办理。"
    rule = "年度计划关闭后不再重新打开，未用名额失效（本系统做法）"


_COLUMNS = {
    Bucket.FREE: QuotaAccount.free,
    Bucket.RESERVED: QuotaAccount.reserved,
    Bucket.USED: QuotaAccount.used,
    Bucket.EXPIRED: QuotaAccount.expired,
}

Lock = Callable[[Session, int, Collection[int]], list[QuotaAccount]]


def lock_accounts(session: Session, plan_id: int, unit_ids: Collection[int]) -> list[QuotaAccount]:
    """Lock the units' accounts until the transaction ends, always in the order of their ids, and read them afresh.

    A unit to which nothing was ever allotted has no account.
    """
    return list(session.scalars(_LOCKED, {"plan": plan_id, "units": list(unit_ids)}))


_LOCKED = (
    select(QuotaAccount)
    .where(QuotaAccount.plan_id == bindparam("plan"), QuotaAccount.unit_id.in_(bindparam("units", expanding=True)))
    .order_by(QuotaAccount.id)
    .with_for_update()
    .execution_options(populate_existing=True)
)


def current_plan(session: Session) -> Plan:
    """The open plan of this year, or of the latest year before it; raises NoPlan."""
    found = session.scalars(_CURRENT, {"year": clock.today().year}).first()
    if found is None:
        raise NoPlan()
    return found


def open_plan_of(session: Session, year: int) -> Plan | None:
    """The plan of that very year while places of it can be taken."""
    return session.scalars(select(Plan).where(Plan.year == year, Plan.state == PlanState.OPEN)).first()


_CURRENT = (
    select(Plan).where(Plan.state == PlanState.OPEN, Plan.year <= bindparam("year")).order_by(Plan.year.desc()).limit(1)
)


def rule_set_now() -> ScalarSelect[str]:
    """The name of the current plan's rule set as a part of another statement, which is given this `year`."""
    return _CURRENT.with_only_columns(Plan.rule_set).scalar_subquery()


def with_places_now(session: Session, unit_ids: Collection[int]) -> list[int]:
    """Which of the units hold places of the current plan, whatever became of them; oldest account first."""
    query = select(QuotaAccount.unit_id).where(
        QuotaAccount.plan_id == _CURRENT.with_only_columns(Plan.id).scalar_subquery(),
        QuotaAccount.unit_id.in_(unit_ids),
        QuotaAccount.allotted_in > QuotaAccount.passed_on,
    )
    return list(session.scalars(query.order_by(QuotaAccount.id), {"year": clock.today().year}))


def plan_and_holders(session: Session, unit_ids: Collection[int]) -> tuple[Plan, list[int]]:
    """The current plan, and which of the units hold places of it, oldest account first; raises NoPlan."""
    holds = and_(
        QuotaAccount.plan_id == Plan.id,
        QuotaAccount.unit_id.in_(unit_ids),
        QuotaAccount.allotted_in > QuotaAccount.passed_on,
    )
    query = select(Plan, QuotaAccount.unit_id).outerjoin(QuotaAccount, holds)
    query = query.where(Plan.id == _CURRENT.with_only_columns(Plan.id).scalar_subquery()).order_by(QuotaAccount.id)
    rows = session.execute(query, {"year": clock.today().year}).all()
    if not rows:
        raise NoPlan()
    return rows[0][0], [unit_id for _, unit_id in rows if unit_id is not None]


def lock_plan(session: Session, plan: Plan) -> Plan:
    """The plan as it stands now, its row locked against who closes or enlarges it; raises PlanClosed."""
    query = select(Plan).where(Plan.id == plan.id).with_for_update(key_share=True)
    found = session.scalars(query.execution_options(populate_existing=True)).one()
    check_open(found)
    return found


def check_open(plan: Plan) -> None:
    """Raise PlanClosed when places of the plan may no longer be given out."""
    if plan.state != PlanState.OPEN:
        raise PlanClosed(year=plan.year)


def account_of(session: Session, plan_id: int, unit_id: int) -> QuotaAccount | None:
    """The unit's account in the plan, if anything was ever allotted to it."""
    query = select(QuotaAccount).where(QuotaAccount.plan_id == plan_id, QuotaAccount.unit_id == unit_id)
    return session.scalars(query).first()


def open_account(session: Session, plan_id: int, unit_id: int) -> QuotaAccount:
    """An empty account. The caller holds the lock of the account above, so that nobody opens it at the same time."""
    nothing = {"free": 0, "reserved": 0, "used": 0, "expired": 0, "allotted_in": 0, "passed_on": 0}
    account = QuotaAccount(plan_id=plan_id, unit_id=unit_id, **nothing)
    session.add(account)
    session.flush()
    return account


def issue(
    session: Session,
    account: QuotaAccount,
    amount: int,
    *,
    actor: Actor,
    kind: MovementKind = MovementKind.ISSUE,
    reason: str = "",
    **facts: Any,
) -> QuotaMovement:
    """Bring the places of a new plan, or of an addition to one, into the world, free at the top account."""
    account.free = QuotaAccount.free + amount
    account.allotted_in = QuotaAccount.allotted_in + amount
    movement = _movement(kind, account, amount, actor, to_account=account.id, to_bucket=Bucket.FREE, reason=reason)
    return _write(session, movement, [account], actor, facts)


def hand_down(
    session: Session,
    above: QuotaAccount,
    below: QuotaAccount,
    amount: int,
    *,
    reason: str,
    actor: Actor,
    kind: MovementKind = MovementKind.ALLOT,
    bucket: Bucket = Bucket.FREE,
    **facts: Any,
) -> QuotaMovement:
    """Move free (or expired) places to an account below; both are locked and the amount is checked by the caller."""
    setattr(above, bucket.value, _COLUMNS[bucket] - amount)
    above.passed_on = QuotaAccount.passed_on + amount
    setattr(below, bucket.value, _COLUMNS[bucket] + amount)
    below.allotted_in = QuotaAccount.allotted_in + amount
    return _between(session, kind, above, below, amount, reason, actor, bucket, facts)


def hand_up(
    session: Session,
    below: QuotaAccount,
    above: QuotaAccount,
    amount: int,
    *,
    reason: str,
    actor: Actor,
    kind: MovementKind = MovementKind.GIVE_BACK,
    bucket: Bucket = Bucket.FREE,
    **facts: Any,
) -> QuotaMovement:
    """Move free (or expired) places back to the account above, as if they had never been allotted."""
    setattr(below, bucket.value, _COLUMNS[bucket] - amount)
    below.allotted_in = QuotaAccount.allotted_in - amount
    setattr(above, bucket.value, _COLUMNS[bucket] + amount)
    above.passed_on = QuotaAccount.passed_on - amount
    return _between(session, kind, below, above, amount, reason, actor, bucket, facts)


def move_within(
    session: Session,
    account: QuotaAccount,
    kind: MovementKind,
    source: Bucket,
    target: Bucket,
    *,
    case_id: int | None,
    reason: str,
    actor: Actor,
    amount: int = 1,
    **facts: Any,
) -> QuotaMovement:
    """Move the place of a case, or `amount` places of no case, between two buckets of an account."""
    setattr(account, source.value, _COLUMNS[source] - amount)
    setattr(account, target.value, _COLUMNS[target] + amount)
    movement = _movement(kind, account, amount, actor, to_account=account.id, to_bucket=target, reason=reason)
    movement.from_account, movement.from_bucket, movement.case_id = account.id, source, case_id
    return _write(session, movement, [account], actor, facts)


def movements_of(
    session: Session, account_id: int, *, before: int | None = None, limit: int = 100
) -> list[QuotaMovement]:
    """The movements that touched the account, newest first; `before` is the id of the last one already seen."""
    query = select(QuotaMovement).where(
        (QuotaMovement.from_account == account_id) | (QuotaMovement.to_account == account_id)
    )
    if before is not None:
        query = query.where(QuotaMovement.id < before)
    return list(session.scalars(query.order_by(QuotaMovement.id.desc()).limit(limit)))


def _movement(kind: MovementKind, account: QuotaAccount, amount: int, actor: Actor, **columns: Any) -> QuotaMovement:
    return QuotaMovement(
        kind=kind, plan_id=account.plan_id, amount=amount, person_id=actor.person_id, at=clock.now(), **columns
    )


def _between(
    session: Session,
    kind: MovementKind,
    source: QuotaAccount,
    target: QuotaAccount,
    amount: int,
    reason: str,
    actor: Actor,
    bucket: Bucket,
    facts: dict[str, Any],
) -> QuotaMovement:
    movement = _movement(kind, source, amount, actor, to_account=target.id, to_bucket=bucket, reason=reason)
    movement.from_account, movement.from_bucket = source.id, bucket
    return _write(session, movement, [source, target], actor, facts)


def _write(
    session: Session, movement: QuotaMovement, touched: list[QuotaAccount], actor: Actor, facts: dict[str, Any]
) -> QuotaMovement:
    """Flush at once: balances are changed by SQL arithmetic, and a second change before the flush would hide the first.

    SQL arithmetic (`free = free - 1`) lets the constraint see what another transaction has just done, even when a lock
    was forgotten.
    """
    session.add(movement)
    session.flush()
    for account in sorted(touched, key=lambda each: each.id):
        journal.record(
            session,
            movement.kind.event,
            chain=account.chain,
            actor=actor,
            movement=movement.id,
            kind=movement.kind.value,
            amount=movement.amount,
            from_account=movement.from_account,
            to_account=movement.to_account,
            case=movement.case_id,
            **facts,
        )
    return movement
