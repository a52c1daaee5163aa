"""Four people of League and Party at their own desks: one recognised, one refused, one revoked after new facts."""

import time
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.e2e.conftest import Desks, House
from tests.e2e.desk import PATIENCE_SECONDS
from tests.support.two_cases import BUNDLES
from workflows import clock
from workflows.domain import demo_schools, party_links, people, recommendations, units
from workflows.domain.accounts import Account
from workflows.domain.members import LeagueMember
from workflows.domain.recognition_tables import Recognition
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation
from workflows.domain.two_keys import Side, State
from workflows.engine import bundles, check
from workflows.engine.tables import Case
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT

SECRETARY, COMMITTEE = "xincheng1.secretary", "xincheng.approver1"
PARTY, ORGANISER = "xincheng.party.secretary", "xincheng.party.organiser"
EVERYBODY = (SECRETARY, COMMITTEE, PARTY, ORGANISER)


@pytest.fixture
def recommended(house: House) -> Mapping[str, int]:
    """Three members of the branch whom the League has passed to the Party: their recommendations by name."""
    with Session(house.database) as session:
        for side in Side:
            check.publish(session, ENVIRONMENT, bundles.read_folder(BUNDLES / side.value), SYSTEM, "首次发布")
        branch = units.by_code(session, f"{demo_schools.SCHOOLS[0].code}-01")
        in_post = select(Account.person_id)
        members = select(LeagueMember.person_id).where(
            LeagueMember.unit_id == branch.id, LeagueMember.person_id.not_in(in_post)
        )
        made = {}
        for person_id in session.scalars(members.order_by(LeagueMember.person_id).limit(3)).all():
            row = _recommendation(person_id, branch.id, party_links.party_branch_of(session, branch.id).id)
            session.add(row)
            session.flush()
            made[people.get(session, person_id).name] = row.id
        session.commit()
    return made


def _recommendation(person_id: int, unit_id: int, party_unit_id: int) -> Recommendation:
    met = clock.today() - timedelta(days=30)
    return Recommendation(
        person_id=person_id,
        product=Product.ACTIVIST,
        unit_id=unit_id,
        state=recommendations.State.RECOMMENDED,
        holds_place=False,
        recommended_on=met,
        votes={"eligible_voters": 30, "present_voters": 28, "votes_for": 26},
        passed_on=clock.today() - timedelta(days=10),
        document="演示团推〔1〕号",
        party_unit_id=party_unit_id,
        valid_until=recommendations.end_of_validity(met, 2),
        created_at=clock.now(),
    )


def test_one_is_recognised_one_refused_and_one_revoked_after_new_facts(
    house: House, desks: Desks, recommended: Mapping[str, int]
) -> None:
    agreed, refused, revoked = recommended
    for name, recommendation in recommended.items():
        _ask(desks, name, recommendation)
    for name in (agreed, revoked):
        desks[COMMITTEE].do(name, "团组织签署", "sign", _answer())
        _both_read(house, desks, name, State.OPEN)
        desks[PARTY].do(name, "党组织签署", "sign", _answer())
        _both_read(house, desks, name, State.RECOGNISED)
    desks[PARTY].do(refused, "党组织签署", "refuse", {**_answer(), "reason": "思想汇报未按期提交，继续培养"})
    _both_read(house, desks, refused, State.REFUSED, "思想汇报未按期提交")
    _report(house, desks, revoked)
    _both_read(house, desks, revoked, State.SUSPENDED, "考试违纪")
    desks[COMMITTEE].do(revoked, "团组织签署", "refuse", {**_answer(), "reason": "违纪属实，不再认定"})
    _both_read(house, desks, revoked, State.REVOKED, "违纪属实", EVERYBODY)
    _both_read(house, desks, agreed, State.RECOGNISED, who=EVERYBODY)
    desks[PARTY].look_over()
    _both_cases_say_so(house)


def _ask(desks: Desks, name: str, recommendation: int) -> None:
    secretary = desks[SECRETARY]
    secretary.page.goto("/processes/joint_recognition_league/new")
    today = clock.today().isoformat()
    given = {"recommendation": str(recommendation), "presented_on": today, "opinion": "支部一致同意提请"}
    secretary.fill("submit", given)
    secretary.submit()
    expect(secretary.page.get_by_role("status")).to_contain_text(name)


def _answer() -> dict[str, str]:
    return {"decided_on": clock.today().isoformat(), "minutes": "会议记录第3号"}


def _report(house: House, desks: Desks, name: str) -> None:
    organiser = desks[ORGANISER]
    organiser.page.goto(f"/recognitions/{_recognition(house, name).id}")
    organiser.page.get_by_role("link", name="打开案卷").click()
    organiser.page.get_by_role("link", name="报告新情况").click()
    today = clock.today().isoformat()
    organiser.fill("submit", {"happened_on": today, "reported": "考试违纪", "document": "学校处理决定"})
    organiser.submit()
    expect(organiser.page.get_by_role("status").first).to_be_visible()


def _both_read(
    house: House, desks: Desks, name: str, state: State, reason: str = "", who: Sequence[str] = (COMMITTEE, PARTY)
) -> None:
    """Whoever opens the page, of either side, reads the same at once."""
    row = _recognition(house, name)
    assert row.state is state
    for login in who:
        page = desks[login].page
        page.goto(f"/recognitions/{row.id}")
        expect(page.locator("h1")).to_contain_text(name)
        expect(page.locator("h1")).to_contain_text(state.label)
        if reason:
            expect(page.locator(".history")).to_contain_text(reason)


def _recognition(house: House, name: str) -> Recognition:
    with Session(house.database) as session:
        query = select(Recognition).where(Recognition.person_id == _person(session, name))
        return session.scalars(query).one()


def _person(session: Session, name: str) -> int:
    query = select(Recommendation.person_id).order_by(Recommendation.id)
    return next(each for each in session.scalars(query) if people.get(session, each).name == name)


def _both_cases_say_so(house: House) -> None:
    """As soon as the post has come, both sides' cases of what is over have ended with the one result."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (told := _results(house)) != dict.fromkeys(told, True):
        assert time.monotonic() < until, told
        time.sleep(0.2)
    assert set(told) == {State.RECOGNISED, State.REFUSED, State.REVOKED}


def _results(house: House) -> dict[State, bool]:
    """For each recognition whether both cases stand where it stands."""
    with Session(house.database) as session:
        rows = session.scalars(select(Recognition)).all()
        cases = {row.state: [row.league_case_id, row.party_case_id] for row in rows}
        results = {state: {session.get_one(Case, each).result for each in ids} for state, ids in cases.items()}
    return {state: found == {None if state.is_live else state.value} for state, found in results.items()}
