"""The last items of a batch, performed by two workers at the same time."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks.database import transaction
from tests.support import drawings
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import posts
from workflows.engine import batches, bundles, cases
from workflows.engine.tables import Batch, BatchItem, WorkItem
from workflows.journal import SYSTEM, Actor, Event
from workflows.operations.wiring import ENVIRONMENT

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
