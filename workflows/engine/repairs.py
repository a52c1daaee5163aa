"""What a person can do about an incident: try again, correct what the step reads, or skip the step with a reason.

Who may is told by `Environment.repairers`. Each act is journalled in the case's chain; a reason is kept on the incident
and, because it may speak of somebody, only as a digest in the journal.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.engine import bundles, form_words, incidents, jobs, persistence, stuck
from workflows.engine.bundles import ParsedBundle
from workflows.engine.cases import DutiesNotSeparated
from workflows.engine.drawing import Node
from workflows.engine.environment import Environment, Forbidden
from workflows.engine.forms import Field, Form
from workflows.engine.job_rows import MAY_SKIP
from workflows.engine.job_tables import Incident, IncidentKind, IncidentStatus, Job, Resolution
from workflows.engine.running import Act, advance, every_task
from workflows.engine.specs import OperationStep
from workflows.engine.tables import Case, DueTimer, StepRecord
from workflows.errors import InvalidData, NotAuthorised, NotFound, Refusal, StaleVersion, Told
from workflows.journal import Actor, Event

RETRY, CORRECT, SKIP = "retry", "correct", "skip"

LEAST_REASON, LONGEST_REASON = 5, 500
REASON_WANTED = "请说明理由，5 至 500 个字"
UPSETS = "这样更正，“{step}”的日期就不合规定：{why}。请改填其他日期，或先更正“{step}”。"


class IncidentClosed(Refusal):
    """The incident is resolved, or is being tried again at this moment."""

    code = "incident.not_open"
    sentence = "这项异常已经处理，或正在重试。"
    remedy = "请刷新后查看结果。"
    rule = "一项异常只处理一次"


class StillStuck(Refusal):
    """The retry changed nothing."""

    code = "incident.still_stuck"
    sentence = "重试后本案仍无法继续。"
    remedy = "请先由流程管理员改正流程图。"
    rule = "流程图不得含有走不通的路"


class NothingToCorrect(Refusal):
    """The step reads no such form's content."""

    code = "incident.nothing_to_correct"
    sentence = "“{step}”没有读取这一表单的内容，改动它不能解决问题。"
    remedy = "请选择列出的表单，或重试。"
    rule = "只能更正该步骤所读取的内容"


class SkipNotAllowed(Refusal):
    """The drawing does not allow to go on without the step."""

    code = "incident.skip_not_allowed"
    sentence = "流程图不允许跳过“{step}”。"
    remedy = "请更正其读取的内容，或排除原因后重试。"
    rule = "只有流程图注明可以跳过（may_skip）的服务步骤才能跳过"


def retry(
    session: Session, environment: Environment, *, incident_id: int, actor: Actor, seen_version: int | None = None
) -> Incident:
    """Try once more, at once. Raises NotFound, NotAuthorised, StaleVersion, IncidentClosed, StillStuck."""
    incident, case = _open_incident(session, environment, RETRY, incident_id, actor, seen_version)
    _set_going(session, environment, incident, case)
    _note(session, incident, actor, Event.INCIDENT_RETRIED)
    return incident


def correct(
    session: Session,
    environment: Environment,
    *,
    incident_id: int,
    actor: Actor,
    step: str,
    content: Mapping[str, Any],
    reason: str,
    seen_version: int | None = None,
) -> Incident:
    """Submit the form of an earlier step anew, with the outcome it had, and try again.

    The old record stays; the new one names it and carries the reason. Fields that are kept only masked are not asked
    for and stay as they are. Raises NotFound, NotAuthorised, StaleVersion, IncidentClosed, NothingToCorrect,
    DutiesNotSeparated, InvalidData.
    """
    incident, case = _open_incident(session, environment, CORRECT, incident_id, actor, seen_version)
    bundle = bundles.parsed(session, case.bundle_id)
    old = last_records(session, bundle, incident).get(step)
    if old is None:
        raise NothingToCorrect(step=incident.label)
    _check_reason(reason)
    _check_duties(session, bundle, case, actor, step)
    act = Act(session, environment, case, bundle, actor)
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        new = _corrected(act, old, content, reason, workflow.case_data)
        workflow.case_data[step] = {**new.content, "outcome": new.outcome}
        persistence.write(act, workflow)
    changed = sorted(
        key for key in old.content.keys() | new.content.keys() if old.content.get(key) != new.content.get(key)
    )
    _set_going(session, environment, incident, case)
    facts = {"corrected": step, "record": new.id, "instead_of": old.id, "fields": changed}
    _note(session, incident, actor, Event.INCIDENT_CORRECTED, reason, **facts)
    return incident


def skip(
    session: Session,
    environment: Environment,
    *,
    incident_id: int,
    actor: Actor,
    reason: str,
    seen_version: int | None = None,
) -> Incident:
    """Let the case go on without the step's operation, where the drawing allows it.

    Raises NotFound, NotAuthorised, StaleVersion, IncidentClosed, SkipNotAllowed, InvalidData, and whatever keeps the
    case from going on without the step's result.
    """
    incident, case = _open_incident(session, environment, SKIP, incident_id, actor, seen_version)
    if not may_skip(bundles.parsed(session, case.bundle_id), incident):
        raise SkipNotAllowed(step=incident.label)
    _check_reason(reason)
    _note(session, incident, actor, Event.INCIDENT_SKIPPED, reason)
    job = session.get_one(Job, incident.source_id, populate_existing=True)
    incidents.close(session, incident, Resolution.SKIPPED)
    jobs.carry_out(session, environment, case, job, OperationStep.SKIP)
    return incident


def hold_timer(session: Session, environment: Environment, timer_id: int, error: Exception) -> Incident | None:
    """Let a timer that cannot go on wait for a person, so that it is in nobody's way; None when it is gone."""
    timer = session.get(DueTimer, timer_id)
    if timer is None:
        return None
    case = persistence.lock(session, timer.case_id)
    timer = session.get(DueTimer, timer_id, populate_existing=True)
    if timer is None:
        return None
    _mark_held(session, environment, case, timer, held=True)
    return incidents.open_for_timer(session, timer, error)


def _mark_held(session: Session, environment: Environment, case: Case, timer: DueTimer, *, held: bool) -> None:
    """On the row, so that nobody fires it, and in the state, so that no other act on the case does."""
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), journal.SYSTEM)
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        [task] = [task for task in every_task(workflow, TaskState.WAITING) if workflow.number_of(task) == timer.task]
        task.internal_data["held"] = held
        persistence.write(act, workflow)
    timer.held = held


def may_skip(bundle: ParsedBundle, incident: Incident) -> bool:
    """Whether the drawing lets a case go on without the step."""
    node = bundle.drawing.nodes.get(incident.step)
    return incident.kind == IncidentKind.JOB and node is not None and node.properties.get(MAY_SKIP) == "true"


def last_records(session: Session, bundle: ParsedBundle, incident: Incident) -> dict[str, StepRecord]:
    """The latest record of each form that the incident's step reads, by step; these are what can be corrected."""
    node = bundle.drawing.nodes.get(incident.step)
    if node is None or incident.kind == IncidentKind.STUCK:
        return {}
    read = _names_read_by(node)
    query = select(StepRecord).where(StepRecord.case_id == incident.case_id, StepRecord.step.in_(read))
    return {record.step: record for record in session.scalars(query.order_by(StepRecord.id))}


def form_of(bundle: ParsedBundle, step: str) -> Form:
    """The form of a step as a correction shows it: without the fields that are kept only masked."""
    form = bundle.form(step)
    secret = {field.key for field in form.fields if field.secret}
    shown = [component for component in form.source["components"] if component.get("key") not in secret]
    return Form(form.id, {**form.source, "components": shown})


def may(session: Session, environment: Environment, act: str, incident: Incident, actor: Actor) -> bool:
    """Whether the actor exercises a post that may do this about the incident."""
    addressees = environment.repairers(session, act, incident.unit_id)
    return any(environment.directory.may_act(session, actor, addressee) for addressee in addressees)


def _names_read_by(node: Node) -> set[str]:
    texts = [*node.parameters.values(), node.properties.get("since") or "", node.detail or ""]
    return {name for text in texts for name in re.findall(r"(?<![\w.\"'])[A-Za-z_]\w*", text)}


def _open_incident(
    session: Session, environment: Environment, act: str, incident_id: int, actor: Actor, seen: int | None
) -> tuple[Incident, Case]:
    """The incident and its case, locked in the order in which everybody locks them: the case first."""
    incident = incidents.find(session, incident_id)
    case = persistence.lock(session, incident.case_id)
    incident = incidents.find(session, incident_id)
    if not may(session, environment, act, incident, actor):
        addressees = environment.repairers(session, act, incident.unit_id)
        if not addressees:
            raise NotFound(what="异常")
        unit, post = environment.directory.describe(session, addressees[0])
        raise NotAuthorised(unit=unit, post=post)
    if seen is not None and seen != incident.version:
        who = environment.directory.person_name(session, incident.person_id) if incident.person_id else "系统"
        when = incident.changed_at.astimezone(clock.OFFICE_ZONE).strftime("%m-%d %H:%M")
        raise StaleVersion(who=who, when=when, what="更新了这项异常")
    if incident.status != IncidentStatus.OPEN:
        raise IncidentClosed()
    return incident, case


def _set_going(session: Session, environment: Environment, incident: Incident, case: Case) -> None:
    incident.status = IncidentStatus.RETRYING
    if incident.kind == IncidentKind.JOB:
        jobs.try_again(session, session.get_one(Job, incident.source_id, populate_existing=True))
    elif incident.kind == IncidentKind.TIMER:
        timer = session.get_one(DueTimer, incident.source_id, populate_existing=True)
        _mark_held(session, environment, case, timer, held=False)
        timer.due_at = clock.now()
    else:
        _move(session, environment, incident, case)


def _move(session: Session, environment: Environment, incident: Incident, case: Case) -> None:
    act = Act(session, environment, case, bundles.parsed(session, case.bundle_id), journal.SYSTEM)
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        advance(act, workflow)
        persistence.write(act, workflow)
        if stuck.is_stuck(session, case, act.bundle):
            raise StillStuck()
    incidents.close(session, incident, Resolution.WENT_ON)


def _corrected(act: Act, old: StepRecord, raw: Mapping[str, Any], reason: str, data: Mapping[str, Any]) -> StepRecord:
    form, shown = act.bundle.form(old.step), form_of(act.bundle, old.step)
    sources, unit_id, dated = act.environment.choices, act.case.unit_id, act.bundle.dated_fields

    def forbidden(field: Field, on: date) -> Forbidden | None:
        return act.environment.forbidden_day(dated, data, field.day, on)

    shown = form_words.told(shown, data, act.environment.value_in_words)
    read = shown.read(old.outcome, raw, data, lambda source: sources[source](act.session, unit_id), forbidden)
    _check_later_days(act, old, read, data)
    masked = {field.key for field in form.fields if field.secret}
    kept = {key: value for key, value in old.content.items() if key in masked}
    record = StepRecord(
        case_id=act.case.id,
        work_item_id=None,
        case_version=act.case.version + 1,
        step=old.step,
        label=old.label,
        outcome=old.outcome,
        outcome_label=old.outcome_label,
        content={**read, **kept},
        happened_on=shown.happened_on(read),
        recorded_at=clock.now(),
        person_id=act.actor.person_id,
        post_id=act.actor.post_id,
        for_person_id=act.actor.for_person_id,
        corrects_id=old.id,
        reason=reason.strip(),
    )
    act.session.add(record)
    act.session.flush()
    act.last_record = record.id
    return record


def _check_later_days(act: Act, old: StepRecord, read: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """A corrected date must not make unlawful what was done after it."""
    after = {**data, old.step: {**read, "outcome": old.outcome}}
    for field, why in act.environment.upset_by(act.bundle.dated_fields, data, after).items():
        label = act.bundle.drawing.nodes[field.step].name or field.step
        dates = (one.key for one in act.bundle.form(old.step).fields if one.kind == "date" and one.key in read)
        key = next((key for key in dates if read[key] != old.content.get(key)), "reason")
        raise InvalidData(fields={key: Told(UPSETS, step=label, why=why.text)}, behind={key: (why.rule, why.article)})


def _check_duties(session: Session, bundle: ParsedBundle, case: Case, actor: Actor, step: str) -> None:
    """Who corrects a step has, for the rest of the case, done it: the same steps must be kept apart."""
    own = bundle.steps[step].apart_from if step in bundle.steps else ()
    others = {other.id for other in bundle.steps.values() if step in other.apart_from} | set(own)
    query = select(StepRecord.label).where(
        StepRecord.case_id == case.id, StepRecord.step.in_(others), StepRecord.person_id == actor.person_id
    )
    done = session.scalars(query).first()
    if done is not None:
        raise DutiesNotSeparated(other=done, step=bundle.drawing.nodes[step].name or step)


def _check_reason(reason: str) -> None:
    if not LEAST_REASON <= len(reason.strip()) <= LONGEST_REASON:
        raise InvalidData(fields={"reason": REASON_WANTED})


def _note(
    session: Session, incident: Incident, actor: Actor, event: Event, reason: str | None = None, **facts: Any
) -> None:
    incident.person_id, incident.for_person_id = actor.person_id, actor.for_person_id
    if reason is not None:
        incident.reason = reason.strip()
        facts["reason_digest"] = hashlib.sha256(reason.strip().encode()).hexdigest()
    incidents.touch(incident)
    session.flush()
    chain = journal.case_chain(incident.case_id)
    journal.record(session, event, chain=chain, actor=actor, incident=incident.id, step=incident.step, **facts)
