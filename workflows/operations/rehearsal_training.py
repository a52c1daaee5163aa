"""The rehearsal of joint training: an activist of the branch, and Party members who may guide, here and away."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import party_links, posts, units
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.units import Unit
from workflows.journal import SYSTEM
from workflows.operations import neighbours

DETERMINED = timedelta(days=3)
"""So long before a scenario begins the Party has determined its activist."""


def found(session: Session, branch: Unit, begins: date) -> dict[str, int]:
    """Add them; answers who is who: `activist`, `party_mentor2`, and `party_mentor_away` at the other school."""
    away = units.by_code(session, neighbours.OTHER_SCHOOL)
    return {
        "activist": _activist(session, branch, begins - DETERMINED),
        "party_mentor2": _guide(session, "party_mentor2", branch, begins),
        "party_mentor_away": _guide(session, "party_mentor_away", away, begins),
    }


def _activist(session: Session, branch: Unit, determined_on: date) -> int:
    person = _person(session, "activist", determined_on.year - 20, branch)
    joined_on = determined_on - timedelta(days=1_100)
    session.add(LeagueMember(person_id=person.id, unit_id=branch.id, joined_on=joined_on, status=MemberStatus.ACTIVE))
    session.add(
        Recommendation(
            person_id=person.id,
            product=Product.ACTIVIST,
            unit_id=branch.id,
            state=State.DETERMINED,
            holds_place=False,
            recommended_on=determined_on - timedelta(days=40),
            passed_on=determined_on - timedelta(days=30),
            determined_on=determined_on,
            valid_until=determined_on + timedelta(days=690),
            created_at=clock.now(),
        )
    )
    session.flush()
    return person.id


def _guide(session: Session, part: str, branch: Unit, begins: date) -> int:
    since = begins - timedelta(days=365)
    party_branch = party_links.party_branch_of(session, branch.id, begins)
    person = _person(session, part, 1980, None)
    posts.assign(
        session,
        person_id=person.id,
        unit_id=party_branch.id,
        kind=PostKind.PARTY_MENTOR,
        since=since,
        actor=SYSTEM,
    )
    return person.id


def _person(session: Session, part: str, year: int, branch: Unit | None) -> Person:
    person = Person(
        name=f"演练·{part}",
        sex=Sex.FEMALE,
        birth_date=date(year, 1, 2),
        ethnic_group="汉族",
        unit_id=branch.id if branch else None,
    )
    session.add(person)
    session.flush()
    return person
