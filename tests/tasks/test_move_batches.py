"""A batch of moves in the worker: refused cases between others, and a worker killed in the middle of a portion."""

import os
import signal
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tasks.outbox import perform_outbox
from tests.support import drawings
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import posts
from workflows.engine import bundles, cases
from workflows.engine.moving import move_batches
from workflows.engine.moving.move_tables import CaseMove, MoveBatch, MoveBatchItem
from workflows.engine.tables import Case
from workflows.journal import SYSTEM, Actor, Event
from workflows.operations.wiring import ENVIRONMENT
from workflows.outbox import OutboxRow

Look = Callable[[], Session]


def version_with(label: str) -> bundles.BundleFiles:
    nodes = ["begin", "ask", "confirm", "done"]
    drawn = drawings.drawing(
        drawings.start(),
        drawings.user("ask", form="any"),
        drawings.user("confirm", form="any").replace('name="confirm"', f'name="{label}"'),
        drawings.end(),
        drawings.way(*nodes),
        lanes={"团支部书记": nodes},
    )
    return drawings.bundle(drawn)


@pytest.fixture
def three(founded: Cast, store: Session) -> list[int]:
    """A batch of three cases to be moved by the administrator; somebody acts on the first before it begins."""
    bundles.store(store, version_with("确认"), [], SYSTEM, "")
    [held] = posts.held_by(store, founded.saren.id)
    saren = Actor(person_id=founded.saren.id, post_id=held.post_id, unit_id=held.unit_id)
    given = {"process": "tiny", "unit_id": founded.branch.id, "actor": saren, "outcome": "submit"}
    begun = [cases.start(store, ENVIRONMENT, content={"on": "2020-06-01"}, **given) for _ in range(3)]
    target = bundles.store(store, version_with("核实"), [], SYSTEM, "")
    [keeper] = posts.held_by(store, founded.he.id)
    actor = Actor(person_id=founded.he.id, post_id=keeper.post_id, unit_id=keeper.unit_id)
    chosen = [(case.id, case.version - (case is begun[0])) for case in begun]
    move_batches.open_batch(store, target=target, chosen=chosen, actor=actor, reason="依上级通知改用新流程")
    store.commit()
    return [case.id for case in begun]


def portion(session: Session) -> int:
    return session.scalars(select(OutboxRow.id).where(OutboxRow.kind == move_batches.OUTBOX_KIND)).one()


def what_became(session: Session) -> list[tuple[str, str | None]]:
    return [(item.status, item.code) for item in session.scalars(select(MoveBatchItem).order_by(MoveBatchItem.id))]


@pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)
def test_a_portion_goes_on_after_a_case_that_is_refused(three: list[int], look: Look) -> None:
    assert perform_outbox(portion(look())) is True
    assert what_became(look()) == [("refused", "version.stale"), ("done", None), ("done", None)]
    newest = bundles.latest(look(), "tiny").id
    assert look().scalars(select(Case.bundle_id == newest).order_by(Case.id)).all() == [False, True, True]
    batch = look().scalars(select(MoveBatch)).one()
    assert batch.ended_at is not None
    events = [entry.event for entry in journal.entries_of(look(), journal.unit_chain(batch.unit_id))]
    assert (events.count(Event.MOVES_STARTED), events.count(Event.MOVES_ENDED)) == (1, 1)
    assert journal.entries_of(look(), journal.case_chain(three[0]))[-1].event == Event.ACT_REFUSED
    assert perform_outbox(portion(look())) is False


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_who_is_no_administrator_any_more_moves_nothing(
    three: list[int], founded: Cast, look: Look, store: Session
) -> None:
    [keeper] = posts.held_by(store, founded.he.id)
    store.get_one(posts.Post, keeper.post_id).until = clock.today() - timedelta(days=1)
    store.commit()
    assert perform_outbox(portion(look())) is True
    assert {code for _, code in what_became(look())} == {"move.keeper_needed"}
    assert look().scalars(select(CaseMove)).all() == []


@pytest.mark.parametrize("fresh_database", ["postgresql"], indirect=True)
def test_a_worker_killed_in_the_middle_moves_no_case_twice(
    three: list[int], engine: Engine, look: Look, store: Session
) -> None:
    row = portion(look())
    store.close()
    child = os.fork()
    if child == 0:
        _die_at_the_second_move(engine, row)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert what_became(look()) == [("refused", "version.stale"), ("done", None), ("waiting", None)]
    assert look().get_one(OutboxRow, row).done_at is None
    assert perform_outbox(row) is True
    assert what_became(look()) == [("refused", "version.stale"), ("done", None), ("done", None)]
    assert look().scalar(select(func.count()).select_from(CaseMove)) == 2
    for case in three[1:]:
        events = [entry.event for entry in journal.entries_of(look(), journal.case_chain(case))]
        assert events.count(Event.CASE_MOVED) == 1
    assert journal.verify(look()).faults == []


def _die_at_the_second_move(engine: Engine, row: int) -> None:
    """What the worker does, in a process of its own, until it is killed: its move is done and not committed."""
    engine.dispose(close=False)
    do_item, moved = move_batches.do_item, []

    def do(session: Session, environment: object, item_id: int) -> MoveBatchItem:
        item = do_item(session, ENVIRONMENT, item_id)
        moved.append(item_id)
        if len(moved) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    move_batches.do_item = do
    try:
        perform_outbox(row)
    finally:
        os._exit(1)
