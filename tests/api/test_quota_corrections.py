"""Corrections of a closed year over the API."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import quota_closing, quotas
from workflows.domain.people import Person
from workflows.journal import SYSTEM

SignIn = Callable[[Person], Caller]


def closed(session: Session) -> None:
    with clock.standing_at(clock.start_of(date(2020, 12, 20))):
        quota_closing.close(session, quotas.current_plan(session), SYSTEM, "年终清理")
    session.commit()


def a_correction(cast: Cast, **changes: Any) -> dict[str, Any]:
    given = {
        "year": 2020,
        "unit_id": cast.school.id,
        "from_unit_id": cast.school.id,
        "to_unit_id": cast.other_school.id,
        "amount": 2,
        "reason": "下达时误记",
        "document": "新团发〔2020〕3号",
        "document_on": "2020-04-01",
    }
    return given | changes


def test_one_enters_and_another_above_confirms(cast: Cast, signed_in: SignIn, session: Session) -> None:
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    refused = gaowa.post("/quotas/corrections", a_correction(cast))
    assert (refused.status_code, refused.json["code"]) == (409, "quota_correction.plan_open")
    closed(session)
    entered = gaowa.post("/quotas/corrections", a_correction(cast))
    assert entered.status_code == 201, entered.json
    assert (entered.json["over_unit_id"], entered.json["label"]) == (cast.county.id, "待上级确认")
    path = f"/quotas/corrections/{entered.json['id']}"
    assert gaowa.post(f"{path}/confirm").json["code"] == "authority.missing"
    confirmed = zhao.post(f"{path}/confirm", {"answer": "属实"})
    assert (confirmed.json["state"], len(confirmed.json["movements"])) == ("confirmed", 2)
    assert zhao.post(f"{path}/decline", {"reason": "不"}).json["code"] == "quota_correction.settled"
    [shown] = zhao.get("/quotas/corrections", unit_id=cast.county.id, year=2020).json["items"]
    assert shown["id"] == entered.json["id"]
    assert quotas.audit(session).faults == []


def test_it_may_be_declined_or_taken_back(cast: Cast, signed_in: SignIn, session: Session) -> None:
    closed(session)
    gaowa, zhao = signed_in(cast.gaowa), signed_in(cast.zhao)
    assert wrong_fields(gaowa.post("/quotas/corrections", a_correction(cast, document="文", amount=0))) != {}
    first, second = (gaowa.post("/quotas/corrections", a_correction(cast)).json["id"] for _ in range(2))
    assert zhao.post(f"/quotas/corrections/{first}/withdraw").status_code == 403
    assert gaowa.post(f"/quotas/corrections/{first}/withdraw").json["state"] == "withdrawn"
    declined = zhao.post(f"/quotas/corrections/{second}/decline", {"reason": "依据不足"}).json
    assert (declined["state"], declined["answer"]) == ("declined", "依据不足")


def test_it_is_not_for_strangers_to_know_of(cast: Cast, signed_in: SignIn, session: Session) -> None:
    closed(session)
    entered = signed_in(cast.gaowa).post("/quotas/corrections", a_correction(cast)).json["id"]
    saren = signed_in(cast.saren)
    assert saren.post(f"/quotas/corrections/{entered}/withdraw").status_code == 404
    assert saren.get("/quotas/corrections", unit_id=cast.county.id, year=2020).status_code == 404
