"""The end of a membership over the API."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support.cast import Cast
from workflows.domain import members, quotas
from workflows.domain.people import Person
from workflows.journal import SYSTEM

Apply = Callable[..., dict[str, Any]]
SignIn = Callable[[Person], Caller]

TOLD = {"left_as": "resigned", "left_on": "2020-05-19", "document": "本人报告", "reason": "本人书面申请退团"}


@pytest.fixture
def address(apply: Apply, session: Session, cast: Cast) -> str:
    """Of a case whose candidate has been admitted."""
    case_id = apply()["id"]
    members.get_of_case(session, case_id).applied_on = date(2020, 5, 10)
    quotas.reserve(session, unit_id=cast.school.id, case_id=case_id, actor=SYSTEM)
    number = quotas.use(session, case_id=case_id, actor=SYSTEM).number
    members.admit(session, case_id=case_id, joined_on=date(2020, 5, 14), number=number)
    session.commit()
    return f"/cases/{case_id}/leaving"


def test_the_committee_that_approves_records_a_resignation_once(address: str, signed_in: SignIn, cast: Cast) -> None:
    chen = signed_in(cast.chen)
    answer = chen.post(address, TOLD)
    assert (answer.status_code, answer.json["left_as"], answer.json["joined_on"]) == (201, "resigned", "2020-05-14")
    again = chen.post(address, TOLD)
    assert (again.status_code, again.json["code"]) == (409, "leaving.no_member")


def test_others_may_not_and_an_unknown_way_is_refused(address: str, signed_in: SignIn, cast: Cast) -> None:
    assert signed_in(cast.saren).post(address, TOLD).status_code == 403
    assert signed_in(cast.he).post(address, TOLD).status_code == 404
    chen = signed_in(cast.chen)
    assert chen.post(address, TOLD | {"left_as": "expelled"}).status_code == 403
    assert chen.post(address, TOLD | {"left_as": "gone"}).status_code == 422
