"""What the worker still has to do for a case, and what could not go on by itself."""

from sqlalchemy import bindparam, select

from workflows import clock
from workflows.engine import incidents
from workflows.engine.job_tables import Incident, Job, JobStatus
from workflows.engine.reasons.on_record import OnRecord
from workflows.engine.reasons.reason import Kind, Reason

_JOBS = select(Job).where(Job.case_id == bindparam("case"), Job.status != JobStatus.FAILED).order_by(Job.id)


def trouble(known: OnRecord) -> list[Reason]:
    """The case's open incidents, then the steps that the worker has not done yet."""
    jobs = [_job(job) for job in known.session.scalars(_JOBS, {"case": known.case.id})]
    return [*(_incident(each) for each in incidents.of_cases(known.session, [known.case.id])), *jobs]


def _incident(incident: Incident) -> Reason:
    return Reason(
        kind=Kind.INCIDENT,
        step=incident.step,
        label=incident.label,
        since=incident.since,
        text=incidents.message(incident),
        code=incident.code,
        rule=incident.rule,
        article=incident.article,
    )


def _job(job: Job) -> Reason:
    return Reason(
        kind=Kind.JOB,
        step=job.step,
        label=job.label,
        since=job.created_at,
        until=job.run_at if job.run_at > clock.now() else None,
    )
