"""Messages and signals between cases: what each case waits for, as rows, and messages that nobody has taken yet."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import ForeignKey, Index, Select, String, UniqueConstraint, delete, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock, outbox
from workflows.database import Base, BigId, Json
from workflows.engine.events import Catch, Message, Receive, Signal
from workflows.engine.tables import Case
from workflows.errors import Refusal
from workflows.journal import Event

if TYPE_CHECKING:
    from workflows.engine.levels import CaseWorkflow
    from workflows.engine.running import Act

MESSAGE, SIGNAL = "message", "signal"
"""What is awaited, and the kinds of outbox rows that carry it."""

KEY = "key"
"""Where a waiting task keeps the values by which its message will find it."""

LONGEST_KEY = 200
LARGEST_PAYLOAD = 20_000
"""Characters of JSON one case may send another; a form has a few hundred."""

LONG_UNCLAIMED = timedelta(days=1)
"""A message usually finds its case within seconds; after a day a person should know that it did not."""

_ONE_RECEIVER = text("kind = 'message'")


class AwaitedEvent(Base):
    """One message or signal from other cases that a task of a case waits for."""

    __tablename__ = "awaited_event"
    __table_args__ = (
        UniqueConstraint("case_id", "task"),
        Index("ix_awaited_event_name", "kind", "name", "key"),
        # A message has one receiver or none: a second case that waits for the same one is refused.
        Index(
            "uq_awaited_message",
            "name",
            "key",
            unique=True,
            sqlite_where=_ONE_RECEIVER,
            postgresql_where=_ONE_RECEIVER,
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    task: Mapped[int]
    """The step's place in the saved state."""
    step: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    """The correlation values of a message as JSON; empty for a signal."""
    since: Mapped[datetime]


class KeptMessage(Base):
    """A message that no case has taken yet; it is deleted in the transaction in which a case takes it."""

    __tablename__ = "kept_message"
    __table_args__ = (Index("ix_kept_message_name", "name", "key", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    sender_case_id: Mapped[int] = mapped_column(BigId, ForeignKey("process_case.id"))
    sent_at: Mapped[datetime]


@dataclass(frozen=True)
class Unclaimed:
    """A message without a receiver, as people may read of it: what is in it stays with the cases."""

    name: str
    sent_at: datetime
    case_id: int
    unit_id: int


class MessageAwaitedTwice(Refusal):
    """Another case waits for the same message with the same correlation values."""

    code = "message.awaited_twice"
    sentence = "另一案件（{case}）已在等待同一消息“{message}”，本步骤现在不能进行；请先办结该案，或核对关联内容。"
    rule = "一条消息只能有一个接收案件"


class MessageUnaddressed(Refusal):
    """The values by which a message finds its case are missing or too long."""

    code = "message.unaddressed"
    sentence = "消息“{message}”的关联内容“{property}”{why}，无法确定对应的案件。"
    rule = "案件之间的消息须有关联内容"


class PayloadTooLarge(Refusal):
    """A case may not send another one that much."""

    code = "message.too_large"
    sentence = "消息“{message}”的内容过大，无法发送。"
    rule = "案件之间只传递必要的内容"


def waits(task: Task) -> bool:
    """Whether the task waits for something that another case may send."""
    definition = getattr(task.task_spec, "event_definition", None)
    if task.state != TaskState.WAITING or not isinstance(definition, Message | Signal):
        return False
    return isinstance(definition, Signal) or KEY in task.internal_data


def work_out_keys(waiting: Iterable[Task]) -> None:
    """Find the values by which messages will find the waiting tasks, once for each task.

    A token that waits for a message and for nothing else needs them at once; what lies in wait beside a running step
    may get them later. Raises MessageUnaddressed.
    """
    for task in waiting:
        definition = task.task_spec.event_definition
        if isinstance(definition, Message) and definition.correlation and KEY not in task.internal_data:
            try:
                task.internal_data[KEY] = _key(task, definition)
            except MessageUnaddressed:
                if isinstance(task.task_spec, Catch | Receive):
                    raise


def step_of(task: Task) -> str:
    """The element that awaits; for an event sub-process its start event, which has the form and takes the answer."""
    return str(getattr(task.task_spec, "trigger_id", None) or task.task_spec.bpmn_id)


def row(act: "Act", _workflow: "CaseWorkflow", task: Task) -> dict[str, Any]:
    """The row of such a task, apart from case and number. Raises MessageAwaitedTwice."""
    definition, key = task.task_spec.event_definition, task.internal_data.get(KEY, "")
    kind = SIGNAL if isinstance(definition, Signal) else MESSAGE
    if kind == MESSAGE:
        _refuse_second_receiver(act, definition.name, key)
        # After the commit, so that a message whose sender commits at the same moment is not overlooked by both.
        outbox.post(act.session, MESSAGE, name=definition.name, key=key)
    return {"step": step_of(task), "kind": kind, "name": definition.name, "key": key, "since": clock.now()}


def _refuse_second_receiver(act: "Act", name: str, key: str) -> None:
    if act.session.get_bind().dialect.name == "postgresql":
        # Two acts may look at the same moment; the second waits here, and is not stopped by the index without a word.
        act.session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"{MESSAGE} {name} {key}"))))
    query = select(AwaitedEvent.case_id).where(AwaitedEvent.kind == MESSAGE, AwaitedEvent.name == name)
    other = act.session.scalars(query.where(AwaitedEvent.key == key)).first()
    if other is not None:
        raise MessageAwaitedTwice(case=other, message=name)


def send(act: "Act", task: Task, definition: Message, payload: Any) -> None:
    """Keep a message for the case it is for; it is delivered after the commit, or when that case asks for it."""
    leave(act.session, definition.name, _key(task, definition), payload, sender_case_id=act.case.id)
    act.note(Event.MESSAGE_SENT, step=task.task_spec.bpmn_id, message=definition.name)


def leave(session: Session, name: str, key: str, payload: Any, *, sender_case_id: int) -> None:
    """Leave a message, in the name of a case, for whoever waits for it now or later. Raises PayloadTooLarge."""
    if len(orjson.dumps(payload)) > LARGEST_PAYLOAD:
        raise PayloadTooLarge(message=name)
    session.add(
        KeptMessage(
            name=name,
            key=key,
            payload=payload if isinstance(payload, dict) else {"value": payload},
            sender_case_id=sender_case_id,
            sent_at=clock.now(),
        )
    )
    outbox.post(session, MESSAGE, name=name, key=key)


def key_of(values: Mapping[str, Any]) -> str:
    """Correlation values in the one spelling by which messages find their case."""
    return orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS).decode()


def is_awaited(session: Session, name: str, key: str) -> bool:
    """Whether a case waits for this message now."""
    query = select(AwaitedEvent.id).where(AwaitedEvent.kind == MESSAGE, AwaitedEvent.name == name)
    return session.scalars(query.where(AwaitedEvent.key == key)).first() is not None


def forget(session: Session, name: str, key: str) -> None:
    """Throw messages away that nobody will ask for any more."""
    session.execute(delete(KeptMessage).where(KeptMessage.name == name, KeptMessage.key == key))


def broadcast(act: "Act", task: Task, definition: Signal) -> None:
    """Let all other cases hear a signal after the commit."""
    outbox.post(act.session, SIGNAL, name=definition.name, sender_case_id=act.case.id)
    act.note(Event.SIGNAL_SENT, step=task.task_spec.bpmn_id, signal=definition.name)


def unclaimed(session: Session, unit_ids: Select[int] | None, *, limit: int) -> list[Unclaimed]:
    """Messages of the units' cases (None: of all) that nobody has taken for a day, the oldest first."""
    query = select(KeptMessage.name, KeptMessage.sent_at, Case.id, Case.unit_id).join(Case)
    query = query.where(KeptMessage.sent_at <= clock.now() - LONG_UNCLAIMED)
    if unit_ids is not None:
        query = query.where(Case.unit_id.in_(unit_ids))
    return [Unclaimed(*found) for found in session.execute(query.order_by(KeptMessage.id).limit(limit))]


def _key(task: Task, definition: Message) -> str:
    values = {name: task.workflow.script_engine.evaluate(task, text) for name, text in definition.correlation or ()}
    for name, value in values.items():
        if value is None or value == "":
            raise MessageUnaddressed(message=definition.name, property=name, why="还没有填写")
    key = key_of(values)
    if len(key) > LONGEST_KEY:
        raise MessageUnaddressed(message=definition.name, property=next(iter(values)), why="过长")
    return key
