"""Transfers over the API: the acts are messages and steps like any other; what came of them is read here."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support.cast import Cast
from workflows.domain import transfers
from workflows.domain.people import Person
from workflows.journal import SYSTEM

ASKED = date(2020, 5, 20)

Apply = Callable[..., dict[str, Any]]


def test_the_transfers_of_a_case_and_of_a_unit(saren: Caller, apply: Apply, session: Session, cast: Cast) -> None:
    case = apply()
    asked = transfers.ask(session, case_id=case["id"], to="S1-2", asked_on=ASKED, actor=SYSTEM)
    session.commit()
    expected = {
        "id": asked.id,
        "case_id": case["id"],
        "from_unit_id": cast.branch.id,
        "to_unit_id": cast.small_branch.id,
        "to_name": "高一2班团支部",
        "status": "asked",
        "status_label": "待接收",
        "asked_on": "2020-05-20",
        "answered_on": None,
        "reason": "",
    }
    assert saren.get(f"/cases/{case['id']}/transfers").json["items"] == [expected]
    assert saren.get(f"/units/{cast.branch.id}/transfers").json["items"] == [expected]


def test_who_may_not_see_the_unit_is_told_nothing(
    apply: Apply, signed_in: Callable[[Person], Caller], cast: Cast
) -> None:
    case = apply()
    he = signed_in(cast.he)
    assert he.get(f"/cases/{case['id']}/transfers").status_code == 404
    assert he.get(f"/units/{cast.branch.id}/transfers").status_code == 404
    assert he.get("/units/999999/transfers").status_code == 404
