"""Events of the Party side over the API: entered by it, read on both sides within sight, corrected by a second row."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support import party as party_side
from tests.support.cast import Cast
from tests.support.party import Party
from workflows.domain.people import Person

SignedIn = Callable[[Person], Caller]


@pytest.fixture
def party(session: Session, cast: Cast) -> Party:
    """The Party side beside the cast."""
    return party_side.build(session, cast)


@pytest.fixture
def guan(signed_in: SignedIn, party: Party) -> Caller:
    """The secretary of the Party branch."""
    return signed_in(party.guan)


@pytest.fixture
def event(guan: Caller, cast: Cast, party: Party) -> dict[str, Any]:
    """高娃 has applied for the Party; she belongs to the school."""
    cast.gaowa.unit_id = cast.school.id
    sent = {"unit_id": party.branch.id, "kind": "递交入党申请书", "happened_on": "2020-03-01", "name": "高娃"}
    answer = guan.post("/party-events", sent | {"birth_date": "1985-04-01", "document": "3号"})
    assert answer.status_code == 201, answer.json
    return dict(answer.json)


def test_both_sides_read_an_event_within_their_sight(
    signed_in: SignedIn, cast: Cast, party: Party, event: dict[str, Any]
) -> None:
    assert (event["person_id"], event["league_unit_id"], event["step"]) == (cast.gaowa.id, cast.school.id, 1)
    for person, unit in [
        (party.guan, party.branch),
        (party.shi, party.branch),
        (party.bai, party.committee),
        (cast.gaowa, cast.school),
        (cast.sun, cast.region),
        (cast.ma, cast.region),
    ]:
        caller = signed_in(person)
        found = caller.get("/party-events", unit_id=unit.id, kind="party_application", name="高").json
        assert ([each["id"] for each in found["items"]], found["next"]) == ([event["id"]], None)
        assert caller.get(f"/party-events/{event['id']}").json["items"] == [event]
    for person, unit in [
        (cast.saren, cast.school),
        (cast.he, cast.region),
        (cast.gaowa, party.branch),
        (party.guan, cast.school),
        (party.guan, party.committee),
        (cast.bator, cast.branch),
    ]:
        assert signed_in(person).get("/party-events", unit_id=unit.id).status_code == 404
    assert signed_in(cast.saren).get(f"/party-events/{event['id']}").status_code == 404


def test_an_event_is_corrected_by_a_second_row_and_struck_out_by_a_third(
    guan: Caller, party: Party, event: dict[str, Any]
) -> None:
    path = f"/party-events/{event['id']}/corrections"
    second = guan.post(path, {"happened_on": "2020-02-20", "reason": "会议记录有误"}).json
    assert (second["corrects_id"], second["happened_on"], second["document"]) == (event["id"], "2020-02-20", "3号")
    again = guan.post(path, {"happened_on": "2020-02-21", "reason": "会议记录有误"})
    assert (again.status_code, again.json["code"]) == (409, "party_event.corrected_already")
    third = guan.post(f"/party-events/{second['id']}/corrections", {"strike": True, "reason": "重复登记了"}).json
    assert third["is_struck"]
    chain = guan.get(f"/party-events/{third['id']}").json["items"]
    assert [row["id"] for row in chain] == [event["id"], second["id"], third["id"]]
    assert guan.get("/party-events", unit_id=party.branch.id).json["items"] == []


def test_the_league_enters_and_corrects_nothing(
    signed_in: SignedIn, cast: Cast, party: Party, event: dict[str, Any]
) -> None:
    sent = {"unit_id": party.branch.id, "kind": "预备党员", "happened_on": "2020-05-01", "name": "高娃"}
    file = {"unit_id": party.branch.id, "name": "月报", "content": "姓名,事项,日期"}
    for person in (cast.saren, cast.gaowa, cast.he, cast.sun, party.shi):
        caller = signed_in(person)
        for path, body in [
            ("/party-events", sent),
            (f"/party-events/{event['id']}/corrections", {"strike": True, "reason": "重复登记了"}),
            ("/party-events/files", file),
            ("/party-events/files/check", file),
        ]:
            answer = caller.post(path, body)
            assert (answer.status_code, answer.json["code"]) == (403, "authority.missing")


def test_a_list_is_looked_at_and_taken_over(
    signed_in: SignedIn, cast: Cast, party: Party, event: dict[str, Any]
) -> None:
    bai = signed_in(party.bai)
    rows = [
        "姓名,出生日期,事项,日期,是否团员",
        "高娃,1985-04-01,入党申请,2020-05-01,",
        "高娃,1985-04-01,发展对象,2020-05-01,",
    ]
    sent = {"unit_id": party.committee.id, "name": "五月", "content": "\n".join(rows)}
    wrong, right = bai.post("/party-events/files/check", sent).json["items"]
    assert (wrong["line"], list(wrong["fields"]), right["is_new"], right["fault"]) == (2, ["kind"], True, "")
    refused = bai.post("/party-events/files", sent)
    assert (refused.status_code, refused.json["code"]) == (409, "party_event.file_rows_wrong")
    sent["content"] = "\n".join([rows[0], rows[2]])
    taken = bai.post("/party-events/files", sent)
    assert (taken.status_code, taken.json["rows"], taken.json["taken"]) == (201, 1, 1)
    page = bai.get("/party-events", unit_id=party.committee.id, limit=1).json
    assert (page["items"][0]["file_id"], page["next"]) == (taken.json["id"], page["items"][0]["id"])
    rest = bai.get("/party-events", unit_id=party.committee.id, limit=1, after=page["next"]).json
    assert ([row["id"] for row in rest["items"]], rest["next"]) == ([event["id"]], None)


def test_wrong_fields_are_named_with_their_rule(guan: Caller, party: Party) -> None:
    sent = {"unit_id": party.branch.id, "kind": "入党", "happened_on": "三月", "name": "高娃"}
    answer = guan.post("/party-events", sent)
    assert answer.status_code == 422
    assert {field["field"] for field in answer.json["fields"]} == {"kind", "happened_on"}
    assert answer.json["rule"]
