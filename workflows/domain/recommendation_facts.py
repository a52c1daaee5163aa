"""What eligibility for recommendation is decided on: age, League age, Party application, training, standing.

The decision itself is a table of the bundle (bpmn/recommendation/eligibility.dmn); here stand the facts, as they are on
record on a day. What only the branch knows (four standards, courses) is entered with the nomination.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import members, party_events, people, posts, punishments, recommendations
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.party_events import PartyEventKind
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_refusals import NotAMember
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation

CADRE_POSTS = frozenset(
    {
        PostKind.BRANCH_SECRETARY,
        PostKind.ORG_COMMISSIONER,
        PostKind.GRASSROOTS_COMMITTEE,
        PostKind.COUNTY_COMMITTEE,
        PostKind.PREFECTURE_COMMITTEE,
        PostKind.REGION_COMMITTEE,
    }
)
"""Posts whose holders are League cadres: they may be recommended past the upper age (推优办法)."""


@dataclass(frozen=True)
class Entered:
    """What the branch enters with a nomination; None where nothing was entered."""

    applied_on: date | None = None
    punishment: str | None = None
    punishment_revoked_on: date | None = None


def of_member(
    session: Session,
    *,
    person_id: int,
    product: Product,
    unit_id: int,
    on: date,
    rules: Mapping[str, Any],
    entered: Entered = Entered(),
) -> dict[str, Any]:
    """The facts about a member of the branch on a day, as JSON values; raises NotFound, NotAMember.

    Spans are full months; `live_until` tells of a recommendation that bars another one, `too_old_on` is the birthday
    from which on only cadres are recommended. What the Party has on record goes before what the branch enters.
    """
    member = session.get(LeagueMember, person_id)
    if member is None or member.status != MemberStatus.ACTIVE or member.unit_id != unit_id:
        raise NotAMember()
    person = people.get(session, person_id)
    applied_on = party_events.day_of(session, person_id, PartyEventKind.PARTY_APPLICATION) or entered.applied_on
    activist_on = activist_since(session, person_id)
    running = recommendations.live_of(session, person_id, product)
    live = running if running is not None and not recommendations.is_over(running) else None
    return {
        "person": person_id,
        "product": product.value,
        "age": members.age_on(person.birth_date, on),
        "too_old_on": _birthday(person.birth_date, int(rules["recommend_age_max_exclusive"])).isoformat(),
        "of_age_on": _birthday(person.birth_date, int(rules["recommend_age_min"])).isoformat(),
        "is_cadre": is_cadre(session, person_id),
        "league_months": months_between(member.joined_on, on),
        "has_applied": applied_on is not None,
        "applied_on": _iso(applied_on),
        "application_months": months_between(applied_on, on) if applied_on else None,
        "is_activist": activist_on is not None,
        "activist_on": _iso(activist_on),
        "activist_months": months_between(activist_on, on) if activist_on else None,
        "is_party_member": member.is_party_member,
        "is_clear": _is_clear(entered, on, int(rules["recommend_punishment_clear_years"])),
        "is_live": live is not None,
        "live": live.state.label if live else None,
        "live_until": _iso(live.valid_until) if live else None,
    }


def is_cadre(session: Session, person_id: int) -> bool:
    """Whether the person holds a post of the League today, not as somebody's substitute."""
    return any(held.kind in CADRE_POSTS and held.for_person_id is None for held in posts.held_by(session, person_id))


def activist_since(session: Session, person_id: int) -> date | None:
    """The day on which the Party determined the person as activist, by either side's record; None when it has not."""
    query = select(Recommendation.determined_on).where(
        Recommendation.person_id == person_id,
        Recommendation.product == Product.ACTIVIST,
        Recommendation.determined_on.is_not(None),
    )
    ours = session.scalar(query.order_by(Recommendation.determined_on).limit(1))
    theirs = party_events.day_of(session, person_id, PartyEventKind.ACTIVIST_FILED)
    return min((day for day in (ours, theirs) if day is not None), default=None)


def members_of(session: Session, unit_id: int) -> Sequence[Person]:
    """The members of a branch on record, by name."""
    query = (
        select(Person)
        .join(LeagueMember, LeagueMember.person_id == Person.id)
        .where(LeagueMember.unit_id == unit_id, LeagueMember.status == MemberStatus.ACTIVE)
    )
    return session.scalars(query.order_by(Person.name, Person.id)).all()


def months_between(since: date, until: date) -> int:
    """Full months from one day to another; negative when `until` lies before."""
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def _birthday(birth: date, age: int) -> date:
    """The day on which somebody is `age`; who is born on 29 February turns on 1 March of other years."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 3, 1)


def _is_clear(entered: Entered, on: date, years: int) -> bool:
    application = {"applied_on": on.isoformat(), "punishment": entered.punishment}
    if entered.punishment == punishments.REVOKED:
        application["punishment_revoked_on"] = (entered.punishment_revoked_on or clock.today()).isoformat()
    return punishments.is_clear(application, years)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
