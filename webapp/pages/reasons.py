"""The part of a case's page that answers "why not yet": each reason with its rule, facts, sources and way out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain

from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp import reasons_told
from webapp.pages.form_view import choices_of
from webapp.pages.furniture import day
from webapp.pages.people_shown import Names, names_of
from workflows.engine import bundles
from workflows.engine.bundles import StepInfo
from workflows.engine.environment import Choice, Entry
from workflows.engine.forms import Field
from workflows.engine.inbox import Progress
from workflows.engine.reasons import why
from workflows.engine.reasons.reason import Condition, Fact, Kind, Reason, Remedy, SourceKind
from workflows.engine.tables import Case, StepRecord
from workflows.operations.wiring import ENVIRONMENT

MOST_ENTRIES = 8
"""More evidence than this stands on a page of its own."""


@dataclass(frozen=True)
class ToldFact:
    """One fact in words: what it is, and where it comes from."""

    label: str
    value: str
    source: str
    article: str = ""
    tag: str = ""
    """What must be said of a value no published rule gives: 未核实, 地方做法."""
    entries: list[str] = field(default_factory=list)
    """What an operation counted for it, and what it did not."""


@dataclass(frozen=True)
class ToldCondition:
    """One thing that must become otherwise."""

    label: str
    value: str
    wanted: str
    article: str
    earliest: date | None
    source: str
    entries: list[str]
    behind: list[ToldFact]
    """What the fact was worked out from, and the values it is compared with."""


@dataclass(frozen=True)
class ToldRemedy:
    """All that must become otherwise; of the conditions of one group any will do."""

    groups: list[list[ToldCondition]]
    earliest: date | None
    is_partly_dated: bool
    """Whether something without a day of its own must hold as well."""


@dataclass(frozen=True)
class ToldReason:
    """One reason in words."""

    kind: str
    heading: str
    text: str
    rule: str
    article: str
    since: datetime | None
    is_unverified: bool
    facts: list[ToldFact] = field(default_factory=list)
    remedies: list[ToldRemedy] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    """The ways that would have been open at a gateway."""
    then: list[str] = field(default_factory=list)
    """What people have to do when a wait is over, and in which lane."""


def told(session: Session, case: Case, progress: Progress) -> list[ToldReason]:
    """Why the case has not come further, as its page says it."""
    reasons = why.of_case(session, ENVIRONMENT, case, progress.current)
    sources = [fact.source for reason in reasons for fact in _every_fact(reason)]
    people = [(each.person_id, each.for_person_id) for source in sources for each in source.records]
    people += [(each.person_id, each.for_person_id) for source in sources for each in source.entries]
    teller = _Teller(
        case.unit_id, names_of(session, chain.from_iterable(people)), bundles.parsed(session, case.bundle_id).steps
    )
    return [teller.reason(reason) for reason in reasons]


def _every_fact(reason: Reason) -> list[Fact]:
    conditions = [one for remedy in reason.remedies for group in remedy.groups for one in group]
    return [*reason.facts, *(fact for condition in conditions for fact in condition.facts)]


@dataclass(frozen=True)
class _Teller:
    unit_id: int
    names: Names
    steps: Mapping[str, StepInfo]

    def reason(self, reason: Reason) -> ToldReason:
        return ToldReason(
            kind=str(reason.kind),
            heading=reasons_told.heading(reason),
            text="" if reason.kind == Kind.INCIDENT else reason.text,  # the notice above says it to every reader
            rule=reasons_told.rule_said(reason),
            article=reason.article,
            since=reason.since,
            is_unverified=reason.is_unverified,
            facts=[self.fact(fact) for fact in reasons_told.shown_facts(reason)],
            remedies=[self.remedy(remedy, reason.article) for remedy in reason.remedies],
            then=[f"{step.label}（{step.lane}）" for step in map(self.steps.__getitem__, reason.then)],
            others=[way.label for way in reason.gate.others if way.label] if reason.gate else [],
        )

    def remedy(self, remedy: Remedy, article: str) -> ToldRemedy:
        dated = [any(condition.earliest for condition in group) for group in remedy.groups]
        groups = [[self.condition(condition, article) for condition in group] for group in remedy.groups]
        return ToldRemedy(groups, remedy.earliest, is_partly_dated=not all(dated))

    def condition(self, condition: Condition, told: str) -> ToldCondition:
        """The condition in words; the article `told` above it is not told again."""
        first, *behind = condition.facts
        return ToldCondition(
            label=condition.label,
            value=reasons_told.fact_said(first, self.choices),
            wanted=reasons_told.condition_said(condition, self.choices),
            article="" if condition.article == told else condition.article,
            earliest=condition.earliest,
            source=self.source(first),
            entries=self.entries(first),
            behind=[self.fact(fact) for fact in behind],
        )

    def fact(self, fact: Fact) -> ToldFact:
        origin = fact.source.origin
        told = origin.confidence if origin else ""
        return ToldFact(
            label=reasons_told.label_of(fact),
            value=reasons_told.fact_said(fact, self.choices),
            source=self.source(fact),
            article=origin.article if origin and told != "unverified" else "",
            tag=str(reasons_told.CONFIDENCE.get(told, "")),
            entries=self.entries(fact),
        )

    def entries(self, fact: Fact) -> list[str]:
        """What an operation counted, each with who entered it; of many only the last, and how many more there are."""
        found = fact.source.entries
        told = [self.entry(entry, fact.unit) for entry in found[-MOST_ENTRIES:]]
        more = len(found) - len(told)
        return [gettext("更早的 %(n)s 条", n=more), *told] if more else told

    def entry(self, entry: Entry, unit: str) -> str:
        """One thing that was counted: what it counts for or why it does not."""
        each = unit.partition("/")[0]  # what is added up by the year is one piece in hours
        counted = reasons_told.said(round(entry.counted, 1), unit=each) if each and entry.counted else ""
        what = " · ".join(part for part in (counted, gettext(entry.note) if entry.note else "") if part)
        told = {
            "label": gettext(entry.label),
            "day": day(entry.happened_on),
            "who": self.names.who(entry.person_id, entry.for_person_id),
            "recorded": day(entry.recorded_at),
        }
        if not what:
            return gettext("%(label)s %(day)s（%(who)s %(recorded)s 登记）", **told)
        return gettext("%(label)s %(day)s：%(what)s（%(who)s %(recorded)s 登记）", **told, what=what)

    def choices(self, one: Field) -> Sequence[Choice]:
        return choices_of(one, self.unit_id)

    def source(self, fact: Fact) -> str:
        source = fact.source
        match source.kind:
            case SourceKind.FORM:
                return self.entered(source.records[0])
            case SourceKind.OPERATION if source.records:
                behind = "；".join(self.entered(record) for record in source.records)
                return gettext("由“%(step)s”得出，依据：%(behind)s", step=source.label, behind=behind)
            case SourceKind.OPERATION | SourceKind.DECISION:
                return gettext("由“%(step)s”得出（%(day)s）", step=source.label, day=day(source.told_at))
            case SourceKind.EXPRESSION:
                return gettext("由下列各项算出")
            case SourceKind.RULE:
                return gettext("本案所用的规则")
            case _:
                return ""

    def entered(self, record: StepRecord) -> str:
        """By whom a form was filled in, and when."""
        who = self.names.who(record.person_id, record.for_person_id)
        return gettext("“%(step)s”，%(who)s %(day)s", step=record.label, who=who, day=day(record.recorded_at))
