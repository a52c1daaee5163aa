"""Incidents on record: opened when a case cannot go on by itself, closed when it did. What is kept names no person."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from workflows import clock, journal
from workflows.engine.job_tables import Incident, IncidentKind, IncidentStatus, Job, Resolution
from workflows.engine.tables import Case, DueTimer
from workflows.errors import NotFound, Refusal, every_refusal, filled, together
from workflows.journal import SYSTEM, Event

IMPERSONAL = frozenset(
    {"above", "count", "kind", "other", "post", "posts", "step", "sum", "type", "unit", "why", "year"}
)
"""Facts of a refusal that an incident repeats. Whoever keeps the product reads them and reads no candidates' data."""

NOT_BY_WAITING = frozenset({"invalid", "forbidden", "missing"})
"""Kinds of refusals that say the same tomorrow on the same data; `conflict`, `stale` and `busy` may pass by waiting."""


class WorkFailed(Refusal):
    """The program itself failed at the step; the technical log says where."""

    code = "job.failed"
    sentence = "后台程序出错（{type}），该步骤没有生效。"
    remedy = "请联系系统维护人员查看日志，排除原因后重试。"


class WorkerLost(Refusal):
    """The worker died, or ran out of time, at every attempt."""

    code = "job.worker_lost"
    sentence = "后台程序每次办理到该步骤都中途停止，该步骤没有生效。"
    remedy = "请联系系统维护人员，排除原因后重试。"


class CaseStuck(Refusal):
    """Nothing can move the case any more, though it has not ended."""

    code = "case.stuck"
    sentence = "本案没有等待任何人、任何期限、任何后台事项，却尚未结束。"
    remedy = "请联系流程管理员检查流程图，改正后重试。"
    rule = "流程图不得含有走不通的路"


def needs_a_person(error: Exception) -> bool:
    """Whether trying again is of no use before a person has done something."""
    return isinstance(error, Refusal) and error.kind in NOT_BY_WAITING


def open_for_job(session: Session, job: Job, error: Exception) -> Incident:
    """The job cannot go on; its case's chain keeps that. The same incident opens again after a retry that failed."""
    return _open(session, IncidentKind.JOB, job.id, job.case_id, job.step, job.label, error, job.attempts)


def open_for_timer(session: Session, timer: DueTimer, error: Exception) -> Incident:
    """What follows a timer cannot go on. `repairs.hold_timer` is the way in."""
    return _open(session, IncidentKind.TIMER, timer.id, timer.case_id, timer.step, timer.label, error, timer.attempts)


def open_for_stuck(session: Session, case: Case, step: str, label: str) -> Incident:
    """Nothing moves the case."""
    return _open(session, IncidentKind.STUCK, 0, case.id, step, label, CaseStuck(), 0)


def _open(
    session: Session,
    kind: IncidentKind,
    source_id: int,
    case_id: int,
    step: str,
    label: str,
    error: Exception,
    attempts: int,
) -> Incident:
    told = error if isinstance(error, Refusal) else WorkFailed(type=type(error).__name__)
    incident = unresolved(session, kind, source_id, case_id)
    now = clock.now()
    if incident is None:
        unit_id = session.scalars(select(Case.unit_id).where(Case.id == case_id)).one()
        incident = Incident(case_id=case_id, unit_id=unit_id, kind=kind, source_id=source_id, since=now, version=0)
        session.add(incident)
    incident.step, incident.label, incident.attempts = step, label, attempts
    incident.code, incident.sentence = told.code, told.sentence
    incident.rule, incident.article = told.rule, told.article
    incident.facts = _impersonal(told)
    incident.status = IncidentStatus.OPEN
    touch(incident)
    session.flush()
    journal.record(
        session,
        Event.INCIDENT_OPENED,
        chain=journal.case_chain(case_id),
        actor=SYSTEM,
        incident=incident.id,
        kind=kind.value,
        step=step,
        code=told.code,
        attempts=attempts,
    )
    return incident


def touch(incident: Incident) -> None:
    """The incident has changed: whoever looked at it before must look again."""
    incident.version += 1
    incident.changed_at = clock.now()


def _impersonal(refusal: Refusal) -> dict[str, Any]:
    facts: dict[str, Any] = {name: str(value) for name, value in refusal.facts.items() if name in IMPERSONAL}
    if "why" in facts:
        facts["why"] = _without_values(facts["why"])
    if refusal.fields:
        facts["fields"] = sorted(refusal.fields)
    return facts


def _without_values(why: str) -> str:
    """The expression that failed, without the value it failed on: of `expression: reason` what is before the colon."""
    expression, colon, _reason = why.partition(": ")
    if colon:
        return expression
    quoted = [position for quote in "“\"'" if (position := why.find(quote)) >= 0]
    return why[: min(quoted)] if quoted else why


def message(incident: Incident, translate: Callable[[str], str] = str) -> str:
    """What happened, as a sentence in the reader's language."""
    kinds = (kind for kind in every_refusal() if (kind.code, kind.sentence) == (incident.code, incident.sentence))
    remedy = next((kind.remedy for kind in kinds), "")
    return together(*(filled(text, incident.facts, translate) for text in (incident.sentence, remedy)))


def unresolved(session: Session, kind: IncidentKind, source_id: int, case_id: int) -> Incident | None:
    """The incident of a job, a timer or a stuck case that has not come to its end."""
    query = select(Incident).where(Incident.case_id == case_id, Incident.kind == kind, Incident.source_id == source_id)
    return session.scalars(query.where(Incident.resolved_at.is_(None))).first()


def close_of(session: Session, source: Job | DueTimer, resolution: Resolution) -> None:
    """Close what stands open about a job or timer that is over; nothing when all went well from the start."""
    kind = IncidentKind.JOB if isinstance(source, Job) else IncidentKind.TIMER
    incident = unresolved(session, kind, source.id, source.case_id)
    if incident is not None:
        close(session, incident, resolution)


def close(session: Session, incident: Incident, resolution: Resolution) -> None:
    """The incident has come to its end."""
    incident.status, incident.resolution, incident.resolved_at = IncidentStatus.RESOLVED, resolution, clock.now()
    touch(incident)
    facts: Mapping[str, Any] = {"incident": incident.id, "step": incident.step, "resolution": resolution.value}
    chain = journal.case_chain(incident.case_id)
    journal.record(session, Event.INCIDENT_RESOLVED, chain=chain, actor=SYSTEM, **facts)


def find(session: Session, incident_id: int) -> Incident:
    """One incident with its case. Raises NotFound."""
    query = select(Incident).where(Incident.id == incident_id).options(joinedload(Incident.case))
    incident = session.scalars(query.execution_options(populate_existing=True)).first()
    if incident is None:
        raise NotFound(what="异常")
    return incident


def listed(
    session: Session,
    unit_ids: Select[int] | None,
    *,
    resolved: bool = False,
    after: int | None = None,
    limit: int = 50,
) -> list[Incident]:
    """Incidents in the units' cases (None: in all), newest first; `after` is the last id of the page before."""
    query = select(Incident).where(Incident.resolved_at.is_not(None) if resolved else Incident.resolved_at.is_(None))
    if unit_ids is not None:
        query = query.where(Incident.unit_id.in_(unit_ids))
    if after is not None:
        query = query.where(Incident.id < after)
    return list(session.scalars(query.options(joinedload(Incident.case)).order_by(Incident.id.desc()).limit(limit)))


def of_cases(session: Session, case_ids: list[int]) -> list[Incident]:
    """What stands open in some cases."""
    query = select(Incident).where(Incident.case_id.in_(case_ids), Incident.resolved_at.is_(None))
    return list(session.scalars(query.order_by(Incident.id)))
