"""School holidays over the API: who enters and removes them, for whom they hold, what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import working_days
from workflows.domain.people import Person
from workflows.journal import Event

SignIn = Callable[[Person], Caller]
WINTER = {"name": "寒假", "first": "2020-01-11", "last": "2020-02-14"}


def test_a_holiday_of_the_county_is_read_at_its_branches(
    cast: Cast, signed_in: SignIn, saren: Caller, session: Session
) -> None:
    zhao = signed_in(cast.zhao)
    entered = zhao.post(f"/units/{cast.county.id}/holidays", WINTER)
    assert entered.status_code == 201, entered.json
    assert {**WINTER, "unit_id": cast.county.id, "person_id": cast.zhao.id}.items() <= entered.json.items()
    answer = saren.get(f"/units/{cast.branch.id}/holidays", since="2020-01-01").json
    assert answer["items"] == [entered.json]
    assert answer["last_announced_year"] == working_days.last_announced_year()
    assert saren.get(f"/units/{cast.branch.id}/holidays", since="2020-02-15").json["items"] == []
    last = journal.entries_of(session, journal.unit_chain(cast.county.id))[-1]
    assert (last.event, last.person_id) == (Event.HOLIDAY_ENTERED, cast.zhao.id)


def test_a_removed_holiday_holds_no_longer(cast: Cast, signed_in: SignIn) -> None:
    gaowa, where = signed_in(cast.gaowa), f"/units/{cast.school.id}/holidays"
    number = gaowa.post(where, WINTER).json["id"]
    assert gaowa.delete(f"{where}/{number}").status_code == 204
    assert gaowa.get(where, since="2020-01-01").json["items"] == []
    assert gaowa.delete(f"{where}/{number}").status_code == 404


def test_sent_twice_with_one_key_it_is_entered_once(cast: Cast, signed_in: SignIn) -> None:
    gaowa, where = signed_in(cast.gaowa), f"/units/{cast.school.id}/holidays"
    answers = [gaowa.post(where, WINTER, key="one winter") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json == answers[1].json


def test_only_the_committee_of_the_unit_itself_enters_and_removes(cast: Cast, signed_in: SignIn, saren: Caller) -> None:
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    for caller, unit in ((zhao, cast.school), (gaowa, cast.county), (gaowa, cast.branch), (saren, cast.branch)):
        answer = caller.post(f"/units/{unit.id}/holidays", WINTER)
        assert (answer.status_code, answer.json["code"]) == (403, "authority.missing")
    number = gaowa.post(f"/units/{cast.school.id}/holidays", WINTER).json["id"]
    assert zhao.delete(f"/units/{cast.school.id}/holidays/{number}").status_code == 403
    assert zhao.delete(f"/units/{cast.county.id}/holidays/{number}").status_code == 404


@pytest.mark.parametrize(
    "changes, code, field",
    [
        ({"first": "2020-02-30"}, "data.invalid", "first"),
        ({"last": "soon"}, "data.invalid", "last"),
        ({"last": None}, "data.invalid", "last"),
        ({"name": ""}, "data.invalid", "name"),
        ({"name": " "}, "holiday.name", "name"),
        ({"kind": "winter"}, "data.invalid", "kind"),
        ({"last": "2020-01-10"}, "holiday.ends_early", "last"),
        ({"last": "2020-05-10"}, "holiday.too_long", "last"),
        ({"first": "0001-01-01", "last": "0001-01-02"}, "holiday.year", "first"),
    ],
)
def test_wrong_dates_are_named_with_field_and_rule(
    cast: Cast, signed_in: SignIn, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = signed_in(cast.zhao).post(f"/units/{cast.county.id}/holidays", {**WINTER, **changes})
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.mimetype == "application/problem+json"
    assert set(wrong_fields(answer)) == {field}


def test_the_same_days_twice_are_refused_with_the_rule(cast: Cast, signed_in: SignIn) -> None:
    zhao, where = signed_in(cast.zhao), f"/units/{cast.county.id}/holidays"
    zhao.post(where, WINTER)
    answer = zhao.post(where, {**WINTER, "first": "2020-02-14", "last": "2020-02-20"})
    assert (answer.status_code, answer.json["code"]) == (409, "holiday.overlaps")
    assert "寒假" in answer.json["detail"]
    assert answer.json["rule"] == "同一组织的两个假期不得重叠"


@pytest.mark.parametrize("path", ["/units/999999/holidays", "/units/0/holidays"])
def test_an_unknown_unit_has_no_holidays(cast: Cast, signed_in: SignIn, path: str) -> None:
    zhao = signed_in(cast.zhao)
    assert zhao.get(path).status_code == 404
    assert zhao.post(path, WINTER).status_code == 404


def test_a_wrong_day_in_the_query_is_named(cast: Cast, saren: Caller) -> None:
    answer = saren.get(f"/units/{cast.branch.id}/holidays", since="yesterday")
    assert set(wrong_fields(answer)) == {"since"}


def test_nobody_reads_or_writes_without_signing_in(cast: Cast, anybody: Caller) -> None:
    assert anybody.get(f"/units/{cast.county.id}/holidays").status_code == 401
    assert anybody.post(f"/units/{cast.county.id}/holidays", WINTER).status_code == 401
