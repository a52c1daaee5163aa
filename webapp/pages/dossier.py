"""What a case has on file, for reading: each step's form with its answers, the candidate, and the history."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import sensitive
from webapp.pages.form_view import choices_of
from webapp.pages.people_shown import Names, names_of
from workflows import journal
from workflows.domain import transfers
from workflows.domain.evidence_forms import Kind
from workflows.engine import cases, inbox
from workflows.engine.bundles import ParsedBundle
from workflows.engine.forms import Field
from workflows.engine.moving.then import bundle_then
from workflows.engine.tables import Case, StepRecord, WorkItem
from workflows.journal import Event, JournalEntry
from workflows.operations.wiring import ENVIRONMENT


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
    """One line of the history; `mood` is `good`, `bad`, `auto` or empty."""

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
    names, then = _names(session, records), bundle_then(session, case)
    at = transfers.whereabouts(session, case.id, case.unit_id)
    shown = sensitive.shown(session, case)
    return [
        _filed(each, shown(each), at(each.recorded_at), then(each.case_version), names) for each in reversed(records)
    ]


def _filed(record: StepRecord, content: Mapping[str, Any], unit_id: int, bundle: ParsedBundle, names: Names) -> Filed:
    step = bundle.steps.get(record.step)
    return Filed(
        step=record.step,
        label=gettext("更正：%(step)s", step=record.label) if record.corrects_id else record.label,
        number=step.number if step else "",
        outcome=record.outcome_label,
        who=names.who(record.person_id, record.for_person_id),
        post=names.post(record.post_id),
        recorded_at=record.recorded_at,
        happened_on=record.happened_on,
        facts=facts_in(bundle.form(record.step).fields, content, unit_id),
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
    records = inbox.history(session, case.id)
    data, by_id = cases.data_of(case), {record.id: record for record in records}
    told = Told(bundle, data, by_id, _steps_of_items(session, case, records))
    names = _names(session, entries)
    return [_happening(entry, told, names) for entry in reversed(entries)]


def _steps_of_items(session: Session, case: Case, records: Sequence[StepRecord]) -> dict[int, str]:
    waiting = session.execute(select(WorkItem.id, WorkItem.step).where(WorkItem.case_id == case.id))
    return {record.work_item_id: record.step for record in records if record.work_item_id} | dict(waiting.all())


@dataclass(frozen=True)
class Told:
    """What the lines of a history refer to."""

    bundle: ParsedBundle
    data: Mapping[str, Any]
    records: Mapping[int, StepRecord]
    steps_of_items: Mapping[int, str]

    def label(self, step: str) -> str:
        """The name of a step in the drawing."""
        node = self.bundle.drawing.nodes.get(step)
        return node.name if node and node.name else step


OF_EVIDENCE = (Event.EVIDENCE_RECORDED, Event.EVIDENCE_CORRECTED)

SHOWN = frozenset(
    {
        Event.RUSH_NOTED,
        Event.CASE_STARTED,
        Event.CASE_ENDED,
        Event.CASE_MOVED,
        Event.CASE_MOVE_UNDONE,
        Event.STEP_COMPLETED,
        Event.MESSAGE_RECEIVED,
        Event.MESSAGE_SENT,
        Event.MESSAGE_DELIVERED,
        Event.SIGNAL_SENT,
        Event.SIGNAL_HEARD,
        Event.TIMER_FIRED,
        Event.ACT_REFUSED,
        Event.STEP_REFUSED,
        Event.OPERATION_CALLED,
        Event.DECISION_EVALUATED,
        *OF_EVIDENCE,
        Event.INCIDENT_OPENED,
        Event.INCIDENT_RETRIED,
        Event.INCIDENT_CORRECTED,
        Event.INCIDENT_SKIPPED,
        Event.CASE_AMENDED,
        Event.PERSON_CORRECTED,
    }
)


def _happening(entry: JournalEntry, told: Told, names: Names) -> Happening:
    if entry.event == Event.RUSH_NOTED:
        what, mood, detail = _of_rush(entry.facts)
    else:
        what, mood, detail = _of_evidence(entry.facts) if entry.event in OF_EVIDENCE else _in_words(entry, told)
    by_itself = mood == "auto"  # the journal names whose act set it off; that act has a line of its own
    return Happening(
        what=what,
        who="" if by_itself else names.who(entry.person_id, entry.for_person_id),
        post="" if by_itself else names.post(entry.post_id),
        recorded_at=entry.recorded_at,
        happened_on=entry.happened_on,
        mood=mood,
        detail=detail,
    )


def _in_words(entry: JournalEntry, told: Told) -> tuple[str, str, str]:
    facts = entry.facts
    label = told.label(str(facts.get("step", "")))
    record = told.records.get(int(facts.get("record") or 0))
    match entry.event:
        case Event.STEP_COMPLETED | Event.MESSAGE_RECEIVED if record:
            return gettext("%(step)s：%(outcome)s", step=record.label, outcome=record.outcome_label), "good", ""
        case Event.CASE_STARTED:
            return gettext("案卷开始，按流程第 %(n)s 版办理", n=facts.get("bundle_version", "")), "", ""
        case Event.CASE_ENDED:
            return gettext("案卷结束：%(result)s", result=label), "good", ""
        case Event.CASE_MOVED:
            return gettext("案卷移到流程第 %(n)s 版", n=facts.get("to_version", "")), "", ""
        case Event.CASE_MOVE_UNDONE:
            return gettext("撤销移动，案卷回到流程第 %(n)s 版", n=facts.get("version", "")), "", ""
        case Event.TIMER_FIRED:
            return gettext("到期：%(step)s", step=label), "auto", ""
        case Event.OPERATION_CALLED:
            return gettext("自动办理：%(step)s", step=label), "auto", ""
        case Event.DECISION_EVALUATED:
            answer = facts.get("answer")
            reason = str(answer.get("reason") or "") if isinstance(answer, dict) else ""
            return gettext("按规则判断：%(step)s", step=label), "auto", reason
        case Event.INCIDENT_CORRECTED | Event.CASE_AMENDED | Event.PERSON_CORRECTED:
            return _corrected(entry.event, record)
        case Event.INCIDENT_OPENED | Event.INCIDENT_RETRIED | Event.INCIDENT_SKIPPED:
            return _trouble(entry.event, label)
        case Event.MESSAGE_SENT | Event.MESSAGE_DELIVERED | Event.SIGNAL_SENT | Event.SIGNAL_HEARD:
            return _between_cases(entry.event, label, facts)
        case _:
            return _refused(facts, told)


def _of_evidence(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """What was entered or corrected of the evidence of training; what it says stands on its own page."""
    what, number = gettext(Kind(facts["kind"]).label), gettext("第 %(id)s 号", id=facts["evidence"])
    if facts["corrects"] is None:
        return gettext("登记培养材料：%(what)s", what=what), "", number
    detail = f"{gettext('第 %(id)s 号', id=facts['corrects'])} → {number}"
    if facts["struck"]:
        return gettext("划去培养材料：%(what)s", what=what), "", detail
    return gettext("更正培养材料：%(what)s", what=what), "", detail


def _corrected(event: str, record: StepRecord | None) -> tuple[str, str, str]:
    """What was submitted, or the record of a person, was put right; what it said before stands among the papers."""
    if event == Event.PERSON_CORRECTED:
        return gettext("登记已更正"), "good", ""
    reason = record.reason or "" if record else ""
    if event == Event.CASE_AMENDED:
        return gettext("申请人的登记已更正"), "", reason
    return gettext("更正：%(step)s", step=record.label if record else ""), "", reason


def _of_rush(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """An approval in spite of the warning of rushed admissions, with its figures."""
    share = gettext("%(n)s 人，占全年 %(share)s%%", n=facts["count"], share=facts["share"])
    return gettext("有突击发展提示，仍然批准"), "", share


def _trouble(event: str, label: str) -> tuple[str, str, str]:
    """A step that could not go on by itself, and what a person did about it."""
    if event == Event.INCIDENT_OPENED:
        return gettext("出现异常：%(step)s", step=label), "bad", ""
    if event == Event.INCIDENT_SKIPPED:
        return gettext("跳过：%(step)s", step=label), "bad", ""
    return gettext("重试：%(step)s", step=label), "", ""


def _between_cases(event: str, label: str, facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """What a case told others or heard from them; what was in it belongs to the step that took it."""
    message, signal = facts.get("message", ""), facts.get("signal", "")
    match event:
        case Event.MESSAGE_SENT:
            return gettext("发出消息：%(step)s", step=label), "auto", gettext("消息“%(name)s”", name=message)
        case Event.MESSAGE_DELIVERED:
            detail = gettext("消息“%(name)s”，来自案卷 %(id)s", name=message, id=facts.get("sender", ""))
            return gettext("收到消息：%(step)s", step=label), "auto", detail
        case Event.SIGNAL_SENT:
            return gettext("发出信号：%(step)s", step=label), "auto", gettext("信号“%(name)s”", name=signal)
        case _:
            return gettext("收到信号：%(step)s", step=label), "auto", gettext("信号“%(name)s”", name=signal)


def _refused(facts: Mapping[str, Any], told: Told) -> tuple[str, str, str]:
    """A refused act: at which step, by which rule, and which fields were wrong; what was typed is not kept."""
    path = str(facts.get("path", ""))
    of_item, of_incident = re.search(r"/work-items/(\d+)", path), re.search(r"/incidents/\d+(?:/correct/(\w+))?", path)
    step = str(facts.get("step") or (told.steps_of_items.get(int(of_item.group(1)), "") if of_item else ""))
    what = gettext("%(step)s：一次办理被拒绝", step=told.label(step)) if step else gettext("一次办理被拒绝")
    if of_incident:
        step, what = of_incident.group(1) or "", gettext("处理异常：一次办理被拒绝")
    keys = set(facts.get("fields") or ())
    form = cases.form_of(ENVIRONMENT, told.bundle, step, told.data) if step in told.bundle.steps else None
    wrong = [_with_rule(field) for field in form.fields if field.key in keys] if form else []
    if form and "outcome" in keys:
        wrong.append(gettext("办理结果"))
    if of_incident and "reason" in keys:
        wrong.append(gettext("理由"))
    parts = [gettext(str(facts["rule"])) if facts.get("rule") else ""]
    parts.append(gettext("有误的栏目：%(fields)s", fields="、".join(wrong)) if wrong else "")
    return what, "bad", "；".join(part for part in parts if part)


def _with_rule(field: Field) -> str:
    """A field with the rule and the article behind it, as the form says them beside a wrong field."""
    behind = "，".join(part for part in (field.rule, field.article) if part)
    return f"{field.label}（{behind}）" if behind else field.label


def _names(session: Session, rows: Sequence[StepRecord] | Sequence[JournalEntry]) -> Names:
    people = [person for row in rows for person in (row.person_id, row.for_person_id)]
    return names_of(session, people, [row.post_id for row in rows])
