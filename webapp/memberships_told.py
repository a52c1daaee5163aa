"""What is told of the memberships of a case's candidate: the one the case led to, or the one before it."""

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp import identity
from workflows.domain import members, past_memberships
from workflows.domain.members import Candidate, CandidateStatus, LeagueMember
from workflows.engine.tables import Case


def facts(session: Session, candidate: Candidate) -> list[tuple[str, str]]:
    """Labels and values; of an application that goes on only how an earlier membership ended."""
    if candidate.status != CandidateStatus.ADMITTED:
        before = past_memberships.latest(session, candidate.person_id, until=candidate.applied_on)
        return [(gettext("以往的团籍"), _told_past(before))] if before else []
    over = past_memberships.of_case(session, candidate.case_id or 0)
    member = over or session.get(LeagueMember, candidate.person_id)
    if member is None:
        return []
    return [
        (gettext("入团日期"), member.joined_on.isoformat()),
        (gettext("发展团员编号"), member.number or ""),
        (gettext("团员证编号"), member.card_number or ""),
        (gettext("离团"), f"{over.left_on} {gettext(over.left_as.label)}" if over else ""),
    ]


def case_before(session: Session, case_id: int) -> int | None:
    """The case that led to the membership before, for whoever may read it."""
    candidate = members.of_case(session, case_id)
    previous = session.get(Candidate, candidate.previous_id) if candidate and candidate.previous_id else None
    case = session.get(Case, previous.case_id) if previous and previous.case_id else None
    return case.id if case is not None and identity.may_see(case.unit_id) else None


def _told_past(past: past_memberships.PastMembership) -> str:
    return gettext(
        "%(joined)s 入团，%(left)s %(how)s，编号 %(number)s（不再使用）",
        joined=past.joined_on,
        left=past.left_on,
        how=gettext(past.left_as.label),
        number=past.number or "—",
    )
