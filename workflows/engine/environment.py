"""What the engine is told about the world: who holds a post, what an operation's name means, what may be chosen.

The engine never imports the domain; an `Environment` is handed to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

from sqlalchemy.orm import Session

from workflows.errors import Told
from workflows.journal import Actor


@dataclass(frozen=True)
class Addressee:
    """Who may do a user step: holders of a post at a unit, or one person."""

    unit_id: int
    post_kind: str
    person_id: int | None = None


@dataclass(frozen=True)
class Held:
    """One post a person exercises now, as its holder or as a substitute."""

    unit_id: int
    kind: str


class Directory(Protocol):
    """What the engine asks about units and posts."""

    def lanes(self) -> frozenset[str]:
        """The lane names a drawing may use."""

    def addressee(self, session: Session, lane: str, unit_id: int, data: Mapping[str, Any]) -> Addressee:
        """Who must do a step in `lane` for a case of the unit; refuses when there is no such unit above the case."""

    def may_act(self, session: Session, actor: Actor, addressee: Addressee) -> bool:
        """Whether the actor exercises, today, the post the step is addressed to."""

    def may_see(self, session: Session, actor: Actor, unit_id: int) -> bool:
        """Whether the actor may read the cases of a unit."""

    def describe(self, session: Session, addressee: Addressee) -> tuple[str, str]:
        """The unit's and the post's names, for a refusal or a heading."""

    def person_name(self, session: Session, person_id: int) -> str:
        """The person's name, for "who changed what"."""


@dataclass
class Call:
    """What an operation is given: the session, the case it serves, and the step's evaluated parameters."""

    session: Session
    case_id: int
    unit_id: int
    actor: Actor
    data: Mapping[str, Any]
    parameters: Mapping[str, Any]
    key: str = ""
    """The same at every attempt at one step of one case: an idempotency key for the world outside."""
    named: dict[str, Any] = field(default_factory=dict)
    """What the operation wants written on the case: `title`, `subject_id`, `unit_id`."""
    readdress: bool = False
    """Whether the operation has changed who must do the steps that wait: they are addressed anew with this act."""


@dataclass(frozen=True)
class Scarce:
    """What an operation does with a scarce thing: a case that takes one must use it or give it back, once, at last."""

    act: Literal["take", "use", "give_back"]
    thing: str
    """What people call it."""


@dataclass(frozen=True)
class Operation:
    """A function a service step may call by name, its parameters, and the error codes it offers to the drawing."""

    name: str
    title: str
    function: Callable[[Call], Any]
    parameters: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    scarce: Scarce | None = None
    results: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Every value an entry of the result may have, by the entry's name; entries not named may have any."""
    approved: bool = False
    """Whether it may only follow on the decision of a post that stands above whoever began the case."""
    repeatable: bool = False
    """Whether it harms nobody to call it once more, or to have called it for nothing: a reminder, a calculation."""


@dataclass(frozen=True)
class Choice:
    """One entry of a select field: what is stored and what is read."""

    value: str
    label: str


@dataclass(frozen=True)
class DatedField:
    """A date of a step's form that the drawing calls by a name, or a day before which a named day must not come."""

    step: str
    key: str
    day: str
    outcomes: tuple[str, ...] = ()
    """The outcomes with which it counts; empty: with any."""
    is_limit: bool = False


@dataclass(frozen=True)
class Forbidden:
    """Why a day may not be that date: what would be right, and the rule and the article behind it."""

    text: Told
    rule: str
    article: str


@dataclass(frozen=True)
class Origin:
    """Where a value comes from that cases begin with: what it is called, its source, and how sure that is."""

    title: str
    article: str
    confidence: str
    unit: str = ""


@dataclass(frozen=True)
class Entry:
    """One thing on record beside the forms that an operation counted, or did not count, and who entered it when."""

    label: str
    happened_on: date
    counted: float
    """What it counts for, in the unit of the fact; 0 when it does not."""
    recorded_at: datetime
    person_id: int
    for_person_id: int | None = None
    note: str = ""
    """Why it does not count in full, or how it came out."""


@dataclass(frozen=True)
class Asked:
    """Which fact of an operation's result is asked about: of which case, with which parameters, seen when."""

    case_id: int
    operation: str
    name: str
    parameters: Mapping[str, Any]
    at: datetime


ChoiceSource = Callable[[Session, int], Sequence[Choice]]
"""Choices for a form field, from the session and the case's unit."""


Calendar = Callable[[Session, int, date, int], date]
"""The n-th day after a day that counts, from the session, the case's unit, the day and n; the day is not counted."""


@dataclass(frozen=True)
class Environment:
    """Everything the engine is told, in one hand."""

    directory: Directory
    operations: Mapping[str, Operation]
    choices: Mapping[str, ChoiceSource]
    beginning: Callable[[Session, str, int], dict[str, Any]] = lambda _session, _process, _unit_id: {}
    """The data a new case of a process at a unit begins with, such as the values of its rule set."""
    origin: Callable[[Mapping[str, Any], str], Origin | None] = lambda _data, _name: None
    """Where a value of that beginning comes from, by its name such as `rules.class_hours_min`; None when unknown."""
    value_in_words: Callable[[Mapping[str, Any], str], str | None] = lambda _data, _name: None
    """How people say a value of that beginning, by the same name: `3 个月`; None when unknown."""
    entries: Callable[[Session, Asked], Sequence[Entry]] = lambda _session, _asked: ()
    """What an operation found a fact of its result in, besides the forms; nothing where it worked on forms alone."""
    repairers: Callable[[Session, str, int], Sequence[Addressee]] = lambda _session, _act, _unit_id: ()
    """Who may `retry`, `correct` or `skip` what cannot go on in a case of a unit."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    """What a timer may count its days by, under the word that a drawing uses."""
    forbidden_day: Callable[[Sequence[DatedField], Mapping[str, Any], str, date], Forbidden | None] = (
        lambda _fields, _data, _day, _on: None
    )
    """Why a named day of a case with this data may not be that date; `fields` are all the dates its bundle names."""
    upset_by: Callable[[Sequence[DatedField], Mapping[str, Any], Mapping[str, Any]], Mapping[DatedField, Forbidden]] = (
        lambda _fields, _before, _after: {}
    )
    """The dates that a case's data has both before and after a correction, and which only then may not be so."""
    ended: Callable[[Session, int, str | None], None] = lambda _session, _case_id, _result: None
    """Told when a case has ended, with the `result` its end event names."""
    keeps: Callable[[Session, Actor], bool] = lambda _session, _actor: True
    """Whether the actor keeps the processes now, and so may move running cases."""
    levels: Mapping[str, int] = field(default_factory=dict)
    """How high the post of a lane stands; only who stands above decides on what others bring."""
    live: dict[int, Any] | None = None
    """Keeps running cases in memory between steps instead of restoring them; scenarios use it to compare."""
