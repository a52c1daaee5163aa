"""What has happened in a case, as far as a drawing shows it: the past that another version must be able to tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import journal
from workflows.engine.moving.move_tables import CaseMove
from workflows.engine.tables import StepRecord
from workflows.journal import Event, JournalEntry

SEEN = frozenset(
    {
        Event.STEP_COMPLETED,
        Event.STEP_REFUSED,
        Event.MESSAGE_RECEIVED,
        Event.MESSAGE_DELIVERED,
        Event.MESSAGE_SENT,
        Event.SIGNAL_SENT,
        Event.SIGNAL_HEARD,
        Event.TIMER_FIRED,
        Event.OPERATION_CALLED,
        Event.DECISION_EVALUATED,
        Event.INCIDENT_CORRECTED,
        Event.CASE_AMENDED,
        Event.INCIDENT_SKIPPED,
    }
)
"""Entries of a case's chain that a token, or the case's data, was moved by."""

CALLED_OUT = frozenset({Event.OPERATION_CALLED, Event.MESSAGE_SENT, Event.SIGNAL_SENT})
"""What others may have seen already."""


@dataclass(frozen=True)
class Happened:
    """One thing that happened at one element."""

    event: Event
    step: str
    at: datetime
    position: int
    """In the case's chain of the journal."""
    facts: Mapping[str, Any]
    answer: Mapping[str, Any] | None = None
    """What was submitted, with the outcome."""
    label: str = ""
    """What the work item was called."""
    was: str = ""
    """What the element is called in the version the case stands in, once `step` says what it is called in another."""

    @property
    def present(self) -> str:
        """What the element is called in the version the case stands in."""
        return self.was or self.step


def read(session: Session, case_id: int) -> list[Happened]:
    """The past of a case, oldest first; of a case that was moved before, as that move has told it."""
    entries = journal.entries_of(session, journal.case_chain(case_id))
    moves = {
        move.id: move
        for move in session.scalars(select(CaseMove).where(CaseMove.case_id == case_id))
        if move.undone_at is None
    }
    records = {record.id: record for record in session.scalars(select(StepRecord).where(StepRecord.case_id == case_id))}
    found: dict[int, Happened] = {}
    for entry in entries:
        if entry.event == Event.CASE_MOVED and entry.facts["move"] in moves:
            told = moves[entry.facts["move"]].history
            found = {position: replace(found[position], step=step) for position, step in told}
        elif entry.event in SEEN and (entry.event != Event.CASE_AMENDED or entry.facts["corrected"]):
            found[entry.position] = _happened(entry, records)
    return list(found.values())


def kept(happened: Iterable[Happened]) -> list[list[Any]]:
    """The past as a move keeps it."""
    return [[each.position, each.step] for each in happened]


def _happened(entry: JournalEntry, records: Mapping[int, StepRecord]) -> Happened:
    facts = entry.facts
    record = records.get(facts.get("record") or 0)
    step = facts.get("corrected") or facts.get("step") or (record.step if record else "")
    return Happened(
        event=Event(entry.event),
        step=str(step),
        at=entry.recorded_at,
        position=entry.position,
        facts=facts,
        answer={**record.content, "outcome": record.outcome} if record else None,
        label=record.label if record else "",
    )
