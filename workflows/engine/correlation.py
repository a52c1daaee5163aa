"""Delivers what cases send each other: after the sender's commit, in a transaction that locks the receiver alone."""

from collections.abc import Callable, Mapping
from typing import Any

from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from workflows import outbox
from workflows.engine import bundles, persistence, repeats
from workflows.engine.environment import Environment
from workflows.engine.events import Message, Signal
from workflows.engine.levels import deliver
from workflows.engine.mailbox import MESSAGE, SIGNAL, AwaitedEvent, KeptMessage, step_of
from workflows.engine.running import Act, advance, every_task
from workflows.engine.tables import Case
from workflows.journal import SYSTEM, Event

SIGNAL_TO_CASE = "signal.case"
"""One signal to one case: a case that cannot take it must not keep the others from hearing it."""


def deliver_message(session: Session, environment: Environment, name: str, key: str) -> bool:
    """Give the oldest message of this name and key to the case that waits for it.

    False when nobody waits, or when there is no such message (any more). Twice has the effect of once: message and
    awaited row go in the receiver's transaction. Raises what the receiver's automatic steps refuse.
    """
    query = select(AwaitedEvent).where(AwaitedEvent.kind == MESSAGE, AwaitedEvent.name == name, AwaitedEvent.key == key)
    awaited = session.scalars(query).first()
    if awaited is None:
        return False
    case = persistence.lock(session, awaited.case_id)
    # Whoever held the lock before may have taken the message, and gone on to wait for another one.
    awaited = session.scalars(query.execution_options(populate_existing=True)).first()
    kept = select(KeptMessage).where(KeptMessage.name == name, KeptMessage.key == key).order_by(KeptMessage.id)
    message = session.scalars(kept.with_for_update()).first()
    if awaited is None or awaited.case_id != case.id or message is None:
        return False
    payload, sender = message.payload, message.sender_case_id
    session.delete(message)
    session.flush()
    more = session.scalars(kept).first() is not None

    def take(act: Act, task: Task) -> None:
        repeats.keep_answer(task, payload, step_of(task))
        act.note(Event.MESSAGE_DELIVERED, step=step_of(task), message=name, sender=sender)
        deliver(task, BpmnEvent(Message(name)))

    _continue(session, environment, case, awaited.task, take)
    if more:
        outbox.post(session, MESSAGE, name=name, key=key)
    return True


_COME = (
    select(AwaitedEvent.name, AwaitedEvent.key)
    .join(KeptMessage, and_(KeptMessage.name == AwaitedEvent.name, KeptMessage.key == AwaitedEvent.key))
    .where(AwaitedEvent.case_id == bindparam("of_case"), AwaitedEvent.kind == MESSAGE)
    .limit(1)
)


def deliver_to(session: Session, environment: Environment, case_id: int) -> int:
    """Give a case, without the worker, every message that has come for it, one after the other; answers how many."""
    delivered = 0
    while (found := session.execute(_COME, {"of_case": case_id}).first()) is not None:
        delivered += deliver_message(session, environment, *found)
    return delivered


def spread_signal(session: Session, name: str, sender_case_id: int) -> int:
    """Ask for the signal to be given to every other case that waits for it; answers how many there are."""
    waiting = select(AwaitedEvent.case_id).where(
        AwaitedEvent.kind == SIGNAL, AwaitedEvent.name == name, AwaitedEvent.case_id != sender_case_id
    )
    cases = sorted(set(session.scalars(waiting)))
    for case_id in cases:
        outbox.post(session, SIGNAL_TO_CASE, name=name, case_id=case_id)
    return len(cases)


def deliver_signal(session: Session, environment: Environment, name: str, case_id: int) -> bool:
    """Let one case hear a signal; False when it does not wait for it (any more)."""
    case = persistence.lock(session, case_id)
    query = select(AwaitedEvent.task).where(
        AwaitedEvent.kind == SIGNAL, AwaitedEvent.name == name, AwaitedEvent.case_id == case_id
    )
    number = session.scalars(query).first()
    if number is None:
        return False

    def take(act: Act, task: Task) -> None:
        act.note(Event.SIGNAL_HEARD, step=step_of(task), signal=name)
        task.workflow.top_workflow.catch(BpmnEvent(Signal(name)))

    _continue(session, environment, case, number, take)
    return True


def _continue(
    session: Session, environment: Environment, case: Case, number: int, take: Callable[[Act, Task], None]
) -> None:
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), SYSTEM)
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        task = next(each for each in every_task(workflow, TaskState.WAITING) if workflow.number_of(each) == number)
        advance(act, workflow, lambda: take(act, task))
        persistence.write(act, workflow)


PERFORM: Mapping[str, Callable[[Session, Environment, Mapping[str, Any]], object]] = {
    MESSAGE: lambda session, environment, payload: deliver_message(session, environment, **payload),
    SIGNAL: lambda session, _environment, payload: spread_signal(session, **payload),
    SIGNAL_TO_CASE: lambda session, environment, payload: deliver_signal(session, environment, **payload),
}
"""What each kind of outbox row asks for."""
