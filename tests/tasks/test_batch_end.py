"""A batch in the worker: refused items between others, and the last items performed by two workers at once."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks.database import transaction
from tasks.outbox import perform_outbox
from tests.support import drawings
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import posts
from workflows.engine import batches, bundles, cases
from workflows.engine.tables import Batch, BatchItem, StepRecord, WorkItem
from workflows.errors import Busy
from workflows.journal import SYSTEM, Actor, Event
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

pytestmark = pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)

Look = Callable[[], Session]


@pytest.fixture
def two_items(founded: Cast, store: Session) -> list[int]:
    """A batch of two items, to be decided by the branch secretary."""
    nodes = ["begin", "ask", "confirm", "done"]
    drawn = drawings.drawing(
        drawings.start(),
        drawings.user("ask", form="any"),
        drawings.user("confirm", form="any"),
        drawings.end(),
        drawings.way(*nodes),
        lanes={"团支部书记": nodes},
    )
    bundles.store(store, drawings.bundle(drawn), [], SYSTEM, "")
    [held] = posts.held_by(store, founded.saren.id)
    saren = Actor(person_id=founded.saren.id, post_id=held.post_id, unit_id=held.unit_id)
    given = {"process": "tiny", "unit_id": founded.branch.id, "actor": saren, "outcome": "submit"}
    for _ in range(2):
        cases.start(store, ENVIRONMENT, content={"on": "2020-06-01"}, **given)
    items = list(store.scalars(select(WorkItem)))
    chosen = [(item.id, store.get_one(cases.Case, item.case_id).version) for item in items]
    content = {"on": "2020-06-01"}
    batches.open_batch(store, ENVIRONMENT, chosen=chosen, actor=saren, outcome="submit", content=content)
    store.commit()
    return list(store.scalars(select(BatchItem.id).order_by(BatchItem.id)))


def test_a_batch_ends_once_when_its_last_two_portions_end_together(
    two_items: list[int], founded: Cast, look: Look
) -> None:
    for item in two_items:
        with transaction() as session:
            batches.perform_item(session, ENVIRONMENT, item)
    batch = look().scalars(select(Batch.id)).one()

    def end_too() -> None:
        with transaction() as session:
            batches.end_when_done(session, batch)

    other = threading.Thread(target=end_too)
    with transaction() as session:
        batches.end_when_done(session, batch)
        other.start()
        other.join(timeout=2)  # ends here only if it did not wait for us
    other.join()
    assert {item.status for item in look().scalars(select(BatchItem))} == {"done"}
    assert look().scalars(select(Batch)).one().ended_at is not None
    entries = journal.entries_of(look(), journal.unit_chain(founded.branch.id))
    assert [entry.event for entry in entries].count(Event.BATCH_ENDED) == 1


def test_a_portion_goes_on_after_an_item_that_is_refused(two_items: list[int], founded: Cast, look: Look) -> None:
    first, second = (look().get_one(BatchItem, item) for item in two_items)
    with transaction() as session:
        saren = Actor(person_id=founded.saren.id, post_id=posts.held_by(session, founded.saren.id)[0].post_id)
        given = {"outcome": "submit", "content": {"on": "2020-06-01"}}
        cases.complete_step(session, ENVIRONMENT, work_item_id=first.work_item_id, actor=saren, **given)
    [row] = look().scalars(select(OutboxRow).where(OutboxRow.kind == batches.OUTBOX_KIND))
    assert perform_outbox(row.id) is True
    refused, done = (look().get_one(BatchItem, item) for item in two_items)
    assert (refused.status, refused.code, done.status) == ("refused", "version.stale", "done")
    assert look().scalars(select(StepRecord.work_item_id)).all().count(second.work_item_id) == 1
    last = journal.entries_of(look(), journal.case_chain(first.case_id))[-1]
    assert (last.event, last.facts["batch"]) == (Event.ACT_REFUSED, refused.batch_id)
    assert look().get_one(Batch, refused.batch_id).ended_at is not None


def test_an_item_that_could_not_get_its_lock_waits_for_the_next_time(
    two_items: list[int], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_arguments: object) -> None:
        raise Busy()

    [row] = look().scalars(select(OutboxRow).where(OutboxRow.kind == batches.OUTBOX_KIND))
    with monkeypatch.context() as patch:
        patch.setattr(batches, "do_item", busy)
        assert perform_outbox(row.id) is False
    assert {item.status for item in look().scalars(select(BatchItem))} == {"waiting"}
    assert perform_outbox(row.id) is True
    assert {item.status for item in look().scalars(select(BatchItem))} == {"done"}
