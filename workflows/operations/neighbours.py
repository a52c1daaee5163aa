"""The rehearsal's other branches, of the same school and of another one, and people there who were members once."""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import identity_numbers, posts, units
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.past_memberships import LeftAs, PastMembership
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.journal import SYSTEM

SAME_SCHOOL, OTHER_SCHOOL = "B2", "T"
"""The codes under which scenarios name the two branches."""

FORMER_BORN = date(2001, 6, 1)


def found(session: Session, county: Unit, school: Unit, since: date) -> tuple[Unit, dict[str, int]]:
    """Found both branches with everybody they need; answers the other school and the people by their parts."""
    other = units.add(session, county, code="S2", name="演练二中团委", kind=UnitKind.SCHOOL)
    beside = units.add(session, school, code=SAME_SCHOOL, name="演练二班团支部", kind=UnitKind.BRANCH)
    away = units.add(session, other, code=OTHER_SCHOOL, name="演练二中一班团支部", kind=UnitKind.BRANCH)
    cast: dict[str, int] = {}
    for key, unit, kind in [
        ("secretary_beside", beside, PostKind.BRANCH_SECRETARY),
        ("commissioner_beside", beside, PostKind.ORG_COMMISSIONER),
        ("secretary_away", away, PostKind.BRANCH_SECRETARY),
        ("commissioner_away", away, PostKind.ORG_COMMISSIONER),
        ("reviewer_away", other, PostKind.GRASSROOTS_COMMITTEE),
        ("approver_away", other, PostKind.GRASSROOTS_COMMITTEE),
    ]:
        cast[key] = _person(session, key, unit)
        posts.assign(session, person_id=cast[key], unit_id=unit.id, kind=kind, since=since, actor=SYSTEM)
    for key, unit in [("mentor_beside", beside), ("mentor_away", away), ("member_away", away)]:
        cast[key] = _person(session, key, unit)
        member = LeagueMember(person_id=cast[key], unit_id=unit.id, joined_on=since, status=MemberStatus.ACTIVE)
        session.add(member)
    for key in LeftAs:
        cast[str(key)] = _former(session, key, away, since)
    session.flush()
    return other, cast


def _former(session: Session, left_as: LeftAs, unit: Unit, since: date) -> int:
    """Somebody who joined and left again; his number is made of the year in which he joined."""
    person = session.get_one(Person, _person(session, str(left_as), unit))
    person.birth_date = FORMER_BORN
    person.identify(identity_numbers.made_up(FORMER_BORN, str(left_as), person.sex))
    left_on = since + timedelta(days=300)
    number = f"{since.year}15{999_000 + list(LeftAs).index(left_as)}"
    of = {"person_id": person.id, "unit_id": unit.id, "number": number, "joined_on": since}
    session.add(LeagueMember(**of, status=MemberStatus.LEFT, may_vote=False, may_introduce=False))
    past = PastMembership(
        **of, left_on=left_on, left_as=left_as, document="演练", reason="演练", recorded_at=clock.now()
    )
    session.add(past)
    return person.id


def _person(session: Session, key: str, unit: Unit) -> int:
    born = date(1990, 1, 1)
    person = Person(name=f"演练·{key}", sex=Sex.FEMALE, birth_date=born, ethnic_group="汉族", unit_id=unit.id)
    session.add(person)
    session.flush()
    return person.id
