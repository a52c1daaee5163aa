"""What is told of a simulated year: how far it is, and what has become of everybody."""

import time
from collections import Counter
from datetime import date

import click
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from webapp.commands.demo.calendar import Tell
from webapp.commands.demo.offices import Tally
from workflows.database import only_reading
from workflows.engine.tables import Case, WorkItem

SECONDS = 2.0
"""Between two lines about how far it is."""

OPEN = "在办"


def progress() -> Tell:
    """Tells on stderr, every two seconds, which day it is and how much has been done."""
    told = time.monotonic()

    def tell(day: date, tally: Tally) -> None:
        nonlocal told
        if time.monotonic() - told >= SECONDS:
            told = time.monotonic()
            click.echo(f"{day}：已办 {tally.acts['steps']} 步", err=True)

    return tell


def outcomes(engine: Engine) -> dict[str, int]:
    """How many cases ended how, by what the drawing calls it, the most frequent first; what goes on as `在办`."""
    label = func.coalesce(Case.ended_label, OPEN)
    with only_reading(), Session(engine) as session:
        found = session.execute(select(label, func.count()).group_by(label)).all()
    return dict(sorted(found, key=lambda each: (-each[1], each[0])))


def waiting(engine: Engine) -> dict[str, int]:
    """How many open cases wait at which step, by its label."""
    with only_reading(), Session(engine) as session:
        found = session.execute(select(WorkItem.label, func.count()).group_by(WorkItem.label))
        return dict(Counter(dict(found.all())).most_common())


def in_words(found: dict[str, int]) -> str:
    """`入团完成 20，在办 3`."""
    return "，".join(f"{name} {number}" for name, number in found.items()) or "无"
