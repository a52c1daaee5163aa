"""The end of the year (年终关闭): what is free expires, nothing can be taken any more, and no plan is opened again.

Places that are reserved stay with their candidates: somebody whose branch meeting was held in the plan's year may still
be approved. Given back later, such a place expires instead of becoming free.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import quota_ledger, quota_requests, quota_transfers
from workflows.domain.quota_ledger import Bucket, MovementKind, Plan, PlanState, QuotaAccount
from workflows.domain.quota_refusals import ClosedTooEarly, check_reason
from workflows.journal import Actor, Event

CLOSES_FROM = (12, 1)
"""Month and day from which a plan may be closed: the practice is to have used everything by mid-December [D]."""


@dataclass(frozen=True)
class Closing:
    """What was left of a plan when it was closed."""

    total: int
    used: int
    reserved: int
    expired: int
    requests_lapsed: int
    transfers_lapsed: int


def closes_from(plan: Plan) -> date:
    """The first day on which the plan may be closed."""
    return date(plan.year, *CLOSES_FROM)


def close(session: Session, plan: Plan, actor: Actor, reason: str) -> Closing:
    """Close the plan for good; raises PlanClosed, ClosedTooEarly, ReasonMissing."""
    reason = check_reason(reason)
    plan = quota_ledger.lock_plan(session, plan)
    if clock.today() < closes_from(plan):
        raise ClosedTooEarly(year=plan.year, from_day=f"{closes_from(plan):%Y-%m-%d}")
    # Before the accounts: who answers a request holds its lock first, too.
    requests, transfers = quota_requests.lapse_all(session, plan), quota_transfers.lapse_all(session, plan)
    accounts = _lock_all(session, plan)
    for account in accounts:
        if account.free:
            quota_ledger.move_within(
                session,
                account,
                MovementKind.EXPIRE,
                Bucket.FREE,
                Bucket.EXPIRED,
                case_id=None,
                reason=reason,
                actor=actor,
                amount=account.free,
            )
    plan.state, plan.closed_at = PlanState.CLOSED, clock.now()
    session.flush()
    closing = Closing(
        total=plan.total,
        used=sum(account.used for account in accounts),
        reserved=sum(account.reserved for account in accounts),
        expired=sum(account.expired for account in accounts),
        requests_lapsed=requests,
        transfers_lapsed=transfers,
    )
    top = accounts[0].unit_id
    facts = {"year": plan.year, "reason": reason, **vars(closing)}
    journal.record(session, Event.PLAN_CLOSED, chain=journal.unit_chain(top), actor=actor, **facts)
    return closing


def _lock_all(session: Session, plan: Plan) -> list[QuotaAccount]:
    """Every account of the plan under the lock, oldest first.

    An account may have been opened while the first look waited for a lock. None can be after it, because whoever opens
    one holds the lock of the account above, and these are ours now: so the second look sees all.
    """
    query = (
        select(QuotaAccount)
        .where(QuotaAccount.plan_id == plan.id)
        .order_by(QuotaAccount.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    session.scalars(query).all()
    return list(session.scalars(query))
