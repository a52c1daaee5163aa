"""Batches: one decision, many items, each with its own effect and its own result."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.engine.conftest import DEPUTY, SECRETARY, STRANGER, Office
from tests.support.drawings import A_DATE, YES_NO_FORM, bundle, drawing, end, service, start, user, way
from workflows import journal
from workflows.engine import batches, cases
from workflows.engine.tables import Case, StepRecord, WorkItem
from workflows.errors import InvalidData, NotAuthorised, NotFound
from workflows.outbox import OutboxRow

TEXT = drawing(
    start(),
    user("ask"),
    service("take", "shelf.take", "taken", count="1"),
    end(),
    way("begin", "ask", "take", "done"),
    lanes={"书记": ["ask"]},
)


@pytest.fixture
def three(office: Office) -> Office:
    """Three cases waiting for the same decision; the shelf holds two."""
    office.left = 2
    office.publish(bundle(TEXT, ask=YES_NO_FORM))
    for _ in range(3):
        cases.start(office.session, office.environment, process="tiny", unit_id=7, actor=SECRETARY)
    office.session.commit()
    return office


VOTES = (
    ',{"type":"number","key":"votes","label":"赞成","validate":{"required":true,"min":0},"properties":{"each":"true"}}'
)


@pytest.fixture
def meeting(office: Office) -> Office:
    """Three cases waiting for one meeting, which votes on each."""
    text = drawing(start(), user("ask"), end(), way("begin", "ask", "done"), lanes={"书记": ["ask"]})
    office.publish(bundle(text, ask=A_DATE % VOTES))
    for _ in range(3):
        cases.start(office.session, office.environment, process="tiny", unit_id=7, actor=SECRETARY)
    office.session.commit()
    return office


def chosen(office: Office) -> list[tuple[int, int]]:
    return [
        (item.id, office.session.get(Case, item.case_id).version) for item in office.session.scalars(select(WorkItem))
    ]


def open_batch(office: Office, outcome: str = "yes", **content: str) -> batches.Batch:
    batch = batches.open_batch(
        office.session, office.environment, chosen=chosen(office), actor=SECRETARY, outcome=outcome, content=content
    )
    office.session.commit()
    return batches.progress_of(office.session, batch.id)


def perform(office: Office, batch: batches.Batch) -> list[str]:
    for item in batch.items:
        batches.perform_item(office.session, office.environment, item.id)
        office.session.commit()
    batches.end_when_done(office.session, batch.id)
    return [item.status for item in batches.progress_of(office.session, batch.id).items]


def test_each_item_has_its_own_result_and_a_refused_one_keeps_its_step(three: Office) -> None:
    batch = open_batch(three)
    assert perform(three, batch) == ["done", "done", "refused"]
    assert batch.items[2].code == "none.left"
    assert three.waiting == ["ask"]
    assert batch.ended_at is not None
    assert journal.verify(three.session).faults == []


def test_performing_an_item_again_has_the_effect_of_once(three: Office) -> None:
    batch = open_batch(three)
    perform(three, batch)
    three.left = 5
    assert perform(three, batch) == ["done", "done", "refused"]
    assert three.left == 5


def test_every_item_is_posted_to_the_outbox_once(three: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "PORTION", 2)
    batch = open_batch(three)
    rows = three.session.scalars(select(OutboxRow).order_by(OutboxRow.id)).all()
    first, second, third = (item.id for item in batch.items)
    assert [row.payload for row in rows] == [
        {"batch": batch.id, "items": [first, second]},
        {"batch": batch.id, "items": [third]},
    ]


def test_a_batch_has_not_ended_while_an_item_waits(three: Office) -> None:
    batch = open_batch(three)
    batches.perform_item(three.session, three.environment, batch.items[0].id)
    assert batches.end_when_done(three.session, batch.id).ended_at is None


def test_an_item_done_by_somebody_else_meanwhile_is_refused_by_name(three: Office) -> None:
    batch = open_batch(three)
    cases.complete_step(
        three.session,
        three.environment,
        work_item_id=batch.items[0].work_item_id,
        actor=DEPUTY,
        outcome="no",
        content={},
    )
    assert perform(three, batch) == ["refused", "done", "refused"]
    assert "李二" in batch.items[0].message


def test_a_wrong_field_is_refused_before_anything_is_queued(three: Office) -> None:
    with pytest.raises(InvalidData):
        open_batch(three, "yes", on="never")
    three.session.rollback()
    assert three.session.scalars(select(OutboxRow)).all() == []


def open_with_votes(office: Office, *votes: dict[str, Any]) -> batches.Batch:
    own = dict(zip(office.session.scalars(select(WorkItem.id).order_by(WorkItem.id)), votes, strict=False))
    batch = batches.open_batch(
        office.session,
        office.environment,
        chosen=chosen(office),
        actor=SECRETARY,
        outcome="submit",
        content={"on": "2020-05-04"},
        own=own,
    )
    office.session.commit()
    return batches.progress_of(office.session, batch.id)


def test_what_differs_from_item_to_item_is_kept_with_each(meeting: Office) -> None:
    batch = open_with_votes(meeting, {"votes": 5}, {"votes": 7}, {"votes": 9})
    assert perform(meeting, batch) == ["done", "done", "done"]
    records = meeting.session.scalars(select(StepRecord).order_by(StepRecord.case_id)).all()
    assert [record.content for record in records] == [{"on": "2020-05-04", "votes": votes} for votes in (5, 7, 9)]


def test_a_wrong_field_of_one_item_is_named_with_the_item(meeting: Office) -> None:
    ids = meeting.session.scalars(select(WorkItem.id).order_by(WorkItem.id)).all()
    with pytest.raises(InvalidData) as refusal:
        open_with_votes(meeting, {"votes": 5}, {"votes": -1}, {})
    assert refusal.value.fields.keys() == {f"votes-{ids[1]}", f"votes-{ids[2]}"}
    with pytest.raises(InvalidData) as refusal:
        open_with_votes(meeting, {"votes": 5, "on": "2020-05-05"}, {"votes": 5}, {"votes": 5})
    assert refusal.value.fields == {f"on-{ids[0]}": "这一栏须对所有人一致"}


def test_items_that_do_not_belong_together_are_refused(three: Office) -> None:
    for wrong, refusal in [([], batches.BatchMixed), ([(99, 1)], NotFound)]:
        with pytest.raises(refusal):
            batches.open_batch(
                three.session, three.environment, chosen=wrong, actor=SECRETARY, outcome="yes", content={}
            )


def test_a_stranger_cannot_open_a_batch(three: Office) -> None:
    with pytest.raises(NotAuthorised):
        batches.open_batch(
            three.session, three.environment, chosen=chosen(three), actor=STRANGER, outcome="yes", content={}
        )
