"""Until when a place is kept for a candidate: read from the timer by which the drawing of the case gives it back.

There is no other record of that day. Without such a timer a place has no last day: the drawing knows none, the rules
set no limit, or the branch meeting has adopted already.
"""

from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.engine import due_times
from workflows.engine.tables import DueTimer

ENDS = "reservation_over"
"""The event sub-process of the admission that gives an unused place back."""


def last_days(session: Session, case_ids: Collection[int]) -> dict[int, date]:
    """The last day on which each case still holds its place, for those that have one; asked by one statement."""
    if not case_ids:
        return {}
    query = select(DueTimer.case_id, DueTimer.due_at).where(DueTimer.step == ENDS, DueTimer.case_id.in_(case_ids))
    return {case_id: due_times.last_day(due_at) for case_id, due_at in session.execute(query)}
