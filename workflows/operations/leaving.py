"""Who records that a member has left: the committee above the branch, and of an expulsion the county."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from workflows.domain import leaving, members, posts, units
from workflows.domain.leaving import NoMember
from workflows.domain.past_memberships import LeftAs, PastMembership
from workflows.domain.posts import PostKind
from workflows.domain.units import APPROVING, FILING
from workflows.engine.tables import Case
from workflows.errors import NotAuthorised
from workflows.journal import Actor

__all__ = ["Leaving", "NoMember", "decided_by", "record", "ways_open_to"]


@dataclass(frozen=True)
class Leaving:
    """What is recorded of it."""

    left_as: LeftAs
    left_on: date
    document: str
    reason: str


def record(session: Session, *, case: Case, told: Leaving, actor: Actor) -> PastMembership:
    """End the membership that the case led to.

    Raises NotAuthorised for whoever is not of the committee that files or approves it, NotFound without a candidate,
    and what `domain.leaving.leave` does.
    """
    unit_id, kind = decided_by(session, case.unit_id, told.left_as)
    if actor.person_id is None or not posts.exercises(session, actor.person_id, unit_id, kind):
        raise NotAuthorised(unit=units.get(session, unit_id).name, post=kind.label)
    return leaving.leave(
        session,
        candidate=members.get_of_case(session, case.id),
        left_as=told.left_as,
        left_on=told.left_on,
        document=told.document,
        reason=told.reason,
        actor=actor,
    )


def decided_by(session: Session, unit_id: int, left_as: LeftAs) -> tuple[int, PostKind]:
    """The unit and post that record this way of leaving for a member of the branch (rulebook §4.7, §4.8)."""
    if left_as == LeftAs.EXPELLED:
        return units.ancestor(session, unit_id, *FILING).id, PostKind.COUNTY_COMMITTEE
    return units.ancestor(session, unit_id, *APPROVING).id, PostKind.GRASSROOTS_COMMITTEE


def ways_open_to(session: Session, case: Case, actor: Actor) -> list[LeftAs]:
    """The ways of leaving the person may record for the member of a case; none where nobody is a member."""
    if actor.person_id is None or not leaving.may_leave(session, members.of_case(session, case.id)):
        return []
    person_id = actor.person_id
    return [way for way in LeftAs if posts.exercises(session, person_id, *decided_by(session, case.unit_id, way))]
