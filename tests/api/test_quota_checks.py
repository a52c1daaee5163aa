"""Checks of places over the API: asked for here, performed by the worker's handler."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support import cast as people
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows.domain import quota_checks
from workflows.domain.people import Person

Call = Callable[[Person], Caller]


def test_a_check_is_queued_and_read_with_the_reason_for_each(
    signed_in: Call, cast: Cast, now: datetime, session: Session
) -> None:
    for case_id in range(1, 5):
        people.apply(session, cast, case_id)
    session.commit()
    gaowa = signed_in(cast.gaowa)
    answer = gaowa.post("/quotas/checks", {"unit_id": cast.school.id, "case_ids": [1, 2, 3, 4]})
    assert answer.status_code == 202
    assert (answer.json["total"], answer.json["done"], answer.json["ended_at"]) == (4, 0, None)
    assert not quota_checks.do_portion(session, answer.json["id"])
    quota_checks.end(session, answer.json["id"])
    session.commit()
    seen = gaowa.get(answer.headers["Location"].removeprefix("/api/v1")).json
    assert [line["verdict"] for line in seen["items"]] == ["fits", "fits", "fits", "no_place"]
    assert (seen["fitting"], seen["items"][3]["rule"]) == (3, "发展团员不得超出下达的名额")


@ON_SQLITE
def test_only_the_units_own_committee_asks_and_a_list_is_not_empty(
    signed_in: Call, cast: Cast, now: datetime, session: Session
) -> None:
    people.apply(session, cast, 1)
    session.commit()
    sent = {"unit_id": cast.school.id, "case_ids": [1]}
    assert signed_in(cast.zhao).post("/quotas/checks", sent).status_code == 403
    gaowa = signed_in(cast.gaowa)
    assert wrong_fields(gaowa.post("/quotas/checks", {**sent, "case_ids": []})) == {"case_ids": "应为 1 至 1000 件。"}
    assert gaowa.post("/quotas/checks", {"unit_id": cast.school.id}).json["code"] == "quota.nobody_to_check"
    made = gaowa.post("/quotas/checks", sent).json
    assert signed_in(cast.bator).get(f"/quotas/checks/{made['id']}").status_code == 404
