"""Many cases moved to one version: performed one by one by the worker, each in a transaction of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from workflows import clock, journal, outbox
from workflows.engine.environment import Environment
from workflows.engine.moving import moves
from workflows.engine.moving.move_tables import MoveBatch, MoveBatchItem
from workflows.engine.moving.refusals import MoveMixed
from workflows.engine.tables import Bundle, Case
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

OUTBOX_KIND = "move.portion"

LARGEST_BATCH = 1_000

PORTION = 20
"""Cases one worker takes at a time, as in a batch of decisions."""


def open_batch(
    session: Session,
    *,
    target: Bundle,
    chosen: Sequence[tuple[int, int]],
    actor: Actor,
    reason: str,
    names: Mapping[str, str] | None = None,
    place: bool = False,
) -> MoveBatch:
    """Keep that `chosen` cases (id and the version the administrator saw) are to be moved to `target` by the worker.

    Raises MoveMixed, InvalidData (no reason), NotFound.
    """
    versions = dict(chosen)
    if not versions or len(versions) > LARGEST_BATCH:
        raise MoveMixed(why="为空" if not versions else f"超过 {LARGEST_BATCH} 件")
    if not moves.LEAST_REASON <= len(reason.strip()) <= moves.LONGEST_REASON:
        raise InvalidData(fields={"reason": moves.REASON_WANTED})
    found = list(session.scalars(select(Case).where(Case.id.in_(versions)).order_by(Case.id)))
    if len(found) != len(versions):
        raise NotFound(what="案件")
    if {case.process for case in found} != {target.process}:
        raise MoveMixed(why="不是同一流程")
    batch = MoveBatch(
        process=target.process,
        to_bundle_id=target.id,
        names=dict(names or {}),
        place=place,
        reason=reason.strip(),
        person_id=actor.person_id,
        post_id=actor.post_id,
        for_person_id=actor.for_person_id,
        unit_id=actor.unit_id,
        total=len(found),
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    made = [
        MoveBatchItem(batch_id=batch.id, case_id=case.id, seen_version=versions[case.id], status="waiting")
        for case in found
    ]
    session.add_all(made)
    session.flush()
    ids = [item.id for item in made]
    for start in range(0, len(ids), PORTION):
        outbox.post(session, OUTBOX_KIND, batch=batch.id, items=ids[start : start + PORTION])
    facts: dict[str, Any] = {"batch": batch.id, "process": batch.process, "to_version": target.version}
    chain = journal.unit_chain(actor.unit_id)
    journal.record(session, Event.MOVES_STARTED, chain=chain, actor=actor, cases=len(ids), **facts)
    return batch


def do_item(session: Session, environment: Environment, item_id: int) -> MoveBatchItem:
    """Move one case; twice has the effect of once.

    Raises what `moves.move` raises: the caller undoes the transaction and keeps the refusal by `refuse_item`.
    """
    item, batch = session.execute(_ITEM, {"item": item_id}).one()
    if item.status == "waiting":
        made = moves.move(
            session,
            environment,
            case_id=item.case_id,
            target=session.get_one(Bundle, batch.to_bundle_id),
            actor=_actor(batch),
            reason=batch.reason,
            names=batch.names,
            place=batch.place,
            seen_version=item.seen_version,
        )
        item.status, item.move_id, item.ended_at = "done", made.id, clock.now()
    return item


def refuse_item(session: Session, item_id: int, refusal: Refusal) -> MoveBatchItem:
    """Keep on an item why its case was not moved, unless it has been decided meanwhile."""
    item, batch = session.execute(_ITEM, {"item": item_id}).one()
    if item.status == "waiting":
        item.status, item.code, item.ended_at = "refused", refusal.code, clock.now()
        item.message = "；".join([refusal.message(), *refusal.fields.values()])
        facts: dict[str, Any] = {"code": refusal.code, "rule": refusal.rule, "article": refusal.article}
        chain = journal.case_chain(item.case_id)
        journal.record(session, Event.ACT_REFUSED, chain=chain, actor=_actor(batch), moves=batch.id, **facts)
    return item


_ITEM = (
    select(MoveBatchItem, MoveBatch)
    .join(MoveBatch, MoveBatch.id == MoveBatchItem.batch_id)
    .where(MoveBatchItem.id == bindparam("item"))
    .with_for_update(of=MoveBatchItem)
    .execution_options(populate_existing=True)
)


def end_when_done(session: Session, batch_id: int) -> MoveBatch:
    """End the batch when none of its cases waits any more; ask in a transaction after that of the last one."""
    batch = session.get_one(MoveBatch, batch_id, with_for_update=True, populate_existing=True)
    waiting = select(func.count()).where(MoveBatchItem.batch_id == batch.id, MoveBatchItem.status == "waiting")
    if session.scalar(waiting) == 0 and batch.ended_at is None:
        batch.ended_at = clock.now()
        chain, actor = journal.unit_chain(batch.unit_id), _actor(batch)
        journal.record(session, Event.MOVES_ENDED, chain=chain, actor=actor, batch=batch.id)
    return batch


def progress_of(session: Session, batch_id: int) -> MoveBatch:
    """A batch with all its items. Raises NotFound."""
    query = select(MoveBatch).where(MoveBatch.id == batch_id).options(joinedload(MoveBatch.items))
    batch = session.scalars(query).unique().first()
    if batch is None:
        raise NotFound(what="批量移动")
    return batch


def _actor(batch: MoveBatch) -> Actor:
    return Actor(batch.person_id, batch.post_id, batch.for_person_id, batch.unit_id)
