"""Tells the administrators in time that public holidays are not known far enough ahead."""

from celery import shared_task
from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks import alarms
from tasks.database import transaction
from tasks.schedule import NIGHTLY, WATCH_CALENDAR
from workflows import clock, journal
from workflows.domain import working_days
from workflows.journal import Event, JournalEntry

TEXT = (
    "{year}年的法定节假日和调休尚未收入本系统，届时工作日暂按周末休息计算。"
    "国务院办公厅公布放假安排后，请升级本系统；升级之前已定的期限不会自动改变。"
)


@shared_task(name=WATCH_CALENDAR, **NIGHTLY)
def watch_calendar() -> int | None:
    """Tell the administrators, once a month, of the first unknown year when it is near; that year, or None."""
    year = working_days.unknown_year_near(clock.today())
    with transaction() as session:
        if year is None or _told_this_month(session):
            return None
        journal.record(session, Event.CALENDAR_UNKNOWN, chain=journal.unit_chain(None), year=year)
        alarms.tell_administrators(session, TEXT.format(year=year))
    return year


def _told_this_month(session: Session) -> bool:
    month = clock.start_of(clock.today().replace(day=1))
    query = select(JournalEntry.id).where(
        JournalEntry.event == Event.CALENDAR_UNKNOWN.value, JournalEntry.recorded_at >= month
    )
    return session.scalar(query.limit(1)) is not None
