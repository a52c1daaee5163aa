"""How a county helps a school that has run short: from its own reserve, else from the school with most to spare."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.commands.bench.cast import Casting
from workflows.domain import quotas
from workflows.domain.posts import PostKind
from workflows.domain.quotas import Plan, QuotaAccount, QuotaExhausted
from workflows.domain.units import Unit, UnitKind
from workflows.engine.environment import Addressee
from workflows.journal import Actor

REASON = "演示：学校名额用完，旗县调剂"


def move(session: Session, casting: Casting, county_id: int, school_id: int) -> int:
    """Give the school one place more; how many were given, 0 when nobody in the county has one to spare."""
    plan = quotas.current_plan(session)
    actor = casting.actor(session, Addressee(county_id, PostKind.COUNTY_COMMITTEE), set())
    own = quotas.account_of(session, plan.id, county_id)
    if own is None or own.free < 1:
        others = (
            select(QuotaAccount.unit_id)
            .join(Unit, Unit.id == QuotaAccount.unit_id)
            .where(Unit.parent_id == county_id, Unit.kind == UnitKind.SCHOOL, Unit.id != school_id)
            .where(QuotaAccount.plan_id == plan.id, QuotaAccount.free > 1)
            .order_by(QuotaAccount.free.desc(), QuotaAccount.unit_id)
        )
        if not any(_given_back(session, plan, unit_id, actor) for unit_id in session.scalars(others).all()):
            return 0
    quotas.allot(session, plan, county_id, school_id, 1, actor, REASON)
    return 1


def _given_back(session: Session, plan: Plan, unit_id: int, actor: Actor) -> bool:
    try:
        quotas.give_back(session, plan, unit_id, 1, actor, REASON)
    except QuotaExhausted:
        return False
    return True
