"""Why a case has not come further, over the API."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import identity_numbers
from workflows.domain.people import Person
from workflows.engine.tables import Bundle
from workflows.journal import Event

YOUNG = date(2006, 8, 15)

Apply = Callable[..., dict[str, Any]]
SignIn = Callable[[Person], Caller]


@pytest.fixture
def young(apply: Apply) -> dict[str, Any]:
    """A case that ended at once: the applicant was born three months too late."""
    return apply(birth_date=YOUNG.isoformat(), id_number=identity_numbers.made_up(YOUNG, "Young", "female"))


def test_a_refused_case_tells_rule_fact_source_article_and_first_day(saren: Caller, cast: Cast, young: Any) -> None:
    answer = saren.get(f"/cases/{young['id']}/reasons").json
    assert (answer["ended_label"], answer["next"]) == ("不符合申请条件", [])
    [reason] = answer["items"]
    assert (reason["kind"], reason["decision"], reason["rule"]) == ("decision", "application_eligibility", "too_young")
    assert (reason["article"], reason["earliest"]) == ("团章第1条", "2020-08-15")
    age, least = reason["facts"]
    assert (age["name"], age["value"], age["said"]) == ("candidate.age", 13, "13 周岁")
    assert age["source"]["kind"] == "operation"
    assert [record["person_id"] for record in age["source"]["records"]] == [cast.saren.id]
    assert least["source"]["origin"] == {"title": "申请入团的最低周岁", "article": "团章第一条", "confidence": "rule"}
    [[[condition]]] = [remedy["groups"] for remedy in reason["remedies"]]
    assert (condition["kind"], condition["wanted"], condition["said"]) == ("at_least", [14], "须达到 14 周岁")


def test_a_case_that_was_sent_back_tells_who_acts_next(saren: Caller, apply: Apply) -> None:
    case = apply()
    [item] = case["work_items"]
    body = {"outcome": "return", "content": {"received_on": "2020-06-01", "reason": "申请书没有签名"}}
    saren.post(f"/work-items/{item['id']}/completion", body, version=case["version"])
    answer = saren.get(f"/cases/{case['id']}/reasons").json
    [reason] = answer["items"]
    assert (reason["gate"]["taken"]["label"], reason["text"]) == ("退回", "申请书没有签名")
    assert [each["step"] for each in answer["next"]] == ["submit_application"]


def test_who_may_not_see_the_case_reads_no_reason(
    apply: Apply, cast: Cast, admission: Bundle, signed_in: SignIn, session: Session
) -> None:
    case = apply()
    administrator = signed_in(cast.he)
    assert administrator.get(f"/cases/{case['id']}/reasons").status_code == 404
    last = journal.entries_of(session, journal.case_chain(case["id"]))[-1]
    assert (last.event, last.person_id) == (Event.ACT_REFUSED, cast.he.id)
