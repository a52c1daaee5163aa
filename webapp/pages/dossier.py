"""What a case has on file, for reading: each step's form with its answers, the candidate, and the history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp.pages.form_view import choices_of
from webapp.pages.people_shown import Names, names_of
from workflows import journal
from workflows.engine import inbox
from workflows.engine.bundles import ParsedBundle
from workflows.engine.forms import Field
from workflows.engine.tables import Case, StepRecord
from workflows.journal import Event, JournalEntry


@dataclass(frozen=True)
class Fact:
    """One answer of a form; `wide` when it is a text of its own."""

    label: str
    value: str
    wide: bool = False


@dataclass(frozen=True)
class Filed:
    """One step as it was done."""

    step: str
    label: str
    number: str
    outcome: str
    who: str
    post: str
    recorded_at: datetime
    happened_on: date | None
    facts: list[Fact]


@dataclass(frozen=True)
class Happening:
    """One line of the history."""

    what: str
    who: str
    post: str
    recorded_at: datetime
    happened_on: date | None
    mood: str = ""
    detail: str = ""


def filed(session: Session, case: Case, bundle: ParsedBundle) -> list[Filed]:
    """Everything submitted in a case, the latest first."""
    records = inbox.history(session, case.id)
    names = _names(session, records)
    return [_filed(record, case, bundle, names) for record in reversed(records)]


def _filed(record: StepRecord, case: Case, bundle: ParsedBundle, names: Names) -> Filed:
    step = bundle.steps.get(record.step)
    return Filed(
        step=record.step,
        label=record.label,
        number=step.number if step else "",
        outcome=record.outcome_label,
        who=names.who(record.person_id, record.for_person_id),
        post=names.post(record.post_id),
        recorded_at=record.recorded_at,
        happened_on=record.happened_on,
        facts=facts_in(bundle.form(record.step).fields, record.content, case.unit_id),
    )


def facts_in(fields: Sequence[Field], content: Mapping[str, Any], unit_id: int) -> list[Fact]:
    """The answers of a form in the words of the form; what was left empty is left out."""
    return [
        Fact(field.label, _answer(field, content[field.key], unit_id), field.kind == "textarea")
        for field in fields
        if content.get(field.key) not in (None, "")
    ]


def _answer(field: Field, value: Any, unit_id: int) -> str:
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if field.kind in {"select", "radio"}:
        return next((choice.label for choice in choices_of(field, unit_id) if choice.value == str(value)), str(value))
    return str(value)


def history(session: Session, case: Case, bundle: ParsedBundle) -> list[Happening]:
    """What the journal has of a case, the latest first: who did what, in which post, when, and when it happened."""
    entries = [entry for entry in journal.entries_of(session, journal.case_chain(case.id)) if entry.event in SHOWN]
    records = {record.id: record for record in inbox.history(session, case.id)}
    names = _names(session, entries)
    return [_happening(entry, records, bundle, names) for entry in reversed(entries)]


SHOWN = frozenset(
    {
        Event.CASE_STARTED,
        Event.CASE_ENDED,
        Event.STEP_COMPLETED,
        Event.MESSAGE_RECEIVED,
        Event.TIMER_FIRED,
        Event.ACT_REFUSED,
        Event.STEP_REFUSED,
        Event.OPERATION_CALLED,
        Event.DECISION_EVALUATED,
    }
)


def _happening(entry: JournalEntry, records: Mapping[int, StepRecord], bundle: ParsedBundle, names: Names) -> Happening:
    what, mood, detail = _in_words(entry, records, bundle)
    return Happening(
        what=what,
        who=names.who(entry.person_id, entry.for_person_id),
        post=names.post(entry.post_id),
        recorded_at=entry.recorded_at,
        happened_on=entry.happened_on,
        mood=mood,
        detail=detail,
    )


def _in_words(entry: JournalEntry, records: Mapping[int, StepRecord], bundle: ParsedBundle) -> tuple[str, str, str]:
    facts = entry.facts
    node = bundle.drawing.nodes.get(str(facts.get("step", "")))
    label = node.name if node and node.name else str(facts.get("step", ""))
    record = records.get(int(facts.get("record") or 0))
    match entry.event:
        case Event.STEP_COMPLETED | Event.MESSAGE_RECEIVED if record:
            return gettext("%(step)s：%(outcome)s", step=record.label, outcome=record.outcome_label), "good", ""
        case Event.CASE_STARTED:
            return gettext("案卷开始，按流程第 %(n)s 版办理", n=facts.get("bundle_version", "")), "", ""
        case Event.CASE_ENDED:
            return gettext("案卷结束：%(result)s", result=label), "good", ""
        case Event.TIMER_FIRED:
            return gettext("到期：%(step)s", step=label), "", ""
        case Event.OPERATION_CALLED:
            return gettext("自动办理：%(step)s", step=label), "", ""
        case Event.DECISION_EVALUATED:
            answer = facts.get("answer")
            reason = str(answer.get("reason") or "") if isinstance(answer, dict) else ""
            return gettext("按规则判断：%(step)s", step=label), "", reason
        case _:
            return gettext("一次办理被拒绝"), "bad", str(facts.get("rule") or facts.get("code") or "")


def _names(session: Session, rows: Sequence[StepRecord] | Sequence[JournalEntry]) -> Names:
    people = [person for row in rows for person in (row.person_id, row.for_person_id)]
    return names_of(session, people, [row.post_id for row in rows])
