"""A region of invented people: complete enough to work in, the same for the same seed, and nobody who exists."""

from collections import Counter
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import demo_applicants, demo_population, identity_numbers, posts, quotas, units
from workflows.domain.demo_applicants import Applicant
from workflows.domain.demo_population import Branch, NotEmpty
from workflows.domain.members import LeagueMember
from workflows.domain.people import Person
from workflows.domain.posts import Post, PostKind
from workflows.domain.quotas import QuotaAccount
from workflows.domain.units import Field, Unit, UnitKind

YEAR = 2020
TODAY = clock.start_of(date(2020, 3, 2))


def built(session: Session, people: int = 20, seed: int = 1) -> list[Branch]:
    with clock.standing_at(TODAY):
        return demo_population.found(session, people=people, year=YEAR, seed=seed)


def spread(branches: list[Branch]) -> list[tuple[str, int]]:
    return [(branch.class_name, branch.candidates) for branch in branches]


def many(people: int, seed: int = 1) -> list[Applicant]:
    branch = Branch(3, 2, 1, Field.JUNIOR, "八年级1班", people, 10, (7, 8))
    return demo_applicants.of_year([branch], YEAR, seed)


def test_every_class_has_who_must_act_there_and_every_county_an_officer(session: Session) -> None:
    branches = built(session)
    assert sum(branch.candidates for branch in branches) == 20
    with clock.standing_at(TODAY):
        for branch in branches:
            assert len(posts.holders(session, branch.unit_id, [PostKind.BRANCH_SECRETARY])) == 1
            assert {each.id for each in posts.holders(session, branch.unit_id, [PostKind.MENTOR])} == set(branch.guides)
            assert len(posts.holders(session, branch.school_id, [PostKind.GRASSROOTS_COMMITTEE])) == 2
            voters = select(func.count()).where(LeagueMember.unit_id == branch.unit_id, LeagueMember.may_vote)
            assert session.scalar(voters) == branch.members
    officers = session.scalars(select(Unit.id).join(Post).where(Post.kind == PostKind.COUNTY_COMMITTEE)).all()
    counties = session.scalars(select(Unit.id).where(Unit.kind == UnitKind.COUNTY)).all()
    assert len(counties) == 103
    assert sorted(officers) == sorted(counties)


def test_the_plan_comes_down_to_every_school_with_candidates_and_leaves_nothing_unexplained(session: Session) -> None:
    branches = built(session)
    schools = {branch.school_id for branch in branches}
    free = dict(
        session.execute(select(QuotaAccount.unit_id, QuotaAccount.free).where(QuotaAccount.unit_id.in_(schools))).all()
    )
    assert free.keys() == schools
    assert min(free.values()) >= 1
    assert quotas.audit(session).faults == []


def test_everybody_is_marked_as_invented_and_has_a_number_that_nobody_can_have(session: Session) -> None:
    built(session)
    people = session.scalars(select(Person)).all()
    assert all(person.is_demo and person.name.startswith("演示·") for person in people)
    numbers = [person.identity or "" for person in people]
    assert all(number.startswith(identity_numbers.UNASSIGNED_AREA) for number in numbers)
    for person, number in zip(people, numbers, strict=True):
        identity_numbers.verify(number, birth_date=person.birth_date, sex=person.sex)
    schools = session.scalars(select(Unit).where(Unit.kind.in_((UnitKind.SCHOOL, UnitKind.BRANCH)))).all()
    assert schools
    assert all(unit.is_demo and unit.name.startswith("演示·") for unit in schools)


def test_a_region_is_built_only_where_nothing_is_yet(session: Session) -> None:
    top = units.add(session, None, code="R", name="自治区", kind=UnitKind.REGION)
    units.add(session, top, code="S", name="某中学", kind=UnitKind.SCHOOL)
    with pytest.raises(NotEmpty):
        built(session)


def test_a_year_needs_a_candidate(session: Session) -> None:
    with pytest.raises(ValueError, match="candidate"):
        built(session, people=0)


def test_the_same_seed_gives_the_same_applicants_and_another_others() -> None:
    assert many(50) == many(50)
    assert {each.name for each in many(50)} != {each.name for each in many(50, seed=2)}


def test_no_two_applicants_share_an_identity_number() -> None:
    numbers = Counter(each.identity_number for each in many(3_000))
    assert numbers.most_common(1)[0][1] == 1


def test_applications_come_in_waves_on_weekdays_and_a_few_come_too_early_in_life() -> None:
    everybody = many(2_000)
    assert all(each.applies_on.weekday() < 5 for each in everybody)
    assert min(each.applies_on for each in everybody) > demo_applicants.first_day(YEAR)
    waves = Counter((each.applies_on + demo_applicants.LEAD).month for each in everybody)
    assert set(waves) <= {4, 5, 6, 9, 10, 11, 12}
    assert waves[4] > 500
    assert waves[6] > 300
    assert waves[11] > 300
    young = [each for each in everybody if (each.applies_on - each.birth_date).days < 14 * 365]
    assert 20 < len(young) < 120
