"""What the beat asks for, and when. Nights are nights at the office (Asia/Shanghai)."""

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

RELAY = "tasks.relay"
PERFORM = "tasks.perform_outbox"
SEND_JOBS = "tasks.send_due_jobs"
PERFORM_JOB = "tasks.perform_job"
FIND_STUCK = "tasks.find_stuck_cases"
FIRE_TIMERS = "tasks.fire_due_timers"
RECONCILE = "tasks.reconcile_quotas"
SEAL = "tasks.seal_journal"
FORGET_KEYS = "tasks.forget_idempotency_keys"
WATCH_CALENDAR = "tasks.watch_calendar"
TAKE_DOWN_POSTINGS = "tasks.take_down_postings"
FORECAST_RATIOS = "tasks.forecast_ratios"
RENEW_RECOGNITIONS = "tasks.renew_recognitions"
WATCH_RECOMMENDATIONS = "tasks.watch_recommendations"

NIGHTLY = {"acks_late": False, "time_limit": 3600, "soft_time_limit": 3500}
"""A nightly job may take long; taken off the queue when it begins, it is never given to a second worker."""

SCHEDULE: dict[str, dict[str, Any]] = {
    # Messages of a worker that was away are worthless when it is back: the next tick does the same.
    "sweep": {"task": RELAY, "schedule": timedelta(seconds=2), "options": {"expires": 10}},
    "jobs": {"task": SEND_JOBS, "schedule": timedelta(seconds=2), "options": {"expires": 10}},
    "stuck": {"task": FIND_STUCK, "schedule": timedelta(minutes=1), "options": {"expires": 60}},
    "timers": {"task": FIRE_TIMERS, "schedule": timedelta(seconds=5), "options": {"expires": 20}},
    "reconciliation": {"task": RECONCILE, "schedule": crontab(hour=2, minute=10)},
    "seal": {"task": SEAL, "schedule": crontab(hour=2, minute=40)},
    "keys": {"task": FORGET_KEYS, "schedule": crontab(hour=3, minute=10)},
    "postings": {"task": TAKE_DOWN_POSTINGS, "schedule": crontab(hour=0, minute=10)},
    "recommendations": {"task": WATCH_RECOMMENDATIONS, "schedule": crontab(hour=0, minute=30)},
    "forecasts": {"task": FORECAST_RATIOS, "schedule": crontab(hour=1, minute=30)},
    "recognitions": {"task": RENEW_RECOGNITIONS, "schedule": crontab(hour=0, minute=40)},
    "calendar": {"task": WATCH_CALENDAR, "schedule": crontab(hour=3, minute=40)},
}
