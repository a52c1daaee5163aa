"""Rushed admissions in the cases in hand: what an approver is told, and that he went on in spite of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from workflows import journal
from workflows.domain import lawful_dates, rush, units
from workflows.domain.lawful_dates import Day
from workflows.domain.rush import Rush
from workflows.domain.units import Unit, UnitKind
from workflows.engine.environment import Call, DatedField
from workflows.journal import Event
from workflows.operations import lawful_days

PRESSED = (Day.ASSESSED, Day.NOTICE_CLOSED, Day.FORM_FILLED, Day.RESOLVED)
"""The days before which something has to wait; whoever meets every one of them at its earliest has waited for none."""


def school_of(session: Session, unit_id: int) -> Unit | None:
    """The school a branch belongs to; None for a branch outside schools."""
    line = units.line_of(session, unit_id)
    return next((unit for unit in reversed(line) if unit.kind == UnitKind.SCHOOL), None)


def note(call: Call) -> Rush | None:
    """Keep in the case's journal that it was approved though its school's admissions of the year are rushed."""
    school = school_of(call.session, call.unit_id)
    found = rush.of_school(call.session, school) if school else None
    if found is None:
        return None
    chain = journal.case_chain(call.case_id)
    journal.record(call.session, Event.RUSH_NOTED, chain=chain, actor=call.actor, **found.as_facts())
    return found


def approves(fields: Sequence[DatedField], step: str) -> bool:
    """Whether the step is the approval of an admission."""
    return any(field.step == step and field.day == Day.ADMITTED for field in fields)


def resolved_on(fields: Sequence[DatedField], data: Mapping[str, Any]) -> date | None:
    """The day of the branch meeting that adopted the candidate, where the case has come so far."""
    return lawful_days.facts_of(fields, data, [Day.ADMITTED]).known.get(Day.RESOLVED)


def is_pressed(fields: Sequence[DatedField], data: Mapping[str, Any]) -> bool:
    """Whether every step that must wait was done on the first day on which it was lawful."""
    known = lawful_days.facts_of(fields, data, [Day.ADMITTED]).known
    for day in PRESSED:
        # What came later did not keep it waiting.
        then = replace(lawful_days.facts_of(fields, data, [day]), again={})
        earliest = lawful_dates.binding(then, day).earliest
        if earliest is None or known.get(day) != earliest.on:
            return False
    return True
