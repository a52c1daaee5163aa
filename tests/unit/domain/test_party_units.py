"""Party units as the administrator keeps them: founded, with people in their posts."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import accounts, identity_numbers, party_units, people, posts
from workflows.domain.accounts import Account
from workflows.domain.party_units import Appointed, PartyUnitWrong
from workflows.domain.posts import PostFilled, PostKind, TermWrong, WrongLevel
from workflows.domain.units import TreesApart, Unit, UnitCodeTaken, UnitKind
from workflows.errors import NotFound
from workflows.journal import Actor, Event

SINCE = date(2020, 9, 1)
PASSWORD = "Grassland-2020"
NUMBER = identity_numbers.made_up(date(1980, 5, 4), "党务甲")


@pytest.fixture
def admin(cast: Cast) -> Actor:
    """The administrator."""
    return cast.actor(cast.he)


@pytest.fixture
def committee(session: Session, admin: Actor) -> Unit:
    """A Party committee."""
    return party_units.found(
        session, kind=UnitKind.PARTY_COMMITTEE, code="DW", name="一中党委", parent_id=None, actor=admin
    )


@pytest.fixture
def branch(session: Session, committee: Unit, admin: Actor) -> Unit:
    """A Party branch below it."""
    return party_units.found(
        session, kind=UnitKind.PARTY_BRANCH, code="DZ", name="一中党支部", parent_id=committee.id, actor=admin
    )


def appoint(session: Session, unit: Unit, admin: Actor, **told: Any) -> Appointed:
    """Somebody new as the secretary, unless told otherwise."""
    values: dict[str, Any] = {"kind": PostKind.PARTY_BRANCH_SECRETARY, "login": "Dangwu.Jia", "since": SINCE}
    values |= {"name": "党务甲", "id_number": NUMBER, "first_password": PASSWORD} | told
    return party_units.appoint(session, unit_id=unit.id, actor=admin, **values)


def test_founding_is_on_record_and_the_unit_is_found_again(session: Session, committee: Unit, branch: Unit) -> None:
    entry = journal.entries_of(session, journal.unit_chain(branch.id))[-1]
    assert (entry.event, entry.facts["parent"]) == (Event.UNIT_FOUNDED, committee.id)
    assert [unit.id for unit in party_units.listed(session)] == [committee.id]
    assert [unit.id for unit in party_units.listed(session, wanted="支部")] == [branch.id]
    assert party_units.get(session, branch.id).short_name == "一中党支部"


@pytest.mark.parametrize(
    "changes, fields",
    [
        ({"kind": UnitKind.BRANCH}, {"kind"}),
        ({"code": "一"}, {"code"}),
        ({"name": "党", "short_name": "字" * 61}, {"name", "short_name"}),
    ],
)
def test_a_unit_that_cannot_be_is_refused_at_its_fields(
    session: Session, admin: Actor, changes: dict[str, Any], fields: set[str]
) -> None:
    values = {"kind": UnitKind.PARTY_COMMITTEE, "code": "DW9", "name": "九中党委", "parent_id": None} | changes
    with pytest.raises(PartyUnitWrong) as refused:
        party_units.found(session, **values, actor=admin)
    assert set(refused.value.fields) == fields


def test_a_party_branch_needs_a_committee_above_and_a_code_of_its_own(
    session: Session, cast: Cast, committee: Unit, admin: Actor
) -> None:
    for parent_id in (None, cast.school.id):
        with pytest.raises(TreesApart):
            party_units.found(
                session, kind=UnitKind.PARTY_BRANCH, code="DZ9", name="九中党支部", parent_id=parent_id, actor=admin
            )
    with pytest.raises(UnitCodeTaken):
        party_units.found(
            session, kind=UnitKind.PARTY_BRANCH, code="DW", name="一中党支部", parent_id=committee.id, actor=admin
        )
    with pytest.raises(NotFound):
        party_units.get(session, cast.school.id)


def test_somebody_new_gets_an_account_with_a_first_password(session: Session, branch: Unit, admin: Actor) -> None:
    made = appoint(session, branch, admin)
    assert (made.login, made.person.birth_date) == ("dangwu.jia", date(1980, 5, 4))
    assert made.is_new_account
    assert accounts.sign_in(session, made.login, PASSWORD).person is made.person
    account = accounts.of(session, made.person.id)
    assert account is not None
    assert account.must_change
    assert [(post.id, person.name) for post, person in party_units.holders(session, [branch.id])] == [
        (made.post.id, "党务甲")
    ]


def test_a_teacher_with_an_account_takes_the_post_with_it(
    session: Session, cast: Cast, branch: Unit, admin: Actor
) -> None:
    accounts.create(session, person_id=cast.gaowa.id, login="gaowa", password=PASSWORD)
    made = appoint(session, branch, admin, login="gaowa", name="", id_number="")
    assert (made.person.id, made.is_new_account) == (cast.gaowa.id, False)
    assert len(posts.held_by(session, cast.gaowa.id)) == 2


@pytest.mark.parametrize(
    "changes, fields",
    [
        ({"login": "党务"}, {"login"}),
        ({"name": ""}, {"login", "name"}),
        ({"id_number": ""}, {"login", "id_number"}),
        ({"first_password": "12345"}, {"first_password"}),
        ({"login": "gaowa"}, {"login"}),
        ({"name": "高娃", "login": "gaowa2"}, {"name"}),
    ],
)
def test_nobody_is_put_into_a_post_by_mistake(
    session: Session, cast: Cast, branch: Unit, admin: Actor, changes: dict[str, Any], fields: set[str]
) -> None:
    accounts.create(session, person_id=cast.gaowa.id, login="gaowa", password=PASSWORD)
    if "first_password" not in changes:
        people.add(session, name="党务乙", sex="male", birth_date=date(1980, 5, 4), identity_number=NUMBER)
    before = session.scalar(select(func.count()).select_from(Account))
    with pytest.raises(PartyUnitWrong) as refused:
        appoint(session, branch, admin, **changes)
    assert set(refused.value.fields) == fields
    assert session.scalar(select(func.count()).select_from(Account)) == before


def test_whoever_has_an_account_is_not_given_a_second_one(session: Session, branch: Unit, admin: Actor) -> None:
    appoint(session, branch, admin)
    with pytest.raises(PartyUnitWrong) as refused:
        appoint(session, branch, admin, login="another", kind=PostKind.PARTY_BRANCH_COMMITTEE)
    assert set(refused.value.fields) == {"login"}


def test_a_post_is_given_at_its_level_and_ended_at_its_unit(
    session: Session, cast: Cast, committee: Unit, branch: Unit, admin: Actor
) -> None:
    with pytest.raises(NotFound):
        appoint(session, cast.branch, admin, kind=PostKind.BRANCH_SECRETARY)
    with pytest.raises(WrongLevel), session.begin_nested():
        appoint(session, committee, admin)
    made = appoint(session, branch, admin)
    with pytest.raises(PostFilled):
        appoint(session, branch, admin, login="dangwu.yi", name="党务乙", id_number=identity_numbers.made_up(SINCE, 2))
    with pytest.raises(NotFound):
        party_units.dismiss(session, unit_id=committee.id, post_id=made.post.id, last_day=SINCE, actor=admin)
    with pytest.raises(TermWrong):
        party_units.dismiss(
            session, unit_id=branch.id, post_id=made.post.id, last_day=SINCE - timedelta(days=1), actor=admin
        )
    yesterday = clock.today() - timedelta(days=1)
    party_units.dismiss(session, unit_id=branch.id, post_id=made.post.id, last_day=yesterday, actor=admin)
    assert party_units.holders(session, [branch.id]) == []
