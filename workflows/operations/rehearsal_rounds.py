"""The rehearsal of recommendations: an open round of either product, and members of the branch of every standing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import posts, recommendations, two_keys
from workflows.domain import recommendation_rounds as rounds
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import Product, RoundPlaces
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.units import Unit
from workflows.engine import mailbox
from workflows.engine.scenarios import ScenarioFault
from workflows.journal import SYSTEM
from workflows.operations import recognitions


@dataclass(frozen=True)
class Standing:
    """A member: how old, how long a member and, in days, since when an activist of the Party; 0 for never.

    -1 stands for somebody recommended, about whom the Party has not answered yet.
    """

    age: int = 20
    member_days: int = 1100
    activist_days: int = 0
    is_party_member: bool = False


STANDINGS = {
    "youth": Standing(),
    "youth2": Standing(),
    "younger": Standing(age=17),
    "elder": Standing(age=28),
    "cadre": Standing(age=29),
    "newcomer": Standing(member_days=90),
    "party_member": Standing(is_party_member=True),
    "party_activist": Standing(activist_days=430),
    "fresh_activist": Standing(activist_days=100),
    "recommended": Standing(activist_days=-1),
}
"""Whom a scenario may name: one for every row of the table of eligibility that the record decides."""


def found(session: Session, line: list[Unit], branch: Unit, begins: date, places: int) -> dict[str, int]:
    """Add the members, and a round of either product with so many places for the branch; answers who is who."""
    cast = {part: _member(session, part, standing, branch, begins) for part, standing in STANDINGS.items()}
    city, school = line[1], line[-1]
    since = begins - timedelta(days=30)
    posts.assign(
        session, person_id=cast["cadre"], unit_id=city.id, kind=PostKind.PREFECTURE_COMMITTEE, since=since, actor=SYSTEM
    )
    for product in Product:
        opened = rounds.open_round(
            session,
            committee_id=school.id,
            product=product,
            term="演练学期",
            basis="演练",
            share=20,
            actor=SYSTEM,
        )
        row = rounds.lock_row(session, opened.id, branch.id)
        assert row is not None  # noqa: S101 - the branch stands below the school
        row.places = places
        rounds.confirm(session, opened.id, SYSTEM)
    return cast


def places_of(session: Session, unit_id: int) -> Mapping[str, int]:
    """The branch's places by state in the round that was drawn on, and in that for activists when none was."""
    drawn = select(Recommendation.round_id).where(Recommendation.round_id.is_not(None))
    round_id = session.scalar(drawn.order_by(Recommendation.id.desc()).limit(1)) or session.scalar(
        select(func.min(RoundPlaces.round_id))
    )
    query = select(RoundPlaces).where(RoundPlaces.round_id == round_id, RoundPlaces.unit_id == unit_id)
    row = session.scalars(query.execution_options(populate_existing=True)).one()
    listed = select(func.count()).where(Recommendation.round_id == round_id, Recommendation.state == State.LISTED)
    reserved = session.scalar(listed) or 0
    return {"free": row.left, "reserved": reserved, "used": row.taken - reserved}


def _member(session: Session, part: str, standing: Standing, branch: Unit, begins: date) -> int:
    born = date(begins.year - standing.age, 1, 2)
    person = Person(name=f"演练·{part}", sex=Sex.MALE, birth_date=born, ethnic_group="汉族", unit_id=branch.id)
    session.add(person)
    session.flush()
    session.add(
        LeagueMember(
            person_id=person.id,
            unit_id=branch.id,
            joined_on=begins - timedelta(days=standing.member_days),
            status=MemberStatus.ACTIVE,
            is_party_member=standing.is_party_member,
        )
    )
    if standing.activist_days:
        determined_on = begins - timedelta(days=standing.activist_days) if standing.activist_days > 0 else None
        _recommended(
            session, person.id, branch.id, begins - timedelta(days=max(standing.activist_days, 1)), determined_on
        )
    session.flush()
    return person.id


def _recommended(session: Session, person_id: int, unit_id: int, on: date, determined_on: date | None) -> None:
    session.add(
        Recommendation(
            person_id=person_id,
            product=Product.ACTIVIST,
            unit_id=unit_id,
            state=State.DETERMINED if determined_on else State.RECOMMENDED,
            holds_place=False,
            recommended_on=on - timedelta(days=40),
            passed_on=on - timedelta(days=30),
            determined_on=determined_on,
            valid_until=on + timedelta(days=690),
            created_at=clock.now(),
        )
    )


def recognise(session: Session, case_id: int, message: str, values: Mapping[str, Any]) -> None:
    """What the joint recognition of the case's recommendation came to, as its own cases would leave word of it.

    Raises ScenarioFault for any other message.
    """
    if message != recognitions.CLOSED:
        raise ScenarioFault(f"流程不接收消息 {message}")
    row = recommendations.locked_of_case(session, case_id)
    if values.get("state") != two_keys.State.RECOGNISED:
        recommendations.take_back(session, case_id=case_id, reason=str(values.get("reason") or ""), actor=SYSTEM)
    key = mailbox.key_of({"recommendation": row.id})
    mailbox.leave(session, recognitions.CLOSED, key, dict(values), sender_case_id=case_id)
