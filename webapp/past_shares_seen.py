"""Last year's places as a reader sees them: how many, and whether by the system's book or as somebody entered."""

from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import past_shares
from workflows.domain.past_shares import PastShare
from workflows.domain.people import Person


@dataclass(frozen=True)
class ShareSeen:
    """What one unit was allotted, and where that is from in words; `entered` is the row of who entered it, if anybody.

    The amount is None where nobody knows it. A unit that the system's plan passed over had nothing.
    """

    amount: int | None
    origin: str = ""
    entered: PastShare | None = None
    in_ledger: bool = False


def of_year(session: Session, year: int, unit_ids: Collection[int]) -> dict[int, ShareSeen]:
    """The units' places of a year, by id, each with where it comes from."""
    kept = past_shares.in_ledger(session, year, unit_ids)
    entered = past_shares.standing_of(session, year, set(unit_ids) - set(kept))
    people = {row.recorded_by for row in entered.values() if row.recorded_by is not None}
    names = dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(people))).all())
    found = {}
    for unit_id in unit_ids:
        row = entered.get(unit_id)
        if unit_id in kept:
            found[unit_id] = ShareSeen(kept[unit_id], gettext("系统账目"), in_ledger=True)
        elif row is None:
            found[unit_id] = ShareSeen(0, gettext("系统的当年计划没有下达给它")) if kept else ShareSeen(None)
        else:
            said = _said(row, names.get(row.recorded_by or 0) or gettext("系统"))
            found[unit_id] = ShareSeen(row.amount, said, row)
    return found


def _said(row: PastShare, who: str) -> str:
    day = row.recorded_at.astimezone(clock.OFFICE_ZONE).date()
    return gettext("%(who)s于%(day)s补录（%(source)s）", who=who, day=day.isoformat(), source=row.source)
