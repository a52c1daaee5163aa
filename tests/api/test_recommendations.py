"""Rounds of recommendation over the API: opened, changed, confirmed, closed; who may be recommended; the records."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support import recommending
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows.domain.people import Person
from workflows.engine import bundles
from workflows.engine.tables import Bundle
from workflows.journal import SYSTEM

Call = Callable[[Person], Caller]
PROCESS = Path(__file__).parents[2] / "bpmn" / "recommendation"
ROUNDS = "/recommendations/rounds"


@pytest.fixture
def youth(session: Session, cast: Cast, now: datetime) -> Person:
    return recommending.members(session, cast.branch, 11, born=date(2000, 5, 1))[0]


def new(cast: Cast, **changes: object) -> dict[str, object]:
    return {"unit_id": cast.school.id, "product": "activist", "term": "春", "basis": "年度计划", **changes}


def test_a_round_is_opened_changed_confirmed_and_closed(signed_in: Call, cast: Cast, youth: Person) -> None:
    gaowa = signed_in(cast.gaowa)
    made = gaowa.post(ROUNDS, new(cast))
    assert (made.status_code, made.json["state"], made.json["share"]) == (201, "draft", 20)
    assert [(line["members"], line["places"]) for line in made.json["branches"]] == [(14, 2), (0, 0)]
    here = f"{ROUNDS}/{made.json['id']}"
    refused = gaowa.post(f"{here}/places", {"branches": [{"unit_id": cast.branch.id, "places": 3}]})
    assert wrong_fields(refused) == {f"places_{cast.branch.id}": "团员14名的20%，最多2个"}
    changed = gaowa.post(f"{here}/places", {"branches": [{"unit_id": cast.branch.id, "places": 1}]})
    assert changed.json["branches"][0]["places"] == 1
    assert gaowa.post(f"{here}/confirmation").json["state"] == "open"
    assert gaowa.post(f"{here}/confirmation").json["code"] == "recommendation.round_confirmed"
    assert gaowa.post(ROUNDS, new(cast)).json["code"] == "recommendation.round_running"
    assert gaowa.post(f"{here}/close").json["state"] == "closed"
    assert gaowa.post(f"{here}/close").json["code"] == "recommendation.round_over"
    assert [each["id"] for each in gaowa.get(ROUNDS, unit_id=cast.school.id).json["items"]] == [made.json["id"]]


@ON_SQLITE
def test_only_the_committee_itself_keeps_its_rounds(
    signed_in: Call, cast: Cast, youth: Person, session: Session
) -> None:
    opened = recommending.open_round(session, cast)
    session.commit()
    saren = signed_in(cast.saren)
    seen = saren.get(f"{ROUNDS}/{opened.id}").json
    assert [line["unit_id"] for line in seen["branches"]] == [cast.branch.id]
    for route in ("close", "confirmation"):
        answer = saren.post(f"{ROUNDS}/{opened.id}/{route}")
        assert (answer.status_code, answer.json["code"]) == (403, "authority.missing")
    assert signed_in(cast.zhao).post(ROUNDS, new(cast, product="target")).status_code == 403
    assert signed_in(cast.sun).get(f"{ROUNDS}/{opened.id}").status_code == 403
    assert saren.get(ROUNDS, unit_id=cast.other_school.id).status_code == 404
    assert wrong_fields(signed_in(cast.gaowa).post(ROUNDS, new(cast, product="hero"))).keys() == {"product"}


@ON_SQLITE
def test_every_member_is_listed_with_every_reason(
    signed_in: Call, cast: Cast, youth: Person, session: Session, admission: Bundle
) -> None:
    bundles.store(session, bundles.read_folder(PROCESS), [], SYSTEM, "")
    saren = signed_in(cast.saren)
    listed = saren.get("/recommendations/eligibility", unit_id=cast.branch.id).json["items"]
    found = {each["person_id"]: each for each in listed}
    assert found[youth.id]["is_eligible"] is False
    assert [why["rule"] for why in found[youth.id]["reasons"]] == ["not_applied"]
    assert "9号" in found[youth.id]["reasons"][0]["article"]
    assert [why["rule"] for why in found[cast.saren.id]["reasons"]] == ["too_young", "not_applied"]
    assert saren.get("/recommendations/eligibility", unit_id=cast.small_branch.id).status_code == 404
    assert signed_in(cast.zhao).get("/recommendations/eligibility", unit_id=cast.branch.id).status_code == 403


@ON_SQLITE
def test_a_record_is_read_where_it_was_made_and_where_the_person_is(
    signed_in: Call, cast: Cast, youth: Person, session: Session
) -> None:
    opened = recommending.open_round(session, cast)
    row = recommending.recommended(session, cast, youth, date(2020, 5, 20))
    session.commit()
    saren = signed_in(cast.saren)
    found = saren.get(f"/recommendations/{row.id}").json
    assert (found["state"], found["state_label"], found["valid_until"]) == (
        "recommended",
        "已向党组织推荐",
        "2022-05-20",
    )
    assert [each["id"] for each in saren.get(f"{ROUNDS}/{opened.id}/recommendations").json["items"]] == [row.id]
    assert saren.get("/recommendations/999").status_code == 404
