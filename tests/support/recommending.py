"""A round that is open, and members who may be recommended in it; used by tests of every room."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows.domain import recommendation_rounds as rounds
from workflows.domain import recommendations
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.recommendation_rounds import Product, RecommendationRound
from workflows.domain.recommendations import Recommendation
from workflows.domain.units import Unit
from workflows.journal import SYSTEM

BORN, JOINED = date(2003, 5, 1), date(2019, 5, 4)
VOTES = {"eligible_voters": 14, "present_voters": 12, "votes_for": 11, "votes_against": 1, "votes_abstain": 0}


def members(session: Session, branch: Unit, number: int, *, born: date = BORN) -> list[Person]:
    """So many more members of a branch, all of the same age."""
    found = [
        Person(name=f"团员{at}", sex=Sex.FEMALE, birth_date=born, ethnic_group="汉族", unit_id=branch.id)
        for at in range(number)
    ]
    session.add_all(found)
    session.flush()
    session.add_all(
        LeagueMember(person_id=each.id, unit_id=branch.id, joined_on=JOINED, status=MemberStatus.ACTIVE)
        for each in found
    )
    session.flush()
    return found


def open_round(
    session: Session, cast: Cast, product: Product = Product.ACTIVIST, *, confirmed: bool = True
) -> RecommendationRound:
    """A round of the cast's school; a fifth of each branch's members, as they are now."""
    opened = rounds.open_round(
        session,
        committee_id=cast.school.id,
        product=product,
        term="2021年春季学期",
        basis="校党委年度计划",
        share=20,
        actor=SYSTEM,
    )
    return rounds.confirm(session, opened.id, SYSTEM) if confirmed else opened


def listed(session: Session, cast: Cast, person: Person, case_id: int = 1, **options: Any) -> Recommendation:
    """The person on the list of the open round."""
    return recommendations.list_candidate(
        session,
        person_id=person.id,
        product=options.get("product", Product.ACTIVIST),
        unit_id=cast.branch.id,
        case_id=case_id,
        actor=SYSTEM,
    )


def recommended(session: Session, cast: Cast, person: Person, on: date, case_id: int = 1) -> Recommendation:
    """The person recommended by a meeting on that day and passed to the Party on the same."""
    listed(session, cast, person, case_id)
    return recommendations.recommend(
        session,
        case_id=case_id,
        recommended_on=on,
        votes=VOTES,
        passed_on=on,
        document="团发3号",
        years=2,
        party_unit_id=None,
        actor=SYSTEM,
    )
