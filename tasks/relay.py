"""Hands outbox rows to the broker: at once after a commit, and every two seconds what was left or lost."""

from celery import shared_task

from tasks.schedule import PERFORM, RELAY
from tasks.sending import send_every
from workflows import outbox
from workflows.errors import Busy


@shared_task(name=RELAY, throws=(Busy,))
def relay() -> int:
    """Send every row that is due to be sent; how many were sent."""
    return send_every(PERFORM, outbox.take_unsent, outbox.untake)
