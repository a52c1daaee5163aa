"""Where a case stands, in one look: the step, what is still missing, whose turn it is, from when and until when.

The card of a board, the head of a case's page and the API say the same, because all of them ask here. However many
cases are asked about, the number of statements stays the same.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from webapp import evidence_seen, lawful_days_told, sight
from webapp.due import Due, due
from webapp.evidence_seen import Requirement
from webapp.lawful_days_told import ToldBound, ToldDay
from webapp.who_acts import WhoActs
from workflows import clock
from workflows.clock import OFFICE_ZONE
from workflows.domain.evidence_count import Counted
from workflows.domain.lawful_dates import Day
from workflows.engine import bundles, cases, expressions, incidents
from workflows.engine.bundles import ParsedBundle, StepInfo
from workflows.engine.expressions import ExpressionFault
from workflows.engine.forms import Field, Form
from workflows.engine.inbox import BoardRow
from workflows.engine.tables import Case, DueTimer, StepRecord, WorkItem
from workflows.operations import evidence, reservations

"""Steps of an admission (细则-2023); the strip over a case shows that many."""

ENDED, OVERDUE, SOON, EARLY = "ended", "overdue", "soon", "early"


@dataclass(frozen=True)
class Turn:
    """A user step that waits, who must act, and what its form asks for where the case is to go on."""

    item: WorkItem
    number: str
    stage: str
    who: str
    due: Due | None
    mine: bool
    papers: Sequence[str]

    @property
    def said(self) -> str:
        """Who must act, as the signed-in person is told: himself as you."""
        return gettext("您") if self.mine else self.who


@dataclass(frozen=True)
class Wait:
    """A day that has not come."""

    step: str
    label: str
    until: date


@dataclass(frozen=True)
class Summary:
    """One case in one look."""

    case: Case
    number: int
    """The step it stands at, of `steps`; 0 where the drawing numbers none."""
    steps: int
    """How many steps the drawing numbers."""
    step: str
    stage: str
    turns: list[Turn]
    waits: list[Wait]
    lacks: list[Requirement]
    """What the rules ask for and the evidence on record does not yet come to."""
    days: list[ToldDay]
    """The lawful days of every step still to come, those it stands at first."""
    troubled: bool
    place_until: Due | None = None
    """The last day on which the place reserved for the candidate is kept."""
    overdue_since: date | None = None
    """The first day that was missed: of a step that waits, or the latest of its lawful days."""
    strip: list[str] = field(default_factory=list)
    """For each numbered step `past`, `now` or empty."""

    @property
    def mine(self) -> bool:
        """Whether the signed-in person can act on it now."""
        return any(turn.mine for turn in self.turns)

    @property
    def is_told_overdue(self) -> bool:
        """Whether a step that waits says itself that it is overdue, so that its lawful days need not say it again."""
        return any(turn.due and turn.due.state == OVERDUE for turn in self.turns)

    @property
    def now(self) -> list[ToldDay]:
        """The lawful days of the steps it stands at."""
        return [each for each in self.days if each.is_now]

    @property
    def earliest(self) -> ToldBound | None:
        """From which day on the next step is lawful."""
        return max((each.earliest for each in self.now if each.earliest), key=lambda one: one.on, default=None)

    @property
    def latest(self) -> ToldBound | None:
        """Until which day the next step should be done."""
        return min((each.latest for each in self.now if each.latest), key=lambda one: one.on, default=None)

    @property
    def state(self) -> str:
        """`ended`, `overdue`, `soon` (due within a week), `early` (the next step is not lawful yet), or empty."""
        if self.case.ended_at:
            return ENDED
        if self.overdue_since:
            return OVERDUE
        if any(turn.due and turn.due.state for turn in self.turns):
            return SOON
        return EARLY if self.now and all(each.state == EARLY for each in self.now) else ""

    @property
    def words(self) -> str:
        """The state in words."""
        match self.state:
            case "overdue" if self.overdue_since:
                return gettext("已逾期 %(n)s 天", n=(clock.today() - self.overdue_since).days)
            case "soon":
                return min((turn.due for turn in self.turns if turn.due), key=lambda one: one.on).text
            case "early":
                return self.now[0].words
            case "ended":
                return gettext("已办结")
            case _:
                return gettext("未逾期")

    @property
    def urgency(self) -> tuple[int, date]:
        """What to do first comes first: overdue, soon due, one's own, the rest; each by its nearest day."""
        days = [turn.due.on for turn in self.turns if turn.due]
        rank = 0 if self.state == OVERDUE else 1 if self.state == SOON else 2 if self.mine else 3
        return rank, min(days, default=self.overdue_since or date.max)


def of_case(session: Session, case: Case, items: Sequence[WorkItem], waits: Sequence[DueTimer]) -> Summary:
    """One case, loaded with its state, that the reader may see."""
    [found] = _summaries(session, [BoardRow(case, list(items), list(waits))])
    return found


def of_rows(session: Session, rows: Sequence[BoardRow]) -> list[Summary]:
    """The cases of a board, in its order; their states are read here, all at once."""
    session.scalars(
        select(Case).where(Case.id.in_([row.case.id for row in rows])).options(undefer(Case.state)),
        execution_options={"populate_existing": True},
    ).all()
    return _summaries(session, rows)


def _summaries(session: Session, rows: Sequence[BoardRow]) -> list[Summary]:
    acting = WhoActs(session, [item for row in rows for item in row.items])
    last = [row.case.last_step_id for row in rows if row.case.last_step_id]
    records = dict(session.execute(select(StepRecord.id, StepRecord.step).where(StepRecord.id.in_(last))).all())
    troubled = {incident.case_id for incident in incidents.of_cases(session, [row.case.id for row in rows])}
    kept = reservations.last_days(session, [row.case.id for row in rows])
    parsed = {row.case.bundle_id: bundles.parsed(session, row.case.bundle_id) for row in rows}
    days = {row.case.id: days_of(row, parsed[row.case.bundle_id]) for row in rows}
    training = [row for row in rows if any(one.day == Day.ASSESSED for one in days[row.case.id])]
    counted = evidence.counted_of(session, [row.case for row in training])
    for row in training:
        if (found := counted.get(row.case.id)) and found.first_class_on:
            days[row.case.id] = days_of(row, parsed[row.case.bundle_id], found)
    return [
        _summary(
            row,
            parsed[row.case.bundle_id],
            acting=acting,
            last_step=records.get(row.case.last_step_id or 0),
            days=days[row.case.id],
            lacks=_lacks(row.case, counted.get(row.case.id)),
            troubled=row.case.id in troubled,
            place_until=due(kept.get(row.case.id)),
        )
        for row in rows
    ]


def days_of(row: BoardRow, bundle: ParsedBundle, counted: Counted | None = None) -> list[ToldDay]:
    """The lawful days of the steps a case stands at and of those after them; `counted` is its evidence so far."""
    nodes = [*(item.step for item in row.items), *(wait.step for wait in row.waits)]
    if not (bundle.dated_fields and nodes):
        return []
    data = cases.data_of(row.case)
    return lawful_days_told.told(bundle, data | {"": counted.as_data()} if counted else data, nodes)


def _lacks(case: Case, counted: Counted | None) -> list[Requirement]:
    if counted is None:
        return []
    asked = evidence_seen.requirements(cases.data_of(case), counted)
    return [one for one in asked if one.is_required and not one.is_met]


def _summary(
    row: BoardRow,
    bundle: ParsedBundle,
    *,
    acting: WhoActs,
    last_step: str | None,
    days: list[ToldDay],
    lacks: list[Requirement],
    troubled: bool,
    place_until: Due | None,
) -> Summary:
    at = _at(row, bundle, last_step)
    number = int(at.number) if at and at.number.isdigit() else 0
    turns = [_turn(item, bundle, acting) for item in row.items]
    waits = [Wait(wait.step, wait.label, wait.due_at.astimezone(OFFICE_ZONE).date()) for wait in row.waits]
    steps = steps_of(bundle)
    return Summary(
        case=row.case,
        number=number,
        steps=steps,
        step=at.label if at else "",
        stage=at.stage if at else "",
        turns=turns,
        waits=waits,
        lacks=lacks,
        days=days,
        troubled=troubled,
        place_until=place_until,
        overdue_since=_overdue_since(turns, days),
        strip=["past" if n < number else "now" if n == number else "" for n in range(1, steps + 1)],
    )


def steps_of(bundle: ParsedBundle) -> int:
    """The greatest number among the steps of a drawing; 0 where it numbers none."""
    return max((int(step.number) for step in bundle.steps.values() if step.number.isdigit()), default=0)


def _turn(item: WorkItem, bundle: ParsedBundle, acting: WhoActs) -> Turn:
    step = bundle.steps.get(item.step)
    return Turn(
        item=item,
        number=step.number if step else "",
        stage=step.stage if step else "",
        who=acting.line(item),
        due=due(item.due_on),
        mine=sight.is_addressed_to_me(item),
        papers=_papers(bundle.form(item.step)) if step else (),
    )


def _papers(form: Form) -> list[str]:
    """What the form must tell for the case to go on: its first outcome is the one that leads on."""
    onward = form.outcomes[0].value if form.outcomes else ""
    return [one.label for one in form.fields if one.kind != "text" and (one.required or _needed_for(one, onward))]


def _needed_for(one: Field, outcome: str) -> bool:
    if one.required_when is None:
        return False
    try:
        return bool(expressions.holds(one.required_when, {"outcome": outcome}))
    except ExpressionFault:
        return False  # it depends on more than the outcome; the form says so when it is missing


def _overdue_since(turns: Collection[Turn], days: Iterable[ToldDay]) -> date | None:
    missed = [turn.due.on for turn in turns if turn.due and turn.due.state == OVERDUE]
    ends = [one.latest.on for one in days if one.is_now and one.latest]
    return min([*missed, *(end for end in ends if end < clock.today())], default=None)


def _at(row: BoardRow, bundle: ParsedBundle, last_step: str | None) -> StepInfo | None:
    """The step a case stands at: the furthest open one, else the one it waits to reach, else the last."""
    waiting = [bundle.steps[item.step] for item in row.items if item.step in bundle.steps]
    waiting = waiting or [step for wait in row.waits if (step := _step_after(bundle, wait.step))]
    if waiting:
        return max(waiting, key=lambda step: int(step.number) if step.number.isdigit() else 0)
    return bundle.steps.get(last_step or "")


def _step_after(bundle: ParsedBundle, node_id: str) -> StepInfo | None:
    """The nearest user step that follows a wait on the drawing."""
    waiting, seen = [node_id], set()
    while waiting:
        at = waiting.pop(0)
        if at in bundle.steps:
            return bundle.steps[at]
        if at not in seen:
            seen.add(at)
            waiting += [flow.target for flow in bundle.drawing.outgoing(at)]
    return None
