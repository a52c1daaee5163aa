"""What is told about a case that has not come further, as data; pages and the API put it into words."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from workflows.engine.environment import Entry, Origin
from workflows.engine.forms import Field
from workflows.engine.tables import StepRecord


class Kind(StrEnum):
    """What keeps the case back."""

    DECISION = "decision"
    """A decision table did not answer `pass`."""
    GATE = "gate"
    """The way led back, or to an end, where another way would have led on."""
    REFUSAL = "refusal"
    """An operation was refused, and the drawing took another way."""
    TIMER = "timer"
    """A day that has not come."""
    INCIDENT = "incident"
    """Something could not go on by itself, and a person has to repair it."""
    JOB = "job"
    """The worker has not done its step yet, or tries it again later."""
    EVENT = "event"
    """A message, a signal or a condition that has not come."""


class SourceKind(StrEnum):
    """What a fact comes from."""

    FORM = "form"
    OPERATION = "operation"
    DECISION = "decision"
    RULE = "rule"
    EXPRESSION = "expression"
    """Worked out from the facts that stand behind it."""
    CLOCK = "clock"
    CASE = "case"


@dataclass(frozen=True)
class Source:
    """Where a fact comes from: which step, whose record, which value of the rule set."""

    kind: SourceKind
    step: str = ""
    label: str = ""
    """What the step, the operation or the value is called."""
    records: tuple[StepRecord, ...] = ()
    """The forms behind it: the one of the field, or those an operation worked on."""
    entries: tuple[Entry, ...] = ()
    """What an operation found the fact in besides the forms."""
    told_at: datetime | None = None
    origin: Origin | None = None


@dataclass(frozen=True)
class Fact:
    """One fact as it was seen; the value of a secret one is not told."""

    name: str
    label: str
    value: Any
    source: Source
    field: Field | None = None
    unit: str = ""
    secret: bool = False


@dataclass(frozen=True)
class Way:
    """One way out of a gateway."""

    flow: str
    label: str
    condition: str | None


@dataclass(frozen=True)
class Gate:
    """A gateway the case has passed: the way it took and those it might have taken."""

    id: str
    label: str
    taken: Way
    others: tuple[Way, ...]


@dataclass(frozen=True)
class Condition:
    """One thing that must become true: what is looked at, what it is and has to be, and from when it can be."""

    rule: str
    """The rule of the table that asks for it."""
    label: str
    expression: str
    test: str
    facts: tuple[Fact, ...]
    """The value with where it came from, then what it is compared with."""
    kind: str = ""
    """How the value has to stand to `wanted`, in the words of `decisions.Demand`."""
    wanted: tuple[Any, ...] = ()
    ends: str = ""
    """The brackets of an interval; a round one does not belong to it."""
    text: str = ""
    """What it has to be in the engine's own words."""
    article: str = ""
    earliest: date | None = None


@dataclass(frozen=True)
class Remedy:
    """What would let a decision pass: every group has to be met, and one condition of a group suffices."""

    rule: str
    """The rule that would then answer."""
    groups: tuple[tuple[Condition, ...], ...]
    earliest: date | None = None
    """The latest of the groups' days, as far as they are known."""


@dataclass(frozen=True)
class Reason:
    """One thing that keeps a case back."""

    kind: Kind
    step: str
    label: str
    since: datetime | None = None
    text: str = ""
    """The reason in the words of the bundle or of a person."""
    article: str = ""
    rule: str = ""
    """A decision table's rule by its id, or the rule behind a refusal in words."""
    decision: str = ""
    decision_label: str = ""
    rule_number: int = 0
    code: str = ""
    """A refusal's code."""
    gate: Gate | None = None
    facts: tuple[Fact, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    """One of them suffices."""
    earliest: date | None = None
    """The first day on which it can be otherwise, as far as days are known."""
    until: datetime | None = None
    then: tuple[str, ...] = ()
    """The steps people will have to do when a wait is over."""
    expression: str = ""
    """What a timer or a conditional event waits by."""

    @property
    def is_unverified(self) -> bool:
        """Whether a value behind it has been seen in no published text."""
        conditions = [one for remedy in self.remedies for group in remedy.groups for one in group]
        facts = [*self.facts, *(fact for condition in conditions for fact in condition.facts)]
        return any(fact.source.origin and fact.source.origin.confidence == "unverified" for fact in facts)
