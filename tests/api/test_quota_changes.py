"""Requests, transfers, additions, closing and numbers over the API."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import quotas
from workflows.domain.people import Person
from workflows.journal import SYSTEM, Event

SignIn = Callable[[Person], Caller]


def test_a_school_asks_for_more_and_the_county_grants_a_part(cast: Cast, signed_in: SignIn, session: Session) -> None:
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    asked = gaowa.post("/quotas/requests", {"unit_id": cast.school.id, "amount": 4, "reason": "毕业班"})
    assert asked.status_code == 201, asked.json
    assert (asked.json["state"], asked.json["position"]) == ("waiting", 1)
    again = gaowa.post("/quotas/requests", {"unit_id": cast.school.id, "amount": 1, "reason": "再加"})
    assert (again.status_code, again.json["code"]) == (409, "quota.request_open")
    line = zhao.get("/quotas/requests", unit_id=cast.county.id).json
    assert [each["id"] for each in line["waiting"]] == [asked.json["id"]]
    short = zhao.post(f"/quotas/requests/{asked.json['id']}/grant", {"amount": 1})
    assert short.json["code"] == "quota.exhausted"
    forwarded = zhao.post(f"/quotas/requests/{asked.json['id']}/forward", {"reason": "旗县无空余"})
    assert (forwarded.status_code, forwarded.json["asked_unit_id"]) == (201, cast.city.id)
    made = gaowa.get("/quotas/requests", unit_id=cast.school.id).json["made"]
    assert made[0]["label"] == "已转报上级"
    for above, below in [(cast.region, cast.city), (cast.city, cast.county)]:
        quotas.allot(session, quotas.current_plan(session), above.id, below.id, 4, SYSTEM)
    session.commit()
    granted = zhao.post(f"/quotas/requests/{asked.json['id']}/grant", {"amount": 4, "answer": "同意"})
    assert (granted.json["state"], granted.json["granted"]) == ("granted", 4)
    assert quotas.audit(session).faults == []


def test_only_who_is_asked_answers_and_only_the_asker_withdraws(cast: Cast, signed_in: SignIn) -> None:
    gaowa, zhao, sun = signed_in(cast.gaowa), signed_in(cast.zhao), signed_in(cast.sun)
    asked = gaowa.post("/quotas/requests", {"unit_id": cast.school.id, "amount": 4, "reason": "毕业班"}).json["id"]
    assert gaowa.post(f"/quotas/requests/{asked}/grant", {"amount": 1}).json["code"] == "authority.missing"
    assert sun.post(f"/quotas/requests/{asked}/refuse", {"reason": "不"}).status_code == 403
    assert zhao.post(f"/quotas/requests/{asked}/withdraw").status_code == 403
    assert wrong_fields(zhao.post(f"/quotas/requests/{asked}/refuse", {"reason": ""})) != {}
    assert gaowa.post(f"/quotas/requests/{asked}/withdraw").json["state"] == "withdrawn"
    refused = zhao.post(f"/quotas/requests/{asked}/refuse", {"reason": "不"})
    assert refused.json["code"] == "quota.request_answered"
    assert zhao.post("/quotas/requests/999999/refuse", {"reason": "不"}).status_code == 404


def test_a_foreign_request_or_transfer_does_not_exist(
    cast: Cast, signed_in: SignIn, saren: Caller, session: Session
) -> None:
    plan = quotas.current_plan(session)
    quotas.allot(session, plan, cast.region.id, cast.city.id, 1, SYSTEM)
    session.commit()
    sun, gaowa = signed_in(cast.sun), signed_in(cast.gaowa)
    assert gaowa.get("/quotas/requests", unit_id=cast.county.id).status_code == 404
    assert gaowa.get("/quotas/transfers", unit_id=cast.county.id).status_code == 404
    foreign = (
        signed_in(cast.zhao)
        .post("/quotas/requests", {"unit_id": cast.county.id, "amount": 1, "reason": "人多"})
        .json["id"]
    )
    assert gaowa.post(f"/quotas/requests/{foreign}/withdraw").status_code == 404
    assert saren.post("/quotas/requests", {"unit_id": cast.school.id, "amount": 1, "reason": "人多"}).status_code == 404
    assert sun.post("/quotas/transfers/999999/confirm", {}).status_code == 404


def test_a_transfer_is_offered_by_one_and_confirmed_by_the_common_parent(
    cast: Cast, signed_in: SignIn, session: Session
) -> None:
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    offer = {"from_unit_id": cast.school.id, "to_unit_id": cast.other_school.id, "amount": 2, "reason": "用不完"}
    offered = gaowa.post("/quotas/transfers", offer)
    assert (offered.status_code, offered.json["over_unit_id"]) == (201, cast.county.id)
    assert gaowa.post(f"/quotas/transfers/{offered.json['id']}/confirm", {}).status_code == 403
    confirmed = zhao.post(f"/quotas/transfers/{offered.json['id']}/confirm", {"answer": "同意"})
    assert (confirmed.json["state"], confirmed.json["label"]) == ("confirmed", "已调剂")
    late = gaowa.post(f"/quotas/transfers/{offered.json['id']}/withdraw")
    assert late.json["code"] == "quota.request_answered"
    second = gaowa.post("/quotas/transfers", offer | {"amount": 1}).json["id"]
    declined = zhao.post(f"/quotas/transfers/{second}/decline", {"reason": "另有安排"})
    assert declined.json["state"] == "declined"
    assert len(zhao.get("/quotas/transfers", unit_id=cast.county.id).json["items"]) == 2
    assert quotas.audit(session).faults == []


def test_the_region_adds_to_its_plan_and_closes_it_at_the_end_of_the_year(
    cast: Cast, signed_in: SignIn, session: Session
) -> None:
    sun, zhao = signed_in(cast.sun), signed_in(cast.zhao)
    assert zhao.post("/quotas/additions", {"amount": 10, "reason": "追加"}).status_code == 403
    assert zhao.post("/quotas/closing", {"reason": "年终"}).status_code == 403
    added = sun.post("/quotas/additions", {"amount": 10, "reason": "团中央追加"})
    assert (added.status_code, added.json["total"]) == (201, 110)
    closed = sun.post("/quotas/closing", {"reason": "年终清理"})
    assert (closed.status_code, closed.json["expired"]) == (200, 110)
    assert quotas.audit(session).faults == []


def test_before_december_a_plan_is_not_closed(cast: Cast, signed_in: SignIn, session: Session) -> None:
    sun = signed_in(cast.sun)
    with clock.standing_at(clock.start_of(date(2020, 11, 30))):
        answer = sun.post("/quotas/closing", {"reason": "年终清理"})
    assert answer.json["code"] == "quota.closed_too_early"
    refused = journal.entries_of(session, journal.unit_chain(cast.region.id))
    assert Event.PLAN_CLOSED not in {entry.event for entry in refused}


def test_a_number_tells_its_history_to_who_may_see_one_of_its_units(
    cast: Cast, signed_in: SignIn, session: Session
) -> None:
    place = quotas.reserve(session, unit_id=cast.school.id, case_id=999_999, actor=SYSTEM)
    session.commit()
    told = signed_in(cast.gaowa).get(f"/numbers/{place.number}").json
    assert (told["state"], told["label"], told["unit"]) == ("reserved", "已预留", "第一中学团委")
    assert [entry["what"] for entry in told["entries"]] == ["下达", "分配", "分配", "分配", "预留"]
    assert told["entries"][-1]["case_id"] is None


@pytest.mark.parametrize("number", ["202099000001", "1", "x" * 30])
def test_an_unknown_number_is_explained(cast: Cast, signed_in: SignIn, number: str) -> None:
    answer = signed_in(cast.gaowa).get(f"/numbers/{number}")
    assert (answer.status_code, answer.json["code"]) == (404, "numbers.unknown")
