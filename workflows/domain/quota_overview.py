"""The plan as it stands, one line for a unit and one for each unit that reports to it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import units
from workflows.domain.quota_ledger import Plan, QuotaAccount
from workflows.domain.units import Unit


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
    expired: int = 0
    free_below: int = 0
    reserved_below: int = 0
    used_below: int = 0
    expired_below: int = 0


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
        "expired_below": sum(account.expired for account in below),
    }
    if own is None:
        return QuotaRow(unit.id, unit.name, None, **sums)
    balances = (own.allotted_in, own.passed_on, own.free, own.reserved, own.used, own.expired)
    return QuotaRow(unit.id, unit.name, own.id, *balances, **sums)
