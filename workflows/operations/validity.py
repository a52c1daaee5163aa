"""The validity of recommendations runs out: a reminder before, and the end of those on which no case works any more."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import people, recommendations
from workflows.domain.posts import PostKind
from workflows.domain.recommendations import Recommendation
from workflows.engine.environment import Addressee
from workflows.engine.tables import Case
from workflows.journal import SYSTEM
from workflows.operations import notices

WARN_DAYS = (60, 14)
"""Before how many days branch and Party branch are reminded: this product's practice, no rule asks for it."""

WARNING = "推荐为{product}的有效期到{until}为止，还有{days}天。期满未发展的，推荐终止，须重新推荐；请与党支部联系。"
OVER = "推荐为{product}的有效期已于{until}届满，推荐终止；仍需推荐的，须在新的批次重新推荐。"


def watch(session: Session) -> int:
    """Remind of what runs out soon, once for each of `WARN_DAYS`, and end what is over; how many were ended.

    A recommendation whose case still runs is ended by the case itself, on the same night.
    """
    today, ended = clock.today(), 0
    for row in recommendations.running_out(session, today + timedelta(days=max(WARN_DAYS))):
        if row.valid_until is None:
            continue
        left = (row.valid_until - today).days
        if left >= 0:
            _warn(session, row, left)
        elif not _case_runs(session, row):
            recommendations.expire(session, row, SYSTEM)
            _tell(session, row, OVER.format(product=row.product.label, until=row.valid_until))
            ended += 1
    return ended


def _warn(session: Session, row: Recommendation, left: int) -> None:
    due = min((days for days in WARN_DAYS if left <= days), default=None)
    if due is None or (row.warned_days is not None and row.warned_days <= due):
        return
    row.warned_days = due
    session.flush()
    _tell(session, row, WARNING.format(product=row.product.label, until=row.valid_until, days=left))


def _tell(session: Session, row: Recommendation, text: str) -> None:
    """The branch at which the person is now, and the Party branch that was asked."""
    unit_id = people.get(session, row.person_id).unit_id or row.unit_id
    to = [Addressee(unit_id, PostKind.BRANCH_SECRETARY)]
    if row.party_unit_id is not None:
        to.append(Addressee(row.party_unit_id, PostKind.PARTY_BRANCH_SECRETARY))
    for addressee in to:
        notices.post(session, addressee, text, row.case_id)


def _case_runs(session: Session, row: Recommendation) -> bool:
    query = select(Case.id).where(Case.id == row.case_id, Case.ended_at.is_(None))
    return row.case_id is not None and session.scalar(query) is not None
