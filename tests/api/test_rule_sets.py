"""Rules over the API: the sets, what holds for a unit on a day, proposing, deciding, taking back, what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows import journal
from workflows.domain.people import Person
from workflows.journal import Event

SignIn = Callable[[Person], Caller]
TEN_HOURS = {
    "parameter": "class_hours_min",
    "value": 10,
    "reason": "本校团课按十学时排课",
    "since": "2020-07-01",
    "until": "2020-12-31",
}


def _hours(caller: Caller, unit_id: int, **query: str) -> dict[str, Any]:
    answer = caller.get(f"/rules/units/{unit_id}", **query)
    assert answer.status_code == 200, answer.json
    return next(each for each in answer.json["items"] if each["parameter"]["name"] == "class_hours_min")


def test_the_sets_are_listed_and_told_in_full(saren: Caller) -> None:
    assert [each["name"] for each in saren.get("/rules/sets").json["items"]] == ["NMG_2020", "CYL_2023"]
    answer = saren.get("/rules/sets/NMG_2020").json
    assert (answer["plans_from"], answer["plans_until"]) == ("2020-01-01", "2022-12-31")
    by_name = {each["name"]: each for each in answer["parameters"]}
    assert by_name["class_hours_min"] == {
        "name": "class_hours_min",
        "title": "团课最少学时",
        "value": 8,
        "text": "8 学时",
        "unit": "学时",
        "article": "细则：团课学习",
        "confidence": "rule",
        "confidence_label": "规定",
        "tighten": "at_least",
        "limit": 40,
        "disputes": [],
        "notes": [],
    }
    target = by_name["approval_target"]
    assert (target["article"], target["confidence"], target["confidence_label"]) == ("", "unverified", "未核实")
    assert target["disputes"] == ["D-6"]
    assert saren.get("/rules/sets/NMG_1949").status_code == 404


def test_a_school_proposes_the_county_approves_and_it_holds_on_its_days(
    cast: Cast, signed_in: SignIn, saren: Caller, now: object, session: Session
) -> None:
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    proposed = gaowa.post(f"/rules/units/{cast.school.id}/tightenings", TEN_HOURS)
    assert proposed.status_code == 201, proposed.json
    assert {**TEN_HOURS, "state": "proposed", "approver_unit_id": cast.county.id}.items() <= proposed.json.items()
    assert zhao.get("/rules/tightenings").json["items"] == [proposed.json]
    assert gaowa.get("/rules/tightenings").json["items"] == []
    number = proposed.json["id"]
    answer = zhao.post(f"/rules/tightenings/{number}/decision", {"decision": "approve"})
    assert (answer.status_code, answer.json["state"], answer.json["decided_by"]) == (200, "approved", cast.zhao.id)
    assert _hours(saren, cast.branch.id)["value"] == 8
    held = _hours(saren, cast.branch.id, on="2020-07-01")
    assert (held["value"], held["text"], held["parameter"]["value"]) == (10, "10 学时", 8)
    assert held["tightened_by"] == answer.json
    listed = saren.get(f"/rules/units/{cast.branch.id}/tightenings").json
    assert listed == {"items": [answer.json], "next": None}
    events = [entry.event for entry in journal.entries_of(session, journal.unit_chain(cast.school.id))]
    assert events[-2:] == [Event.RULE_TIGHTENING_PROPOSED, Event.RULE_TIGHTENING_APPROVED]
    gone = gaowa.post(f"/rules/tightenings/{number}/withdrawal")
    assert (gone.json["state"], gone.json["withdrawn_on"]) == ("withdrawn", "2020-06-01")
    assert _hours(saren, cast.branch.id, on="2020-07-01")["value"] == 8


def test_sent_twice_with_one_key_it_is_proposed_once(cast: Cast, signed_in: SignIn, now: object) -> None:
    gaowa, where = signed_in(cast.gaowa), f"/rules/units/{cast.school.id}/tightenings"
    answers = [gaowa.post(where, TEN_HOURS, key="ten hours") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json
    again = gaowa.post(where, TEN_HOURS)
    assert (again.status_code, again.json["code"]) == (409, "rule.pending")


def test_a_page_of_tightenings_leads_to_the_next(cast: Cast, signed_in: SignIn, now: object) -> None:
    gaowa, where = signed_in(cast.gaowa), f"/rules/units/{cast.school.id}/tightenings"
    first = gaowa.post(where, TEN_HOURS).json
    second = gaowa.post(where, {**TEN_HOURS, "parameter": "ceremony", "value": "P30D"}).json
    page = gaowa.get(where, limit="1").json
    assert page["items"] == [second]
    assert gaowa.get(where, limit="1", after=page["next"]).json == {"items": [first], "next": None}


@ON_SQLITE
@pytest.mark.parametrize(
    "changes, status, code, field",
    [
        ({"value": 6}, 409, "rule.loosened", "value"),
        ({"value": 8}, 409, "rule.not_tighter", "value"),
        ({"value": 41}, 422, "rule.beyond_limit", "value"),
        ({"value": 10**30}, 422, None, "value"),
        ({"value": "10"}, 422, "rule.value", "value"),
        ({"value": {"a": 1}}, 422, "rule.value", "value"),
        ({"value": None}, 422, "data.invalid", "value"),
        ({"parameter": "introducers", "value": 3}, 409, "rule.fixed", "parameter"),
        ({"parameter": "unheard_of"}, 422, "data.invalid", "parameter"),
        ({"parameter": "x" * 61}, 422, "data.invalid", "parameter"),
        ({"since": "2020-05-31"}, 422, "rule.begins_in_the_past", "since"),
        ({"since": "9999-12-31", "until": "9999-12-31"}, 422, "rule.begins_too_late", "since"),
        ({"until": "2020-06-30"}, 422, "rule.ends_early", "until"),
        ({"until": "9999-12-31"}, 422, "rule.term_too_long", "until"),
        ({"reason": "短"}, 422, "rule.reason", "reason"),
        ({"for": "all"}, 422, "data.invalid", "for"),
    ],
)
def test_a_wrong_proposal_is_refused_with_rule_and_field(
    cast: Cast, signed_in: SignIn, now: object, changes: dict[str, Any], status: int, code: str | None, field: str
) -> None:
    answer = signed_in(cast.gaowa).post(f"/rules/units/{cast.school.id}/tightenings", {**TEN_HOURS, **changes})
    assert answer.status_code == status, answer.json
    assert code in {None, answer.json["code"]}
    assert set(wrong_fields(answer)) == {field}


def test_loosening_is_refused_with_the_value_in_force_its_article_and_the_rule(
    cast: Cast, signed_in: SignIn, now: object
) -> None:
    answer = signed_in(cast.gaowa).post(f"/rules/units/{cast.school.id}/tightenings", {**TEN_HOURS, "value": 6})
    assert answer.json["detail"] == (
        "“团课最少学时”现行要求为8 学时（依据：细则：团课学习），“6 学时”比它宽。请改填更严的值。"
    )
    assert answer.json["rule"] == "下级只能从严，不得放宽"


def test_only_the_units_own_committee_proposes_and_only_the_level_above_decides(
    cast: Cast, signed_in: SignIn, saren: Caller, now: object
) -> None:
    gaowa, zhao, chen = (signed_in(person) for person in (cast.gaowa, cast.zhao, cast.chen))
    for caller, unit in ((zhao, cast.school), (gaowa, cast.county), (gaowa, cast.other_school), (saren, cast.branch)):
        answer = caller.post(f"/rules/units/{unit.id}/tightenings", TEN_HOURS)
        assert (answer.status_code, answer.json["code"]) == (403, "authority.missing")
    number = gaowa.post(f"/rules/units/{cast.school.id}/tightenings", TEN_HOURS).json["id"]
    decision = f"/rules/tightenings/{number}/decision"
    for caller, status in (
        (gaowa, 403),
        (chen, 403),
        (signed_in(cast.sun), 403),
        (signed_in(cast.he), 404),
        (saren, 404),
    ):
        assert caller.post(decision, {"decision": "approve"}).status_code == status
    assert zhao.post(f"/rules/tightenings/{number}/withdrawal").status_code == 403
    assert zhao.post(decision, {"decision": "perhaps"}).status_code == 422
    assert set(wrong_fields(zhao.post(decision, {"decision": "decline"}))) == {"answer"}


def test_what_a_person_has_no_sight_of_is_not_found(cast: Cast, signed_in: SignIn, saren: Caller) -> None:
    for path in (
        f"/rules/units/{cast.other_school.id}",
        f"/rules/units/{cast.school.id}/tightenings",
        "/rules/units/0",
    ):
        assert saren.get(path).status_code == 404
    assert saren.post("/rules/tightenings/999999/decision", {"decision": "approve"}).status_code == 404


def test_nobody_reads_the_rules_without_signing_in(cast: Cast, anybody: Caller) -> None:
    for path in ("/rules/sets", "/rules/sets/NMG_2020", f"/rules/units/{cast.branch.id}", "/rules/tightenings"):
        assert anybody.get(path).status_code == 401
