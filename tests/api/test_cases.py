"""Cases over the API: start, list, read, journal, messages."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import an_application
from tests.support.cast import Cast
from workflows import journal
from workflows.domain.people import Person
from workflows.engine.tables import Bundle, Case
from workflows.journal import Event

Apply = Callable[..., dict[str, Any]]
SignIn = Callable[[Person], Caller]


def body(cast: Cast, **changes: object) -> dict[str, Any]:
    return {
        "process": "admission",
        "unit_id": cast.branch.id,
        "outcome": "submit",
        "content": an_application(**changes),
    }


def test_a_new_case_stands_at_its_second_step(apply: Apply, cast: Cast) -> None:
    case = apply()
    assert case["title"] == "乌云"
    assert case["unit_id"] == cast.branch.id
    assert [item["step"] for item in case["work_items"]] == ["check_application"]
    assert "submit_application" in case["done_elements"]
    assert case["current_elements"] == ["check_application"]
    assert [message["name"] for message in case["messages"]] == ["applicant_withdraws"]


def test_starting_answers_where_the_case_is_and_its_version(
    saren: Caller, cast: Cast, admission: Bundle, now: object
) -> None:
    answer = saren.post("/cases", body(cast))
    assert answer.headers["Location"] == f"/api/v1/cases/{answer.json['id']}"
    assert answer.headers["ETag"] == f'"{answer.json["version"]}"'
    assert saren.client.get(answer.headers["Location"]).json == answer.json


def test_wrong_fields_are_named_with_their_rule(saren: Caller, cast: Cast, admission: Bundle, now: object) -> None:
    answer = saren.post("/cases", body(cast, name="", birth_date="yesterday", surprise=1))
    assert answer.status_code == 422
    assert answer.json["code"] == "data.invalid"
    assert set(wrong_fields(answer)) == {"name", "birth_date", "surprise"}
    assert "姓名" in wrong_fields(answer)["name"]


def test_a_wrong_field_names_the_rule_and_the_article_behind_it(
    saren: Caller, cast: Cast, admission: Bundle, now: object
) -> None:
    answer = saren.post("/cases", body(cast, birth_date="2031-01-01"))
    [wrong] = [field for field in answer.json["fields"] if field["field"] == "birth_date"]
    assert (wrong["rule"], wrong["article"]) == ("申请入团须年满 14 周岁、未满 28 周岁", "团章第1条")


def test_nothing_remains_of_a_refused_start_but_the_journal_entry(
    saren: Caller, cast: Cast, admission: Bundle, session: Session, now: object
) -> None:
    saren.post("/cases", body(cast, name=""))
    assert session.scalar(select(func.count()).select_from(Case)) == 0
    last = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-1]
    assert last.event == Event.ACT_REFUSED
    assert last.facts["code"] == "data.invalid"
    assert last.facts["fields"] == ["name"]
    assert last.person_id == cast.saren.id
    assert "乌云" not in str(last.facts)


def test_only_the_holder_of_the_post_may_start(
    cast: Cast, admission: Bundle, signed_in: SignIn, session: Session, now: object
) -> None:
    answer = signed_in(cast.gaowa).post("/cases", body(cast))
    assert answer.status_code == 403
    assert answer.json["code"] == "authority.missing"
    assert "团支部书记" in answer.json["detail"]
    last = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-1]
    assert (last.event, last.person_id, last.facts["path"]) == (Event.ACT_REFUSED, cast.gaowa.id, "/api/v1/cases")


def test_another_branch_cannot_be_started_for(
    saren: Caller, cast: Cast, admission: Bundle, session: Session, now: object
) -> None:
    answer = saren.post("/cases", {**body(cast), "unit_id": cast.small_branch.id})
    missing = saren.post("/cases", {**body(cast), "unit_id": 999_999})
    assert answer.status_code == missing.status_code == 404
    assert answer.json == missing.json


def test_a_foreign_case_reads_like_one_that_does_not_exist_and_is_journalled(
    apply: Apply, cast: Cast, signed_in: SignIn, session: Session
) -> None:
    case = apply()
    stranger = signed_in(cast.he)
    for path in ("", "/history", "/journal"):
        seen = stranger.get(f"/cases/{case['id']}{path}")
        missing = stranger.get(f"/cases/999999{path}")
        assert seen.status_code == missing.status_code == 404
        assert seen.json == missing.json
    refused = [
        entry
        for entry in journal.entries_of(session, journal.case_chain(int(case["id"])))
        if entry.event == Event.ACT_REFUSED
    ]
    assert len(refused) == 3
    assert {entry.facts["code"] for entry in refused} == {"authority.out_of_sight"}
    assert {entry.person_id for entry in refused} == {cast.he.id}
    assert journal.verify(session).faults == []


def test_the_list_is_paged_by_cursor(apply: Apply, saren: Caller) -> None:
    made = [apply(f"applicant {number}")["id"] for number in range(3)]
    first = saren.get("/cases", limit=2).json
    assert [case["id"] for case in first["items"]] == [made[2], made[1]]
    second = saren.get("/cases", limit=2, after=first["next"]).json
    assert [case["id"] for case in second["items"]] == [made[0]]
    assert second["next"] is None


def test_the_list_covers_the_units_below_and_only_those(apply: Apply, cast: Cast, signed_in: SignIn) -> None:
    case = apply()
    gaowa = signed_in(cast.gaowa)
    assert [each["id"] for each in gaowa.get("/cases").json["items"]] == [case["id"]]
    assert gaowa.get("/cases", unit_id=cast.small_branch.id).json["items"] == []
    assert gaowa.get("/cases", below="false").json["items"] == []
    assert gaowa.get("/cases", unit_id=cast.other_school.id).status_code == 404
    assert gaowa.get("/cases", state="ended").json["items"] == []
    assert signed_in(cast.he).get("/cases").json["items"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 9999},
        {"state": "x"},
        {"after": "x"},
        {"after": "٣"},
        {"unit_id": 2**63},
        {"nonsense": 1},
    ],
)
def test_wrong_queries_are_refused(saren: Caller, query: dict[str, Any]) -> None:
    answer = saren.get("/cases", **query)
    assert answer.status_code == 422
    assert set(wrong_fields(answer)) == set(query)


def test_history_shows_what_was_submitted_with_the_identity_number_masked(apply: Apply, saren: Caller) -> None:
    case = apply()
    [record] = saren.get(f"/cases/{case['id']}/history").json["items"]
    assert record["step"] == "submit_application"
    assert record["happened_on"] == "2020-05-20"
    assert record["content"]["id_number"].startswith("*" * 16)


def test_the_journal_of_a_case_is_its_chain(apply: Apply, saren: Caller, session: Session) -> None:
    case = apply()
    chain = saren.get(f"/cases/{case['id']}/journal").json
    assert chain["chain"] == f"case:{case['id']}"
    assert [entry["position"] for entry in chain["items"]] == list(range(1, len(chain["items"]) + 1))
    assert chain["items"][0]["event"] == "case:started"
    assert "乌云" not in str(chain)


def test_the_applicant_withdraws(apply: Apply, saren: Caller) -> None:
    case = apply()
    path = f"/cases/{case['id']}/messages/applicant_withdraws"
    decision = {"outcome": "submit", "content": {"withdrawn_on": "2020-06-01", "reason": "本人决定暂不申请入团"}}
    answer = saren.post(path, decision, version=case["version"])
    assert answer.status_code == 200, answer.json
    assert answer.json["ended_at"] is not None
    assert answer.json["result"] == "withdrawn"
    again = saren.post(path, decision, version=answer.json["version"])
    assert again.status_code == 409
    assert again.json["code"] == "message.not_awaited"


def test_an_unknown_message_is_not_found(apply: Apply, saren: Caller) -> None:
    case = apply()
    answer = saren.post(f"/cases/{case['id']}/messages/x", {"outcome": "submit"}, version=case["version"])
    assert answer.status_code == 404
