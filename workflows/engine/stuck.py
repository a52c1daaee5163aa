"""Finds the cases that nothing can move any more, and closes incidents whose cause went away by itself."""

from collections.abc import Sequence

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, undefer

from workflows.engine import bundles, incidents, persistence, running, saving
from workflows.engine.bundles import ParsedBundle
from workflows.engine.job_tables import Incident, IncidentKind, Job, Resolution
from workflows.engine.tables import Case, DueTimer, WorkItem

_OVERTAKEN = Resolution.OVERTAKEN
"""Who performs a job or fires a timer closes its incident in the same transaction; else the case went another way."""

_SOURCES: dict[str, type[Job] | type[DueTimer]] = {IncidentKind.JOB: Job, IncidentKind.TIMER: DueTimer}


def suspects(session: Session, limit: int = 100) -> list[int]:
    """Running cases for which no person, timer or job waits and that are not known as stuck; it only reads."""
    known = exists().where(
        Incident.case_id == Case.id, Incident.kind == IncidentKind.STUCK, Incident.resolved_at.is_(None)
    )
    query = select(Case.id).where(Case.ended_at.is_(None), ~known, *_nothing_waits())
    # Many may rightly wait for a message between cases; drawn by lot, they cannot hide the others for ever.
    return list(session.scalars(query.order_by(func.random()).limit(limit)))


def find(session: Session, among: Sequence[int]) -> list[Incident]:
    """Open an incident for each of these cases that nothing can move."""
    found = []
    for case_id in among:
        case = persistence.lock(session, case_id)
        bundle = bundles.parsed(session, case.bundle_id)
        if incidents.unresolved(session, IncidentKind.STUCK, 0, case_id) is None and is_stuck(session, case, bundle):
            step, label = _where(case, bundle)
            found.append(incidents.open_for_stuck(session, case, step, label))
    return found


def is_stuck(session: Session, case: Case, bundle: ParsedBundle) -> bool:
    """Whether the case runs but no person, timer, job or message of its present step can move it.

    A message that an event sub-process takes at any time, such as a withdrawal, is no way on.
    """
    waits = select(Case.id).where(Case.id == case.id, *_nothing_waits())
    if case.ended_at is not None or session.scalars(waits).first() is None:
        return False
    awaited = running.elements_in(saving.restore(case.state, bundle), bundle, TaskState.WAITING)
    return not any(bundle.drawing.nodes[name].event and not _any_time(name, bundle) for name in awaited)


def settle(session: Session) -> int:
    """Close the incidents of jobs and timers that are gone and of cases that move again; how many."""
    query = select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id)
    over = [incident for incident in session.scalars(query) if _is_over(session, incident)]
    for incident in over:
        incidents.close(session, incident, Resolution.WENT_ON if incident.kind == IncidentKind.STUCK else _OVERTAKEN)
    return len(over)


def _is_over(session: Session, incident: Incident) -> bool:
    if incident.kind != IncidentKind.STUCK:
        return session.get(_SOURCES[incident.kind], incident.source_id) is None
    case = session.get_one(Case, incident.case_id, options=[undefer(Case.state)])
    return not is_stuck(session, case, bundles.parsed(session, case.bundle_id))


def _nothing_waits() -> list[ColumnElement[bool]]:
    return [~exists().where(table.case_id == Case.id) for table in (WorkItem, DueTimer, Job)]


def _any_time(name: str, bundle: ParsedBundle) -> bool:
    return bundle.drawing.nodes[name].kind == "startEvent"


def _where(case: Case, bundle: ParsedBundle) -> tuple[str, str]:
    """The element at which a stuck case stands."""
    workflow = saving.restore(case.state, bundle)
    names = [
        name
        for name in sorted(running.elements_in(workflow, bundle, running.ACTIVE))
        if not _any_time(name, bundle) and not bundle.drawing.nodes[name].event_subprocess
    ]
    node = bundle.drawing.nodes[names[0]] if names else None
    return (node.id, node.name or node.id) if node else ("", bundle.drawing.name)
