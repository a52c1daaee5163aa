"""The worker in engine tests: claims, performs and keeps failures as tasks/jobs.py does, on the office's session."""

from datetime import timedelta

from sqlalchemy import select

from tests.engine.conftest import Office
from workflows import clock
from workflows.engine import incidents, jobs
from workflows.engine.job_tables import Incident, Job


def work(office: Office, *, longest: int = 1) -> list[str]:
    """Let the worker look once, or `longest` times with the clock moved to each next try; what became of each try."""
    told: list[str] = []
    moment = clock.now()
    for _ in range(longest):
        with clock.standing_at(moment):
            told += [attempt(office, job_id) for job_id in jobs.take_due(office.session)]
            office.session.commit()
        moment += timedelta(hours=2)
    return told


def attempt(office: Office, job_id: int) -> str:
    """One delivery of one message."""
    number = jobs.claim(office.session, job_id)
    office.session.commit()
    if number is None:
        incident = jobs.give_up(office.session, job_id)
        office.session.commit()
        return "given up" if incident else "nothing to do"
    return carry(office, job_id, number)


def carry(office: Office, job_id: int, number: int) -> str:
    """What follows a claim."""
    try:
        done = jobs.perform(office.session, office.environment, job_id, number)
        office.session.commit()
        return "done" if done else "nothing to do"
    except Exception as error:  # noqa: BLE001 - the worker keeps whatever it was
        office.session.rollback()
        incident = jobs.keep_failure(office.session, job_id, number, error)
        office.session.commit()
        return "incident" if incident else "put off"


def the_job(office: Office) -> Job:
    """The one job there is."""
    return office.session.scalars(select(Job)).one()


def the_incident(office: Office) -> Incident:
    """The one incident there is."""
    return incidents.find(office.session, office.session.scalars(select(Incident.id)).one())
