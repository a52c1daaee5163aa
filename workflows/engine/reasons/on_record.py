"""What is on record of one case, and where each value of its data comes from."""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.engine import bundles, cases, expressions, inbox
from workflows.engine.bundles import ParsedBundle
from workflows.engine.environment import Asked, Entry, Environment
from workflows.engine.expressions import ExpressionFault
from workflows.engine.forms import Field, Form
from workflows.engine.reasons.names import decisive
from workflows.engine.reasons.reason import Fact, Source, SourceKind
from workflows.engine.tables import Bundle, Case, StepRecord
from workflows.journal import Event, JournalEntry

LATER_THAN_ALL = 1 << 62


class OnRecord:
    """One case with its records, its journal and its data."""

    def __init__(self, session: Session, environment: Environment, case: Case, bundle: ParsedBundle) -> None:
        self.session, self.environment, self.case, self.bundle = session, environment, case, bundle
        self.records = inbox.history(session, case.id)
        self.entries = journal.entries_of(session, journal.case_chain(case.id))
        self._decisive: dict[str, tuple[str, ...]] = {}
        self.data: Mapping[str, Any] = {**cases.data_of(case), "today": clock.today().isoformat()}

    @cached_property
    def _positions(self) -> dict[int, int]:
        """Where in the journal each record was kept."""
        return {entry.facts["record"]: entry.position for entry in self.entries if entry.facts.get("record")}

    @cached_property
    def _results(self) -> dict[str, str]:
        """The service step behind each result of an operation."""
        return {node.result: node.id for node in self.bundle.drawing.nodes.values() if node.result}

    @cached_property
    def onward(self) -> dict[str, list[str]]:
        """Where the flows lead that leave an element; asked for often, and the drawing would look through all flows."""
        found: dict[str, list[str]] = {node: [] for node in self.bundle.drawing.nodes}
        for flow in self.bundle.drawing.flows.values():
            found[flow.source].append(flow.target)
        return found

    def label(self, step: str) -> str:
        """What the drawing calls the step."""
        node = self.bundle.drawing.nodes.get(step)
        return node.name if node and node.name else step

    def position(self, record: StepRecord) -> int:
        """Where in the journal the record was kept."""
        return self._positions.get(record.id, 0)

    @cached_property
    def _moves(self) -> list[JournalEntry]:
        """The moves to other versions that were not undone."""
        undone = {each.facts["move"] for each in self.entries if each.event == Event.CASE_MOVE_UNDONE}
        moved = [each for each in self.entries if each.event == Event.CASE_MOVED]
        return [each for each in moved if each.facts["move"] not in undone]

    def called_now(self, step: str, position: int) -> str:
        """What the case's version calls an element that was called `step` at a place in the journal."""
        for move in self._moves:
            if move.position > position:
                step = str(move.facts["names"].get(step, step))
        return step

    def bundle_at(self, position: int) -> ParsedBundle:
        """The version by which the case went at a place in the journal."""
        later = next((move for move in self._moves if move.position > position), None)
        if later is None:
            return self.bundle
        query = select(Bundle.id).where(
            Bundle.process == self.case.process, Bundle.version == later.facts["from_version"]
        )
        found = self.session.scalars(query).first()
        return bundles.parsed(self.session, found) if found else self.bundle

    def step_of(self, record: StepRecord) -> str:
        """The step of a record, as the case's version calls it."""
        return self.called_now(record.step, self.position(record))

    def form_of(self, record: StepRecord) -> Form:
        """The form that was filled in."""
        return self.bundle_at(self.position(record)).form(record.step)

    def last_record(self, step: str, before: int = LATER_THAN_ALL) -> StepRecord | None:
        """What was submitted last at a step, before a place in the journal."""
        found = [record for record in self.records if self.step_of(record) == step and self.position(record) < before]
        return max(found, key=self.position, default=None)

    def last_entry(self, event: Event, step: str, before: int = LATER_THAN_ALL) -> JournalEntry | None:
        """The last entry of its kind about a step, before a place in the journal."""
        found = [each for each in self.entries if each.event == event and each.position < before]
        told = (each for each in reversed(found) if self.called_now(str(each.facts.get("step")), each.position) == step)
        return next(told, None)

    def fact(self, name: str, *, label: str = "", before: int = LATER_THAN_ALL) -> Fact:
        """What a name of the case's data stood for at a place in the journal, with where it came from."""
        root, _, rest = name.partition(".")
        if (record := self.last_record(root, before)) is not None and rest:
            return self._from_form(name, record, rest.partition(".")[0], label)
        source = self._source(name, root, before)
        unit = source.origin.unit if source.origin else ""
        told = label or (source.origin.title if source.origin else "") or self._title(name, root, source)
        return Fact(name, told, expressions.at(name, self.data), source, unit=unit)

    def _from_form(self, name: str, record: StepRecord, key: str, label: str) -> Fact:
        field = field_of(self.form_of(record), key, record.label)
        secret = field is not None and field.is_kept_back
        value = record.outcome if key == "outcome" else record.content.get(key)
        source = Source(SourceKind.FORM, self.step_of(record), record.label, (record,), told_at=record.recorded_at)
        told = label or (field.label if field and field.label else key)
        return Fact(name, told, None if secret else value, source, field, secret=secret)

    def is_secret(self, name: str) -> bool:
        """Whether a name reads a form's secret field."""
        field = self._field(name)
        return field is not None and field.is_kept_back

    def _source(self, name: str, root: str, before: int) -> Source:
        if root == "today":
            return Source(SourceKind.CLOCK)
        if root in self._results:
            return self._from_operation(self._results[root], name.partition(".")[2], before)
        if root in self.bundle.decisions:
            made = [each for each in self.entries if each.event == Event.DECISION_EVALUATED and each.position < before]
            last = next((each for each in reversed(made) if each.facts.get("decision") == root), None)
            label = self.bundle.decisions[root].name or root
            return Source(SourceKind.DECISION, root, label, told_at=last.recorded_at if last else None)
        if origin := self.environment.origin(self.data, name):
            return Source(SourceKind.RULE, label=origin.title, origin=origin)
        return Source(SourceKind.CASE, root if root in self.bundle.drawing.nodes else "", self.label(root))

    def _from_operation(self, step: str, name: str, before: int) -> Source:
        called = self.last_entry(Event.OPERATION_CALLED, step, before)
        read = [
            name for text in self.bundle.drawing.nodes[step].parameters.values() for name in expressions.names_in(text)
        ]
        roots = dict.fromkeys(name.partition(".")[0] for name in read)
        behind = [self.last_record(root, before) for root in roots]
        records = tuple(record for record in behind if record is not None)
        at = called.recorded_at if called else None
        return Source(SourceKind.OPERATION, step, self.label(step), records, self._entries(step, name, at), at)

    def _entries(self, step: str, name: str, at: datetime | None) -> tuple[Entry, ...]:
        node = self.bundle.drawing.nodes[step]
        if at is None or not name:
            return ()
        try:
            given = {key: expressions.evaluate(text, self.data) for key, text in node.parameters.items()}
        except ExpressionFault:
            return ()
        return tuple(self.environment.entries(self.session, Asked(self.case.id, node.operation or "", name, given, at)))

    def decisive(self, expression: str) -> tuple[str, ...]:
        """The names on which an expression's value rests; the same one is asked about for several reasons."""
        if expression not in self._decisive:
            self._decisive[expression] = decisive(expression, self.data)
        return self._decisive[expression]

    def behind(self, fact: Fact) -> list[Fact]:
        """The single facts that an operation was given to find this one."""
        if fact.source.kind != SourceKind.OPERATION:
            return []
        return [self.fact(name) for name in self._given_to(fact.source.step) if "." in name]

    def _given_to(self, step: str) -> list[str]:
        """The names that the parameters of a service step read."""
        texts = self.bundle.drawing.nodes[step].parameters.values()
        return list(dict.fromkeys(name for text in texts for name in expressions.names_in(text)))

    def _title(self, name: str, root: str, source: Source) -> str:
        field = self._field(name)
        if field is not None and field.label:
            return field.label
        return self.label(root) if root in self.bundle.steps else source.label or name

    def _field(self, name: str) -> Field | None:
        """The field of a form that a name reads, as the case's version has it."""
        root, _, rest = name.partition(".")
        if root not in self.bundle.steps:
            return None
        return field_of(self.bundle.form(root), rest.partition(".")[0], self.label(root))


def field_of(form: Form, key: str, step: str) -> Field | None:
    """A field of a step's form; its outcome is one as well, called like the step."""
    if key == "outcome":
        return Field(key, step, "radio", choices=form.outcomes)
    return next((field for field in form.fields if field.key == key), None)
