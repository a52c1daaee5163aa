"""The demo: plainly marked, complete, the same people from the same seed."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import (
    accounts,
    demo,
    demo_schools,
    identity_numbers,
    members,
    party_links,
    quotas,
    recommendation_rounds,
    units,
)
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.units import PARTY, Field, Unit, UnitKind
from workflows.engine import bundles
from workflows.journal import SYSTEM
from workflows.operations import eligible_members

PASSWORD = "Grassland-2020"
RECOMMENDATION = Path(__file__).parents[3] / "bpmn" / "recommendation"


@pytest.fixture(scope="module")
def session(database: Engine) -> Iterator[Session]:
    """One installation for all tests of this module; what a test adds to it is rolled back with the rest."""
    with database.connect() as connection, connection.begin() as outer:
        with Session(bind=connection, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture(scope="module")
def logins(session: Session) -> list[demo.DemoLogin]:
    return demo.install(session, password=PASSWORD)


@pytest.mark.usefixtures("logins")
def test_everybody_and_every_school_is_marked_as_demo(session: Session) -> None:
    for person in session.scalars(select(Person)):
        assert person.is_demo
        assert person.name.startswith("演示·")
        assert person.identity is not None
        identity_numbers.verify(person.identity, birth_date=person.birth_date, sex=person.sex)
        assert person.identity.startswith(identity_numbers.UNASSIGNED_AREA)
    for unit in session.scalars(select(Unit).where(Unit.kind.in_([UnitKind.SCHOOL, UnitKind.BRANCH, *PARTY]))):
        assert unit.is_demo
        assert unit.name.startswith("演示·")


def test_every_account_signs_in_with_the_password_told(session: Session, logins: list[demo.DemoLogin]) -> None:
    for login in logins[:1] + logins[-1:]:
        answer = accounts.sign_in(session, login.login, PASSWORD)
        assert answer.person is not None
        assert answer.person.name == login.name
    assert {login.password for login in logins} == {PASSWORD}
    assert len({(login.login, login.post) for login in logins}) == len(logins)


def test_there_is_somebody_for_every_post(logins: list[demo.DemoLogin]) -> None:
    counted = Counter(login.post for login in logins)
    assert counted[PostKind.BRANCH_SECRETARY.label] == 8
    assert counted[PostKind.GRASSROOTS_COMMITTEE.label] == 10
    assert counted[PostKind.ADMINISTRATOR.label] == counted[PostKind.AUDITOR.label] == 1
    assert counted[PostKind.PARTY_BRANCH_SECRETARY.label] == counted[PostKind.PARTY_ORGANISER.label] == 5
    assert set(counted) == {kind.label for kind in PostKind}


def test_a_teacher_of_each_school_holds_a_post_on_both_sides(logins: list[demo.DemoLogin]) -> None:
    on_both = {login.login for login in logins if login.post == PostKind.PARTY_BRANCH_COMMITTEE.label}
    held = [login.post for login in logins if login.login in on_both]
    assert Counter(held) == {PostKind.PARTY_BRANCH_COMMITTEE.label: 5, PostKind.GRASSROOTS_COMMITTEE.label: 5}


@pytest.mark.usefixtures("logins")
def test_every_branch_has_a_party_branch_and_a_party_committee(session: Session) -> None:
    for branch in session.scalars(select(Unit).where(Unit.kind == UnitKind.BRANCH)).all():
        party_branch = party_links.party_branch_of(session, branch.id)
        assert party_branch.name.startswith("演示·")
        assert party_branch.parent_id == party_links.party_committee_of(session, branch.id).id


@pytest.mark.usefixtures("logins")
def test_every_branch_can_name_two_guides_and_hold_a_vote(session: Session) -> None:
    for branch in session.scalars(select(Unit).where(Unit.kind == UnitKind.BRANCH)):
        guides = members.eligible_guides(session, branch.id)
        assert len(guides) >= (7 if branch.has_committee else 3)


@pytest.mark.parametrize("product,how_many", [(Product.ACTIVIST, 4), (Product.TARGET, 2)])
@pytest.mark.usefixtures("logins")
def test_the_college_s_branch_may_recommend_at_once(session: Session, product: Product, how_many: int) -> None:
    [school] = [each for each in demo_schools.SCHOOLS if each.field is Field.UNIVERSITY]
    branch = units.by_code(session, f"{school.code}-01")
    bundles.store(session, bundles.read_folder(RECOMMENDATION), [], SYSTEM, "")
    verdicts = eligible_members.of_branch(session, branch.id, product)
    assert len([verdict for verdict in verdicts if not verdict.reasons]) == how_many
    opened = recommendation_rounds.open_for(session, branch.id, product)
    assert opened is not None
    assert [places.places for places in recommendation_rounds.places_of(session, opened.id)] == [2]


@pytest.mark.usefixtures("logins")
def test_the_plan_of_this_year_reaches_every_county(session: Session) -> None:
    plan = quotas.current_plan(session)
    assert (plan.year, plan.total) == (clock.today().year, 53_700)
    rows = {row.unit_id: row for row in quotas.overview(session, plan, units.by_code(session, "150000").id)}
    assert sum(row.allotted for row in list(rows.values())[1:]) == 53_700
    for county in session.scalars(select(Unit).where(Unit.kind == UnitKind.COUNTY)):
        account = quotas.account_of(session, plan.id, county.id)
        assert account is not None
        assert 521 <= account.allotted_in <= 522
    for school in session.scalars(select(Unit).where(Unit.kind == UnitKind.SCHOOL)):
        account = quotas.account_of(session, plan.id, school.id)
        assert account is not None
        assert account.free > 100


@pytest.mark.usefixtures("logins")
def test_ledger_and_journal_are_in_order(session: Session) -> None:
    assert quotas.audit(session).faults == []
    assert journal.verify(session).faults == []


def test_installing_twice_changes_nothing(session: Session, logins: list[demo.DemoLogin]) -> None:
    people = list(session.scalars(select(Person.id)))
    again = demo.install(session)
    assert [login.login for login in again] == [login.login for login in logins]
    assert {login.password for login in again} == {None}
    assert list(session.scalars(select(Person.id))) == people
