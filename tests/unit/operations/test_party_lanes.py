"""Lanes of the Party in a case of the League, and who sees what across the two trees."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows.domain import party_links, people, posts, units
from workflows.domain.party_links import NoPartyBranch, NoPartyCommittee
from workflows.domain.people import Person
from workflows.domain.posts import PostFilled, PostKind, WrongLevel
from workflows.domain.units import Unit, UnitKind
from workflows.engine import repairs
from workflows.engine.environment import Addressee
from workflows.journal import SYSTEM, Actor
from workflows.operations import posts as lanes
from workflows.operations.posts import MentorNotNamed, PostDirectory
from workflows.operations.wiring import ENVIRONMENT

SINCE = date(2019, 9, 1)
DIRECTORY = PostDirectory()


@pytest.fixture
def committee(session: Session) -> Unit:
    """A Party committee."""
    return units.add(session, None, code="DW", name="一中党委", kind=UnitKind.PARTY_COMMITTEE)


@pytest.fixture
def party_branch(session: Session, cast: Cast, committee: Unit) -> Unit:
    """The Party branch that works with the cast's branch."""
    unit = units.add(session, committee, code="DZ", name="一中党支部", kind=UnitKind.PARTY_BRANCH)
    party_links.link(session, party_unit_id=unit.id, league_unit_id=cast.branch.id, since=SINCE, actor=SYSTEM)
    return unit


def in_post(session: Session, unit: Unit, kind: PostKind, name: str = "党务甲") -> Person:
    """Somebody new in a post."""
    person = people.add(session, name=name, sex="male", birth_date=date(1980, 1, 1))
    posts.assign(session, person_id=person.id, unit_id=unit.id, kind=kind, since=SINCE, actor=SYSTEM)
    return person


@pytest.mark.parametrize(
    "lane, kind",
    [
        ("党支部书记", PostKind.PARTY_BRANCH_SECRETARY),
        ("党支部委员会", PostKind.PARTY_BRANCH_COMMITTEE),
        ("党委组织员", PostKind.PARTY_ORGANISER),
    ],
)
def test_a_lane_of_the_party_is_the_linked_units_in_a_case_of_either_side(
    session: Session, cast: Cast, committee: Unit, party_branch: Unit, lane: str, kind: PostKind
) -> None:
    at = committee if kind == PostKind.PARTY_ORGANISER else party_branch
    for unit_id in (cast.branch.id, party_branch.id):
        assert DIRECTORY.addressee(session, lane, unit_id, {}) == Addressee(at.id, kind)


def test_the_partys_mentor_is_whom_the_case_names(session: Session, cast: Cast, party_branch: Unit) -> None:
    guide = in_post(session, party_branch, PostKind.PARTY_MENTOR)
    with pytest.raises(MentorNotNamed):
        DIRECTORY.addressee(session, "党员培养联系人", cast.branch.id, {})
    named = {"assign_party_mentor": {"party_mentor": str(guide.id)}}
    expected = Addressee(party_branch.id, PostKind.PARTY_MENTOR, guide.id)
    assert DIRECTORY.addressee(session, "党员培养联系人", cast.branch.id, named) == expected
    choices = ENVIRONMENT.choices["party_mentors"](session, cast.branch.id)
    assert [choice.value for choice in choices] == [str(guide.id)]


def test_a_case_of_a_branch_without_a_party_branch_says_what_is_missing(session: Session, cast: Cast) -> None:
    with pytest.raises(NoPartyBranch):
        DIRECTORY.addressee(session, "党支部书记", cast.branch.id, {})
    with pytest.raises(NoPartyCommittee):
        DIRECTORY.addressee(session, "党委组织员", cast.branch.id, {})


def test_neither_side_sees_the_other_by_rank(session: Session, cast: Cast, committee: Unit, party_branch: Unit) -> None:
    organiser = in_post(session, committee, PostKind.PARTY_ORGANISER)
    secretary = in_post(session, party_branch, PostKind.PARTY_BRANCH_SECRETARY, "党务乙")

    def sees(person: Person, unit: Unit) -> bool:
        return DIRECTORY.may_see(session, Actor(person_id=person.id), unit.id)

    assert sees(organiser, party_branch)
    assert sees(secretary, party_branch)
    assert not sees(secretary, committee)
    assert not any(sees(person, cast.branch) for person in (organiser, secretary))
    assert sees(cast.sun, cast.branch)
    assert not any(sees(person, party_branch) for person in (cast.sun, cast.ma, cast.gaowa, cast.saren))


def test_a_teacher_holds_a_post_on_both_sides_and_is_one_person(
    session: Session, cast: Cast, party_branch: Unit
) -> None:
    posts.assign(
        session,
        person_id=cast.gaowa.id,
        unit_id=party_branch.id,
        kind=PostKind.PARTY_BRANCH_SECRETARY,
        since=SINCE,
        actor=SYSTEM,
    )
    held = posts.held_by(session, cast.gaowa.id)
    assert {post.kind for post in held} == {PostKind.GRASSROOTS_COMMITTEE, PostKind.PARTY_BRANCH_SECRETARY}
    league = Actor(person_id=cast.gaowa.id, unit_id=cast.school.id)
    party = Actor(person_id=cast.chen.id, for_person_id=cast.gaowa.id, unit_id=party_branch.id)
    assert posts.people_behind(league) & posts.people_behind(party) == {cast.gaowa.id}
    assert posts.people_behind(SYSTEM) == frozenset()


def test_posts_of_the_party_are_at_party_units_only(session: Session, cast: Cast, party_branch: Unit) -> None:
    for kind in (*posts.OF_THE_PARTY, PostKind.BRANCH_SECRETARY):
        unit = party_branch if kind == PostKind.BRANCH_SECRETARY else cast.branch
        with pytest.raises(WrongLevel):
            in_post(session, unit, kind)
    in_post(session, party_branch, PostKind.PARTY_BRANCH_SECRETARY)
    with pytest.raises(PostFilled):
        in_post(session, party_branch, PostKind.PARTY_BRANCH_SECRETARY, "党务丙")


def test_a_case_of_the_party_is_put_right_on_its_own_side(
    session: Session, cast: Cast, committee: Unit, party_branch: Unit
) -> None:
    organiser = Addressee(committee.id, PostKind.PARTY_ORGANISER)
    assert lanes.repairers(session, repairs.CORRECT, party_branch.id) == [organiser]
    retry = lanes.repairers(session, repairs.RETRY, party_branch.id)
    assert retry == [organiser, Addressee(cast.region.id, PostKind.ADMINISTRATOR)]
    assert organiser not in lanes.repairers(session, repairs.CORRECT, cast.branch.id)
