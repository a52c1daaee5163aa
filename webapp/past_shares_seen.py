"""Last year's places as a reader sees them: how many, and whether by the system's book or as somebody entered."""

from collections.abc import Collection
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp.pages.furniture import day
from webapp.pages.people_shown import names_of
from workflows.domain import past_shares
from workflows.domain.past_shares import PastShare


@dataclass(frozen=True)
class ShareSeen:
    """What one unit was allotted; `entered` is the row of who entered it, None where the ledger knows or nobody does.

    `origin` says it in words.
    """

    amount: int | None
    entered: PastShare | None
    origin: str


def of_year(session: Session, year: int, unit_ids: Collection[int]) -> dict[int, ShareSeen]:
    """The units' places of a year, by id, each with where it comes from."""
    kept = past_shares.in_ledger(session, year, unit_ids)
    entered = past_shares.standing_of(session, year, set(unit_ids) - set(kept))
    names = names_of(session, [row.recorded_by for row in entered.values()])
    found = {}
    for unit_id in unit_ids:
        row = entered.get(unit_id)
        if unit_id in kept:
            found[unit_id] = ShareSeen(kept[unit_id], None, gettext("系统账目"))
        elif row is None:
            found[unit_id] = ShareSeen(None, None, "")
        else:
            who, when = names.who(row.recorded_by), day(row.recorded_at)
            said = gettext("%(who)s于%(day)s补录（%(source)s）", who=who, day=when, source=row.source)
            found[unit_id] = ShareSeen(row.amount, row, said)
    return found
