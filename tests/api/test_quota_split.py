from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from tests.unit.domain.test_split_proposals import counted
from workflows.domain import quotas
from workflows.domain.head_counts import Line
from workflows.domain.people import Person
from workflows.domain.units import Field

Call = Callable[[Person], Caller]


def two_classes(session: Session, cast: Cast) -> None:
    """Needs of two places and of one."""
    counted(session, cast.branch, Line(Field.SENIOR, False, 50, 28))
    counted(session, cast.small_branch, Line(Field.SENIOR, False, 50, 29, 20))
    session.commit()


def test_a_split_is_reckoned_changed_and_confirmed(signed_in: Call, cast: Cast, now: object, session: Session) -> None:
    two_classes(session, cast)
    gaowa = signed_in(cast.gaowa)
    made = gaowa.post("/quotas/splits", {"unit_id": cast.school.id, "reserve_rate": 0})
    assert made.status_code == 201
    assert [line["amount"] for line in made.json["lines"]] == [2, 1]
    assert made.json["lines"][0]["way"][0].startswith("普通高中：60% × 学生 50 − 团员 28")
    here = f"/quotas/splits/{made.json['id']}"
    wanted = {"lines": [{"unit_id": cast.small_branch.id, "amount": 0}]}
    refused = gaowa.post(f"{here}/lines", wanted, version=1)
    assert wrong_fields(refused) == {f"reason-{cast.small_branch.id}": "与测算数不同的，请说明理由，5至400个字"}
    wanted["lines"][0]["reason"] = "该班名额暂缓下达"
    changed = gaowa.post(f"{here}/lines", wanted, version=1)
    assert (changed.status_code, changed.json["version"]) == (200, 2)
    assert gaowa.post(f"{here}/confirmation", version=1).status_code == 412
    done = gaowa.post(f"{here}/confirmation", version=2)
    assert (done.json["state"], done.json["stale"]) == ("confirmed", False)
    account = quotas.account_of(session, quotas.current_plan(session).id, cast.branch.id)
    assert account is not None
    assert account.free == 2
    listed = gaowa.get("/quotas/splits", unit_id=cast.school.id).json
    assert (listed["available"], [each["id"] for each in listed["items"]]) == (1, [made.json["id"]])
    assert gaowa.post(f"{here}/discard").json["code"] == "split.settled"


@ON_SQLITE
def test_nobody_splits_what_is_not_his(signed_in: Call, cast: Cast, now: object, session: Session) -> None:
    two_classes(session, cast)
    made = signed_in(cast.gaowa).post("/quotas/splits", {"unit_id": cast.school.id}).json
    zhao = signed_in(cast.zhao)
    assert zhao.get(f"/quotas/splits/{made['id']}").status_code == 200
    assert zhao.post(f"/quotas/splits/{made['id']}/confirmation", version=1).status_code == 403
    assert zhao.post("/quotas/splits", {"unit_id": cast.school.id}).status_code == 403
    assert signed_in(cast.gaowa).get("/quotas/splits", unit_id=cast.county.id).status_code == 404
    assert signed_in(cast.saren).post("/quotas/splits", {"unit_id": cast.school.id}).status_code == 404
