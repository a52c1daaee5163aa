"""Joint recognition over the API: the one look of both sides, and gathering the facts anew."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support import party as party_side
from tests.support.cast import Cast
from tests.support.party import Party
from tests.support.two_cases import BUNDLES
from workflows import clock
from workflows.domain import recognitions
from workflows.domain.people import Person
from workflows.domain.recognition_tables import Recognition
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State, end_of_validity
from workflows.domain.two_keys import Side
from workflows.engine import bundles, cases
from workflows.journal import SYSTEM
from workflows.operations import recognitions as joint
from workflows.operations.wiring import ENVIRONMENT

SignedIn = Callable[[Person], Caller]


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast."""
    return party_side.build(session, cast)


@pytest.fixture
def row(session: Session, cast: Cast, party: Party) -> Recognition:
    """Lin's recognition; both sides' cases have begun."""
    for side in Side:
        bundles.store(session, bundles.read_folder(BUNDLES / side.value), [], SYSTEM, "")
    recommendation = Recommendation(
        person_id=cast.lin.id,
        product=Product.TARGET,
        unit_id=cast.branch.id,
        state=State.RECOMMENDED,
        holds_place=False,
        recommended_on=clock.today(),
        passed_on=clock.today(),
        document="一中团推〔2020〕2号",
        party_unit_id=party.branch.id,
        valid_until=end_of_validity(clock.today(), 2),
        created_at=clock.now(),
    )
    session.add(recommendation)
    session.flush()
    today = clock.today().isoformat()
    case = cases.start(
        session,
        ENVIRONMENT,
        process=joint.PROCESS[Side.LEAGUE],
        unit_id=cast.branch.id,
        actor=cast.actor(cast.saren),
        outcome="submit",
        content={"recommendation": str(recommendation.id), "presented_on": today, "opinion": "支部一致同意"},
    )
    found = recognitions.of_case(session, case.id)
    assert found is not None
    joint.begin_party_case(session, ENVIRONMENT, {"recognition": found.id})
    session.commit()
    return found


def test_both_sides_read_the_same(
    session: Session, cast: Cast, party: Party, signed_in: SignedIn, row: Recognition
) -> None:
    recognitions.sign(session, row.id, Side.LEAGUE, seen=row.digest, actor=cast.actor(cast.gaowa))
    session.commit()
    looks = [signed_in(person).get(f"/recognitions/{row.id}").json for person in (cast.saren, party.guan)]
    assert looks[0] == looks[1]
    told = looks[0]
    assert (told["recognition"]["state"], told["recognition"]["label"]) == ("open", "待双方认定")
    assert told["digest"] == row.digest
    assert {"title": "推荐为", "value": "党的发展对象"} in told["facts"]
    league, waiting = told["keys"]
    assert (league["side"], league["signed"], league["who"]) == ("league", True, "高娃")
    assert (waiting["signed"], waiting["waits_for"]) == (False, "第一中学党支部 · 党支部书记")
    assert [act["kind"] for act in told["acts"]] == ["opened", "signed"]
    assert [each["id"] for each in signed_in(party.bai).get("/recognitions").json["items"]] == [row.id]


def test_the_facts_are_gathered_anew_by_whoever_works_on_it(
    session: Session, party: Party, signed_in: SignedIn, row: Recognition
) -> None:
    bai = signed_in(party.bai)
    assert bai.post(f"/recognitions/{row.id}/renew").json == {"changed": []}
    session.get_one(Recommendation, row.recommendation_id).document = "一中团推〔2020〕3号"
    session.commit()
    [said] = bai.get(f"/recognitions/{row.id}").json["changed"]
    assert bai.post(f"/recognitions/{row.id}/renew").json == {"changed": [said]}
    assert bai.get(f"/recognitions/{row.id}").json["changed"] == []


def test_who_works_on_neither_side_does_not_renew_and_who_sees_neither_is_told_nothing(
    cast: Cast, signed_in: SignedIn, row: Recognition
) -> None:
    zhao, he = signed_in(cast.zhao), signed_in(cast.he)
    refused = zhao.post(f"/recognitions/{row.id}/renew")
    assert (refused.status_code, refused.json["code"]) == (403, "authority.missing")
    assert he.get(f"/recognitions/{row.id}").status_code == 404
    assert he.get("/recognitions").status_code == 403
    assert zhao.get("/recognitions/999999").status_code == 404


def test_the_partys_case_is_not_begun_by_hand(cast: Cast, party: Party, signed_in: SignedIn, row: Recognition) -> None:
    given = {"process": joint.PROCESS[Side.PARTY], "unit_id": party.branch.id}
    refused = signed_in(party.guan).post("/cases", given)
    assert (refused.status_code, refused.json["code"]) == (409, "recognition.not_by_hand")
