"""Places over the API: plan, accounts, movements, allotments, returns."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import quotas
from workflows.domain.people import Person
from workflows.domain.quota_ledger import PlanState
from workflows.journal import Event

SignIn = Callable[[Person], Caller]


def line(answer: Any, unit_id: int) -> dict[str, Any]:
    return dict(next(item for item in answer["items"] if item["unit_id"] == unit_id))


def test_the_plan_of_the_year(saren: Caller) -> None:
    assert saren.get("/quotas/plan").json["year"] == 2020


def test_a_unit_sees_its_account_and_those_below(cast: Cast, signed_in: SignIn) -> None:
    answer = signed_in(cast.zhao).get("/quotas/accounts", unit_id=cast.county.id).json
    assert line(answer, cast.county.id)["passed_on"] == 3
    assert line(answer, cast.school.id)["free"] == 3
    assert line(answer, cast.other_school.id)["account_id"] is None


def test_a_foreign_account_does_not_exist(cast: Cast, signed_in: SignIn) -> None:
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    assert gaowa.get("/quotas/accounts", unit_id=cast.county.id).status_code == 404
    assert gaowa.get("/quotas/accounts", unit_id=999_999).status_code == 404
    account = line(zhao.get("/quotas/accounts", unit_id=cast.county.id).json, cast.county.id)["account_id"]
    assert zhao.get(f"/quotas/accounts/{account}/movements").status_code == 200
    assert gaowa.get(f"/quotas/accounts/{account}/movements").status_code == 404
    assert gaowa.get("/quotas/accounts/999999/movements").status_code == 404


def test_movements_are_paged_newest_first(cast: Cast, signed_in: SignIn) -> None:
    zhao = signed_in(cast.zhao)
    account = line(zhao.get("/quotas/accounts", unit_id=cast.county.id).json, cast.county.id)["account_id"]
    first = zhao.get(f"/quotas/accounts/{account}/movements", limit=1).json
    second = zhao.get(f"/quotas/accounts/{account}/movements", limit=1, after=first["next"]).json
    assert (first["items"][0]["kind"], first["items"][0]["label"], first["items"][0]["amount"]) == ("allot", "分配", 3)
    assert second["items"][0]["id"] < first["items"][0]["id"]
    assert second["next"] is None


def test_places_are_passed_on_and_given_back(cast: Cast, signed_in: SignIn, session: Session) -> None:
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    back = gaowa.post("/quotas/returns", {"unit_id": cast.school.id, "amount": 2, "reason": "用不完"})
    assert back.status_code == 201, back.json
    assert line(back.json, cast.school.id)["free"] == 1
    shares = [{"unit_id": cast.other_school.id, "amount": 1}, {"unit_id": cast.school.id, "amount": 1}]
    allotted = zhao.post("/quotas/allotments", {"from_unit_id": cast.county.id, "shares": shares})
    assert allotted.status_code == 201, allotted.json
    assert line(allotted.json, cast.other_school.id)["free"] == 1
    assert line(allotted.json, cast.school.id)["free"] == 2
    assert line(allotted.json, cast.county.id)["free"] == 0
    assert quotas.audit(session).faults == []


def test_more_than_is_free_is_refused_with_the_rule(cast: Cast, signed_in: SignIn, session: Session) -> None:
    shares = [{"unit_id": cast.school.id, "amount": 1}]
    answer = signed_in(cast.zhao).post("/quotas/allotments", {"from_unit_id": cast.county.id, "shares": shares})
    assert answer.status_code == 409
    assert answer.json["code"] == "quota.exhausted"
    assert answer.json["article"]
    assert set(wrong_fields(answer)) == {"amount"}
    last = journal.entries_of(session, journal.unit_chain(cast.county.id))[-1]
    assert (last.event, last.facts["code"]) == (Event.ACT_REFUSED, "quota.exhausted")


def test_only_the_committee_of_the_unit_itself_moves_its_places(cast: Cast, signed_in: SignIn, saren: Caller) -> None:
    shares = [{"unit_id": cast.school.id, "amount": 1}]
    above = signed_in(cast.sun).post("/quotas/allotments", {"from_unit_id": cast.county.id, "shares": shares})
    assert above.status_code == 403
    assert above.json["code"] == "authority.missing"
    below = saren.post("/quotas/returns", {"unit_id": cast.school.id, "amount": 1})
    assert below.status_code == 404


def test_places_pass_one_level_at_a_time(cast: Cast, signed_in: SignIn) -> None:
    shares = [{"unit_id": cast.school.id, "amount": 1}]
    answer = signed_in(cast.sun).post("/quotas/allotments", {"from_unit_id": cast.region.id, "shares": shares})
    assert answer.status_code == 422
    assert answer.json["code"] == "quota.not_below"


@pytest.mark.parametrize("amount", [0, -1, 1.5, "2", True, None, 2**70])
def test_an_amount_is_a_whole_number_of_places(cast: Cast, signed_in: SignIn, amount: Any) -> None:
    shares = [{"unit_id": cast.school.id, "amount": amount}]
    answer = signed_in(cast.zhao).post("/quotas/allotments", {"from_unit_id": cast.county.id, "shares": shares})
    assert answer.status_code == 422
    assert set(wrong_fields(answer)) == {"shares.0.amount"}


def test_a_unit_stands_once_in_an_allotment(cast: Cast, signed_in: SignIn) -> None:
    shares = [{"unit_id": cast.school.id, "amount": 1}] * 2
    answer = signed_in(cast.zhao).post("/quotas/allotments", {"from_unit_id": cast.county.id, "shares": shares})
    assert set(wrong_fields(answer)) == {"shares"}


def test_the_region_issues_a_plan_once_a_year(cast: Cast, signed_in: SignIn, saren: Caller) -> None:
    sun = signed_in(cast.sun)
    assert saren.post("/quotas/plan", {"year": 2021, "total": 10}).status_code == 403
    assert sun.post("/quotas/plan", {"year": 2021, "total": 10}).status_code == 201
    again = sun.post("/quotas/plan", {"year": 2021, "total": 10})
    assert again.json["code"] == "quota.plan_exists"
    assert set(wrong_fields(again)) == {"year"}


def test_without_an_open_plan_it_says_who_must_issue_one(
    saren: Caller, cast: Cast, signed_in: SignIn, session: Session
) -> None:
    for plan in session.scalars(select(quotas.Plan)):
        plan.state = PlanState.CLOSED
    session.commit()
    for answer in (
        saren.get("/quotas/plan"),
        signed_in(cast.zhao).get("/quotas/accounts", unit_id=cast.county.id),
        signed_in(cast.gaowa).post("/quotas/returns", {"unit_id": cast.school.id, "amount": 1}),
    ):
        assert answer.status_code == 409
        assert answer.json["code"] == "quota.no_plan"
        assert "自治区团委" in answer.json["detail"]
