"""Cases: start one, complete a step, send a message, let a timer fire. Each is one act in the caller's transaction."""

import hashlib
import types
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from SpiffWorkflow.bpmn import BpmnEvent
from SpiffWorkflow.spiff.specs.event_definitions import MessageEventDefinition
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.database import table_of
from workflows.engine import bundles, expressions, form_words, persistence, repeats, saving
from workflows.engine.bundles import MessageInfo, ParsedBundle, StepInfo
from workflows.engine.environment import Addressee, Environment, Forbidden
from workflows.engine.forms import Field, Form
from workflows.engine.gate import duties
from workflows.engine.levels import CaseWorkflow, deliver
from workflows.engine.moving import changes
from workflows.engine.running import Act, advance, every_task, waiting_at
from workflows.engine.tables import Case, DueTimer, StepRecord, WorkItem
from workflows.errors import NotAuthorised, NotFound, Refusal
from workflows.journal import SYSTEM, Actor, Event


class DutiesNotSeparated(Refusal):
    """The same person did an earlier step that must be kept apart from this one."""

    code = "duties.not_separated"
    sentence = "您已办理过本案的“{other}”，“{step}”须由另一人办理。"
    remedy = "请交由担任该职务的另一人办理。"
    rule = "同一人不得既提出或预审又审批，职责须分离"
    kind = "forbidden"


class MessageNotAwaited(Refusal):
    """The case cannot take this message now."""

    code = "message.not_awaited"
    sentence = "本案目前不能办理“{what}”。"
    remedy = "请先看本案办到哪一步；到了可以提出的阶段再办理。"
    rule = "只能在流程图所定的阶段提出"


_KEEP_RECORD = insert(table_of(StepRecord)).returning(table_of(StepRecord).c.id)

_DONE_BY = (
    select(StepRecord.label)
    .where(
        StepRecord.case_id == bindparam("of_case"),
        StepRecord.step.in_(bindparam("steps", expanding=True)),
        StepRecord.person_id == bindparam("person"),
    )
    .limit(1)
)
"""What of some steps a person has done in a case; asked with the lock held, or an act beside this would be missed."""


def first_step(session: Session, process: str) -> tuple[StepInfo, Form]:
    """The user step a new case of the process begins with, and its form."""
    bundle = bundles.parsed(session, bundles.latest(session, process).id)
    catalogue, seen = bundle.drawing, set[str]()
    waiting = catalogue.starts_of(None)
    while waiting:
        node_id = waiting.pop(0)
        if node_id in bundle.steps:
            return bundle.steps[node_id], bundle.form(node_id)
        if node_id not in seen:
            seen.add(node_id)
            waiting += catalogue.starts_of(catalogue.nodes[node_id].calls or node_id)
            waiting += [flow.target for flow in catalogue.outgoing(node_id)]
    raise NotFound(what="开始步骤")


def start(
    session: Session,
    environment: Environment,
    *,
    process: str,
    unit_id: int,
    actor: Actor,
    outcome: str | None = None,
    content: Mapping[str, Any] | None = None,
) -> Case:
    """Begin a case of the newest version at a unit; with `outcome` the first step is completed in the same act.

    Raises NotAuthorised when the actor may not do the first step there, and what completing it raises.
    """
    bundle = bundles.parsed(session, bundles.latest(session, process).id)
    step, _ = first_step(session, process)
    addressee = environment.directory.addressee(session, step.lane, unit_id, {})
    check_authority(session, environment, actor, addressee)
    act, workflow = _begin(session, environment, bundle, unit_id, actor)
    case = act.case
    if outcome is not None:
        item = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id)).one()
        _complete(act, workflow, item, outcome, content or {})
    return case


def begin_for(
    session: Session,
    environment: Environment,
    *,
    process: str,
    unit_id: int,
    sender_case_id: int,
    data: Mapping[str, Any],
) -> Case:
    """Begin a case at another unit because a case asks for it: nobody of that unit has acted, so nobody began it.

    `data` joins what it begins with. Raises NotFound, and what its automatic steps refuse.
    """
    bundle = bundles.parsed(session, bundles.latest(session, process).id)
    act, _workflow = _begin(session, environment, bundle, unit_id, SYSTEM, data, asked_by=sender_case_id)
    return act.case


def _begin(
    session: Session,
    environment: Environment,
    bundle: ParsedBundle,
    unit_id: int,
    actor: Actor,
    data: Mapping[str, Any] = types.MappingProxyType({}),
    **facts: Any,
) -> tuple[Act, CaseWorkflow]:
    case = Case(
        bundle_id=bundle.bundle_id,
        process=bundle.drawing.process,
        unit_id=unit_id,
        state=b"",
        version=1,
        started_at=clock.now(),
        started_by=actor.person_id,
    )
    session.add(case)
    session.flush()
    act = Act(session, environment, case, bundle, actor)
    act.note(Event.CASE_STARTED, process=case.process, bundle_version=bundle.version, unit=unit_id, **facts)
    workflow = CaseWorkflow(bundle.spec, bundle.subprocess_specs)
    workflow.case_data = {**environment.beginning(session, case.process, unit_id), **data}
    advance(act, workflow)
    persistence.write(act, workflow)
    return act, workflow


def complete_step(
    session: Session,
    environment: Environment,
    *,
    work_item_id: int,
    actor: Actor,
    outcome: str,
    content: Mapping[str, Any],
    seen_version: int | None = None,
) -> Case:
    """Do a user step: the way of one step of docs/explanation/architecture.md §3.

    Raises NotFound, StaleVersion (somebody acted since `seen_version`, or did this very step), NotAuthorised,
    DutiesNotSeparated, InvalidData, and whatever a service step refuses; nothing has changed then.
    """
    found = persistence.lock_for(session, work_item_id)
    if found is None:
        raise _done_or_unknown(session, environment, work_item_id)
    case, item = found
    changes.check_version(session, environment, case, seen_version)
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), actor)
    check_authority(session, environment, actor, addressee_of(item))
    if refusal := kept_apart(session, act.bundle, item, actor.person_id or 0):
        raise refusal
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        if item.task not in act.kept[WorkItem.__tablename__]:
            raise _done_or_unknown(session, environment, work_item_id)
        _complete(act, workflow, item, outcome, content)
    return case


def _complete(act: Act, workflow: CaseWorkflow, item: WorkItem, outcome: str, raw: Mapping[str, Any]) -> None:
    task = next(task for task in every_task(workflow, TaskState.READY) if workflow.number_of(task) == item.task)
    data = repeats.data_for(task)
    form = form_of(act.environment, act.bundle, item.step, data)
    content = _read(act, form, outcome, raw, data)
    repeats.keep_answer(task, {**content, "outcome": outcome})
    record = _record(act, form, item.step, item.label, outcome, form.masked(content), item.id)
    act.note(Event.STEP_COMPLETED, happened_on=record.happened_on, step=item.step, **_proof(record))
    advance(act, workflow, task.run)
    repeats.keep_answer(task, {**form.masked(content), "outcome": outcome})
    persistence.write(act, workflow)


def send_message(
    session: Session,
    environment: Environment,
    *,
    case_id: int,
    message: str,
    actor: Actor,
    content: Mapping[str, Any],
    outcome: str = "submit",
    seen_version: int | None = None,
) -> Case:
    """Send a running case a message its drawing awaits, such as a withdrawal.

    Raises NotFound, StaleVersion, MessageNotAwaited, NotAuthorised, InvalidData.
    """
    case = persistence.lock(session, case_id)
    changes.check_version(session, environment, case, seen_version)
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), actor)
    workflow = persistence.load(act)
    info = act.bundle.messages.get(message)
    task = waiting_at(workflow, info.step) if info else None
    if info is None or task is None or not is_available(info, case, workflow.case_data):
        raise MessageNotAwaited(what=info.label if info else message)
    if not may_send(session, environment, case, info, workflow.case_data, actor):
        check_authority(session, environment, actor, senders(session, environment, case, info, workflow.case_data)[0])
    with persistence.discarded_on_refusal(environment, case.id):
        form = form_of(environment, act.bundle, info.step, workflow.case_data)
        read = _read(act, form, outcome, content, workflow.case_data)
        repeats.keep_answer(task, {**read, "outcome": outcome}, info.step)
        record = _record(act, form, info.step, info.label, outcome, form.masked(read), None)
        act.note(Event.MESSAGE_RECEIVED, happened_on=record.happened_on, message=message, **_proof(record))
        advance(act, workflow, lambda: deliver(task, BpmnEvent(MessageEventDefinition(info.name))))
        repeats.keep_answer(task, {**form.masked(read), "outcome": outcome}, info.step)
        persistence.write(act, workflow)
    return case


def senders(
    session: Session, environment: Environment, case: Case, info: MessageInfo, data: Mapping[str, Any]
) -> list[Addressee]:
    """Who may send the message to the case, whoever is drawn as its sender first."""
    return [environment.directory.addressee(session, lane, case.unit_id, data) for lane in info.lanes]


def may_send(
    session: Session, environment: Environment, case: Case, info: MessageInfo, data: Mapping[str, Any], actor: Actor
) -> bool:
    """Whether the actor exercises a post that may send the message."""
    found = senders(session, environment, case, info, data)
    return any(environment.directory.may_act(session, actor, addressee) for addressee in found)


def is_available(info: MessageInfo, case: Case, data: Mapping[str, Any]) -> bool:
    """Whether a person may send the message now."""
    if case.ended_at is not None:
        return False
    return info.available_when is None or expressions.holds(info.available_when, data)


def messages_awaited(case: Case, bundle: ParsedBundle) -> list[MessageInfo]:
    """The messages a person may send the case where it stands now."""
    if case.ended_at is not None:
        return []
    workflow = saving.restore(case.state, bundle)
    return [
        info
        for info in bundle.messages.values()
        if is_available(info, case, workflow.case_data) and waiting_at(workflow, info.step) is not None
    ]


def due_timers(session: Session, limit: int = 100) -> list[int]:
    """Ids of the timers whose moment has come, the oldest first; those that wait for a person are left out."""
    due = select(DueTimer.id).where(DueTimer.due_at <= clock.now(), DueTimer.held.is_(False))
    query = due.order_by(DueTimer.due_at, DueTimer.id)
    return list(session.scalars(query.limit(limit)))


def fire_timer(session: Session, environment: Environment, timer_id: int) -> bool:
    """Let a case go on whose timer is due; False when it is not due (any more). Twice has the effect of once."""
    timer = session.get(DueTimer, timer_id)
    if timer is None:
        return False
    case = persistence.lock(session, timer.case_id)
    timer = session.get(DueTimer, timer_id, populate_existing=True)
    if timer is None or timer.due_at > clock.now():
        return False
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), SYSTEM)
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        advance(act, workflow)
        persistence.write(act, workflow)
    return True


def form_of(environment: Environment, bundle: ParsedBundle, step: str, data: Mapping[str, Any]) -> Form:
    """The form of a user step or a message as this case has it: its texts say what holds by the case's rules."""
    return form_words.told(bundle.form(step), data, environment.value_in_words)


def data_of(case: Case) -> dict[str, Any]:
    """The case's working data."""
    return saving.data_in(case.state)


def _read(act: Act, form: Form, outcome: str, raw: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    session, unit_id, sources = act.session, act.case.unit_id, act.environment.choices

    def forbidden(field: Field, on: date) -> Forbidden | None:
        return act.environment.forbidden_day(act.bundle.dated_fields, data, field.day, on)

    return form.read(outcome, raw, data, lambda source: sources[source](session, unit_id), forbidden)


def _record(
    act: Act, form: Form, step: str, label: str, outcome: str, content: dict[str, Any], item_id: int | None
) -> StepRecord:
    values = {
        "case_id": act.case.id,
        "work_item_id": item_id,
        "case_version": act.case.version + 1,
        "step": step,
        "label": label,
        "outcome": outcome,
        "outcome_label": form.outcome_label(outcome),
        "content": content,
        "happened_on": form.happened_on(content),
        "recorded_at": clock.now(),
        "person_id": act.actor.person_id,
        "post_id": act.actor.post_id,
        "for_person_id": act.actor.for_person_id,
    }
    record = StepRecord(**values, id=act.session.scalars(_KEEP_RECORD, values).one())
    act.last_record = record.id
    return record


def _proof(record: StepRecord) -> dict[str, Any]:
    """What the journal keeps of a submission: its record and a digest, not the personal data itself."""
    digest = hashlib.sha256(orjson.dumps(record.content, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return {"record": record.id, "outcome": record.outcome, "content_digest": digest, "version": record.case_version}


def addressee_of(item: WorkItem) -> Addressee:
    """Who may do the work item."""
    return Addressee(item.unit_id, item.post_kind, item.person_id)


def check_authority(session: Session, environment: Environment, actor: Actor, addressee: Addressee) -> None:
    """Raises NotAuthorised, naming unit and post, unless the actor exercises the post now."""
    if not environment.directory.may_act(session, actor, addressee):
        unit, post = environment.directory.describe(session, addressee)
        raise NotAuthorised(unit=unit, post=post)


def kept_apart(session: Session, bundle: ParsedBundle, item: WorkItem, person_id: int) -> DutiesNotSeparated | None:
    """Why this person must leave the step to somebody else, whatever post he holds; None when he need not."""
    apart_from = bundle.steps[item.step].apart_from
    if not apart_from:
        return None
    case = session.get_one(Case, item.case_id)
    done = session.scalars(_DONE_BY, {"of_case": case.id, "steps": apart_from, "person": person_id}).first()
    other = done or _begun(bundle, case, apart_from, person_id)
    return None if other is None else DutiesNotSeparated(other=other, step=item.label)


def _begun(bundle: ParsedBundle, case: Case, steps: Sequence[str], person_id: int | None) -> str | None:
    """Which of the steps the person has brought by beginning the case, though another may have filled in its form."""
    if case.started_by != person_id:
        return None
    return next((bundle.steps[step].label for step in duties.first_steps(bundle.drawing) if step in steps), None)


def _done_or_unknown(session: Session, environment: Environment, work_item_id: int) -> Refusal:
    query = select(StepRecord).where(StepRecord.work_item_id == work_item_id)
    record = session.scalars(query).first()
    if record is not None:
        return changes.by_record(session, environment, record)
    return changes.taken_away(session, environment, work_item_id) or NotFound(what="待办事项")
