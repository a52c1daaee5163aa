"""Batches over the API: opened here, performed by the worker's handler."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.cast import Cast
from workflows.domain.people import Person
from workflows.engine import batches
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

Apply = Callable[..., dict[str, Any]]

ACCEPT = {"outcome": "accept", "content": {"received_on": "2020-06-01"}}


@pytest.fixture
def waiting(apply: Apply) -> list[dict[str, Any]]:
    """Three applications to be checked, as a batch names them."""
    cases = [apply(f"applicant {number}") for number in range(3)]
    return [{"id": case["work_items"][0]["id"], "version": case["version"]} for case in cases]


def perform(session: Session) -> None:
    for row in session.scalars(select(OutboxRow).where(OutboxRow.kind == batches.OUTBOX_KIND)):
        for item in row.payload["items"]:
            batches.perform_item(session, ENVIRONMENT, item)
        batches.end_when_done(session, row.payload["batch"])
    session.commit()


def test_a_batch_is_queued_and_its_results_are_read(
    saren: Caller, waiting: list[dict[str, Any]], session: Session
) -> None:
    answer = saren.post("/batches", {"items": waiting, **ACCEPT})
    assert answer.status_code == 202, answer.json
    assert (answer.json["total"], answer.json["waiting"]) == (3, 3)
    perform(session)
    done = saren.client.get(answer.headers["Location"]).json
    assert (done["waiting"], done["done"], done["refused"]) == (0, 3, 0)
    assert done["ended_at"] is not None


def test_what_was_decided_meanwhile_is_refused_with_its_reason(
    saren: Caller, waiting: list[dict[str, Any]], session: Session
) -> None:
    made = saren.post("/batches", {"items": waiting, **ACCEPT}).json
    saren.post(f"/work-items/{waiting[0]['id']}/completion", ACCEPT, version=waiting[0]["version"])
    perform(session)
    batch = saren.get(f"/batches/{made['id']}").json
    assert (batch["done"], batch["refused"]) == (2, 1)
    [refused] = [item for item in batch["items"] if item["status"] == "refused"]
    assert refused["code"] == "version.stale"
    assert "萨仁" in refused["message"]


def test_a_wrong_field_is_refused_before_anything_is_queued(
    saren: Caller, waiting: list[dict[str, Any]], session: Session
) -> None:
    answer = saren.post("/batches", {"items": waiting, "outcome": "accept"})
    assert answer.status_code == 422
    assert set(wrong_fields(answer)) == {"received_on"}
    assert session.scalars(select(OutboxRow).where(OutboxRow.kind == batches.OUTBOX_KIND)).all() == []


def test_a_repeated_request_opens_one_batch(saren: Caller, waiting: list[dict[str, Any]]) -> None:
    body = {"items": waiting, **ACCEPT}
    first, second = (saren.post("/batches", body, key="b") for _ in range(2))
    assert first.json["id"] == second.json["id"]
    assert first.headers["Location"] == second.headers["Location"]


def test_another_persons_batch_and_foreign_items_do_not_exist(
    saren: Caller, waiting: list[dict[str, Any]], cast: Cast, signed_in: Callable[[Person], Caller]
) -> None:
    made = saren.post("/batches", {"items": waiting, **ACCEPT}).json
    stranger = signed_in(cast.he)
    assert stranger.get(f"/batches/{made['id']}").json == stranger.get("/batches/999999").json
    assert stranger.post("/batches", {"items": waiting, **ACCEPT}).status_code == 404
    chen = signed_in(cast.chen)
    assert chen.post("/batches", {"items": waiting, **ACCEPT}).status_code == 403


@pytest.mark.parametrize(
    "items",
    [None, [], [{}], [{"id": 1}], [{"id": "1", "version": 1}], [{"id": 1, "version": 2**40}], "x", [5]],
)
def test_wrong_items_are_refused(saren: Caller, items: Any) -> None:
    answer = saren.post("/batches", {"items": items, "outcome": "accept"})
    assert answer.status_code == 422
    assert all(field.startswith("items") for field in wrong_fields(answer))


def test_an_item_is_chosen_once(saren: Caller, waiting: list[dict[str, Any]]) -> None:
    answer = saren.post("/batches", {"items": [waiting[0], waiting[0]], **ACCEPT})
    assert set(wrong_fields(answer)) == {"items"}
