"""The Celery application: `celery -A tasks.app worker`, with `-B` or a beat beside it for the schedule."""

from typing import Any

from celery import Celery

from tasks import settings
from tasks.schedule import SCHEDULE

VISIBLE_AGAIN_AFTER = 60
"""Seconds after which Redis gives a message to another worker when the first one died with it."""

SEARCH_ENDS_AFTER = 10
"""Seconds after which a worker that died while it looked for such messages no longer keeps the others from looking."""

LONGEST_JOB = 45
"""Seconds; below the line above, or a slow job would be running twice."""

JOBS = (
    "tasks.relay",
    "tasks.outbox",
    "tasks.jobs",
    "tasks.timers",
    "tasks.reconciliation",
    "tasks.seals",
    "tasks.keys",
    "tasks.calendar_watch",
    "tasks.postings",
    "tasks.recommendations",
    "tasks.forecasts",
    "tasks.recognitions",
)


def transport_options(broker_url: str) -> dict[str, Any]:
    """For Redis, where workers look for a dead worker's messages, every 2 s here; other brokers know by themselves."""
    if not broker_url.startswith(("redis", "valkey")):
        return {}
    return {
        "visibility_timeout": VISIBLE_AGAIN_AFTER,
        "unacked_restore_interval": 2,
        "unacked_restore_throttle": 1,
        "unacked_mutex_expire": SEARCH_ENDS_AFTER,
    }


def new_app(broker_url: str) -> Celery:
    """The application for one broker."""
    made = Celery("tasks", broker=broker_url, include=JOBS)
    made.conf.update(
        broker_transport_options=transport_options(broker_url),
        broker_connection_retry_on_startup=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_time_limit=LONGEST_JOB,
        task_soft_time_limit=LONGEST_JOB - 5,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_send_task_events=False,
        enable_utc=True,
        timezone="Asia/Shanghai",
        beat_schedule=SCHEDULE,
        # Nothing to remember between runs, so no file beside the program: what is due stands in the database.
        beat_scheduler="celery.beat:Scheduler",
        beat_max_loop_interval=1,
    )
    return made


app = new_app(settings.broker_url())
