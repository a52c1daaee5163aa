"""One decision for several work items of the same step: performed one by one, each in a transaction of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, joinedload

from workflows import clock, journal, outbox
from workflows.engine import bundles, cases
from workflows.engine.environment import Choice, Environment
from workflows.engine.tables import Batch, BatchItem, Case, WorkItem
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.journal import Actor, Event

OUTBOX_KIND = "batch.portion"

LARGEST_BATCH = 1_000

PORTION = 20
"""Items one worker takes at a time: few enough for a second worker to share the rest, enough to make a message pay."""


class BatchMixed(Refusal):
    """The chosen work items cannot be decided together."""

    code = "batch.mixed"
    sentence = "所选事项{why}。"
    remedy = "请重新选择。"
    rule = "一次批量办理只能是同一步骤"
    kind = "invalid"


def open_batch(
    session: Session,
    environment: Environment,
    *,
    chosen: Sequence[tuple[int, int]],
    actor: Actor,
    outcome: str,
    content: Mapping[str, Any],
    own: Mapping[int, Mapping[str, Any]] | None = None,
) -> Batch:
    """Keep one decision for `chosen` (work item id and the case version its reader saw), to be performed by the worker.

    `own` holds, by work item id, what differs from item to item: fields that the form marks `each`. The form is read
    here, so that a wrong field is refused before anything is queued. Raises BatchMixed, NotFound, NotAuthorised, and
    InvalidData, which names a field of one item as `<key>-<work item id>`.
    """
    versions, own = dict(chosen), own or {}
    items = _chosen_together(session, versions)
    for item in items:
        cases.check_authority(session, environment, actor, cases.addressee_of(item))
    _read_all(session, environment, items, outcome, content, own)
    batch = Batch(
        step=items[0].step,
        label=items[0].label,
        outcome=outcome,
        content=dict(content),
        person_id=actor.person_id,
        post_id=actor.post_id,
        for_person_id=actor.for_person_id,
        unit_id=actor.unit_id,
        total=len(items),
        created_at=clock.now(),
    )
    session.add(batch)
    session.flush()
    made = [_batch_item(batch.id, item, versions[item.id], own.get(item.id, {})) for item in items]
    session.add_all(made)
    session.flush()
    for portion in _portions([batch_item.id for batch_item in made]):
        outbox.post(session, OUTBOX_KIND, batch=batch.id, items=portion)
    facts: dict[str, Any] = {"batch": batch.id, "step": batch.step, "outcome": outcome, "items": len(items)}
    journal.record(session, Event.BATCH_STARTED, chain=journal.unit_chain(actor.unit_id), actor=actor, **facts)
    return batch


def _chosen_together(session: Session, versions: Mapping[int, int]) -> list[WorkItem]:
    if not versions or len(versions) > LARGEST_BATCH:
        raise BatchMixed(why="为空" if not versions else f"超过 {LARGEST_BATCH} 项")
    query = select(WorkItem).where(WorkItem.id.in_(versions)).options(joinedload(WorkItem.case)).order_by(WorkItem.id)
    items = list(session.scalars(query))
    if len(items) != len(versions):
        raise NotFound(what="待办事项（其中有的已由他人办理）")
    if len({(item.step, item.case.process) for item in items}) != 1:
        raise BatchMixed(why="不是同一步骤")
    return items


def _batch_item(batch_id: int, item: WorkItem, seen_version: int, own: Mapping[str, Any]) -> BatchItem:
    return BatchItem(
        batch_id=batch_id,
        work_item_id=item.id,
        case_id=item.case_id,
        title=item.case.title,
        seen_version=seen_version,
        content=dict(own),
        status="waiting",
    )


def _portions(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + PORTION] for start in range(0, len(ids), PORTION)]


def _read_all(
    session: Session,
    environment: Environment,
    items: Sequence[WorkItem],
    outcome: str,
    content: Mapping[str, Any],
    own: Mapping[int, Mapping[str, Any]],
) -> None:
    """Read the form for the first item, and for each that has something of its own."""
    faults: dict[str, str] = {}
    for item in [each for each in items if each.id in own] or items[:1]:
        case = session.get_one(Case, item.case_id)
        data, choices = cases.data_of(case), _choices(session, environment, case.unit_id)
        form = cases.form_of(environment, bundles.parsed(session, case.bundle_id), item.step, data)
        apart = {field.key for field in form.fields if field.each}
        faults |= {f"{key}-{item.id}": "这一栏须对所有人一致" for key in own.get(item.id, {}).keys() - apart}
        try:
            form.read(outcome, {**content, **own.get(item.id, {})}, data, choices)
        except InvalidData as refusal:
            alone = apart if item.id in own else set()
            faults |= {f"{key}-{item.id}" if key in alone else key: text for key, text in refusal.fields.items()}
    if faults:
        raise InvalidData(fields=faults)


def _choices(session: Session, environment: Environment, unit_id: int) -> Callable[[str], Sequence[Choice]]:
    return lambda source: environment.choices[source](session, unit_id)


def perform_item(session: Session, environment: Environment, batch_item_id: int) -> BatchItem:
    """Perform the decision on one item among other things of a transaction; its result or refusal is kept on it.

    Twice has the effect of once.
    """
    try:
        with session.begin_nested():
            return do_item(session, environment, batch_item_id)
    except Refusal as refusal:
        return refuse_item(session, batch_item_id, refusal)


def do_item(session: Session, environment: Environment, batch_item_id: int) -> BatchItem:
    """Perform the decision on one item; twice has the effect of once.

    Raises what complete_step raises: the caller undoes the transaction and keeps the refusal by `refuse_item`.
    """
    item, batch = session.execute(_ITEM, {"item": batch_item_id}).one()
    if item.status == "waiting":
        cases.complete_step(
            session,
            environment,
            work_item_id=item.work_item_id,
            actor=_actor(batch),
            outcome=batch.outcome,
            content={**batch.content, **item.content},
            seen_version=item.seen_version,
        )
        item.status, item.ended_at = "done", clock.now()
    return item


def refuse_item(session: Session, batch_item_id: int, refusal: Refusal) -> BatchItem:
    """Keep on an item why it was refused, unless it has been decided meanwhile."""
    item, batch = session.execute(_ITEM, {"item": batch_item_id}).one()
    if item.status == "waiting":
        item.status, item.code, item.ended_at = "refused", refusal.code, clock.now()
        item.message = "；".join([refusal.message(), *refusal.fields.values()])
        journal.record(
            session,
            Event.ACT_REFUSED,
            chain=journal.case_chain(item.case_id),
            actor=_actor(batch),
            step=batch.step,
            code=refusal.code,
            rule=refusal.rule,
            article=refusal.article,
            batch=batch.id,
        )
    return item


_ITEM = (
    select(BatchItem, Batch)
    .join(Batch, Batch.id == BatchItem.batch_id)
    .where(BatchItem.id == bindparam("item"))
    .with_for_update(of=BatchItem)
    .execution_options(populate_existing=True)
)


def end_when_done(session: Session, batch_id: int) -> Batch:
    """End the batch when none of its items waits any more; ask in a transaction after that of the last item."""
    # Two workers with the last two portions would each see the other's items waiting, and the batch would never end.
    batch = session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)
    waiting = select(func.count()).where(BatchItem.batch_id == batch.id, BatchItem.status == "waiting")
    if session.scalar(waiting) == 0 and batch.ended_at is None:
        batch.ended_at = clock.now()
        chain, actor = journal.unit_chain(batch.unit_id), _actor(batch)
        journal.record(session, Event.BATCH_ENDED, chain=chain, actor=actor, batch=batch.id)
    return batch


def _actor(batch: Batch) -> Actor:
    return Actor(batch.person_id, batch.post_id, batch.for_person_id, batch.unit_id)


def progress_of(session: Session, batch_id: int) -> Batch:
    """A batch with all its items. Raises NotFound."""
    batch = session.scalars(select(Batch).where(Batch.id == batch_id).options(joinedload(Batch.items))).unique().first()
    if batch is None:
        raise NotFound(what="批量办理")
    return batch
