"""The secretary's board: the candidates of a branch by stage, who must act, what is awaited and until when."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from webapp import database, identity
from webapp.lawful_days_told import ToldDay
from webapp.pages import case_view, furniture
from webapp.pages.due import Due, due
from webapp.pages.new_case import branches_for
from webapp.pages.people_shown import WhoActs
from webapp.pages.units_seen import own_units, units_below
from workflows.domain.units import Unit
from workflows.engine import bundles, inbox, incidents
from workflows.engine.bundles import ParsedBundle, StepInfo
from workflows.engine.inbox import BoardRow
from workflows.engine.tables import Case, StepRecord

bp = Blueprint("board", __name__, url_prefix="/board")

STAGES = ("申请入团", "入团积极分子的确定", "教育、培养和考察", "发展对象的确定", "新团员的接收")
"""The five stages of an admission (细则-2023), in order; the drawing's steps name theirs."""

MOST_CARDS = 300
"""Running cases one board shows; a large school's branch has some twenty."""


@dataclass(frozen=True)
class Line:
    """One thing a case waits for."""

    text: str
    who: str = ""
    due: Due | None = None
    url_item: int | None = None


@dataclass
class Card:
    """One candidate on the board."""

    case_id: int
    title: str
    unit: str
    number: int
    stage: str
    strip: list[str]
    lines: list[Line] = field(default_factory=list)
    days: list[ToldDay] = field(default_factory=list)
    """The lawful days of the steps it stands at."""
    troubled: bool = False

    @property
    def mine(self) -> bool:
        """Whether the signed-in person can act on it now."""
        return any(line.url_item for line in self.lines)

    @property
    def state(self) -> str:
        """`overdue` or `soon` by its nearest due day, else `mine` or empty."""
        states = {line.due.state for line in self.lines if line.due}
        return "overdue" if "overdue" in states else "soon" if "soon" in states else "mine" if self.mine else ""

    @property
    def urgency(self) -> tuple[int, date]:
        """What to do first comes first: overdue, soon due, one's own, the rest; each by its nearest due day."""
        days = [line.due.on for line in self.lines if line.due]
        return (("overdue", "soon", "mine", "").index(self.state), min(days, default=date.max))


@bp.get("")
@identity.post_needed(*furniture.AT_A_BRANCH)
def show() -> Any:
    """The board of one branch, or of all branches the person keeps."""
    session = database.session()
    branches = own_units(session, *furniture.AT_A_BRANCH)
    chosen = [unit for unit in branches if unit.id == request.args.get("unit", type=int)] or branches
    cards = _cards(session, [unit_id for unit in chosen for unit_id in units_below(session, unit)])
    wanted = request.args.get("show", "")
    name = request.args.get("name", "").strip()
    shown = [card for card in cards if _fits(card, wanted, name)]
    shown.sort(key=lambda card: card.urgency)
    columns = {stage: [card for card in shown if card.stage == stage] for stage in STAGES}
    return render_template(
        "board/show.html",
        branches=branches,
        chosen=chosen[0] if len(chosen) == 1 else None,
        columns=columns,
        figures=_figures(cards),
        startable=[bundle for bundle in bundles.all_latest(session) if branches_for(bundle.process)],
        show=wanted,
        name=name,
        empty=not cards,
    )


def _fits(card: Card, wanted: str, name: str) -> bool:
    if name and name not in card.title:
        return False
    if wanted == "mine":
        return card.mine
    return not wanted or any(line.due and line.due.state == wanted for line in card.lines)


def _figures(cards: list[Card]) -> dict[str, int]:
    figures: dict[str, int] = defaultdict(int)
    for card in cards:
        figures["all"] += 1
        figures["mine"] += card.mine
        for state in {line.due.state for line in card.lines if line.due and line.due.state}:
            figures[state] += 1
    return figures


def _cards(session: Session, unit_ids: list[int]) -> list[Card]:
    rows = inbox.cases_of(session, unit_ids, limit=MOST_CARDS)
    # One statement for what they keep of their days, not one for each card.
    kept = session.scalars(
        select(Case).where(Case.id.in_([row.case.id for row in rows])).options(undefer(Case.state)),
        execution_options={"populate_existing": True},
    )
    states = {case.id: case for case in kept}
    last = [row.case.last_step_id for row in rows if row.case.last_step_id]
    records = dict(session.execute(select(StepRecord.id, StepRecord.step).where(StepRecord.id.in_(last))).all())
    names = dict(session.execute(select(Unit.id, Unit.short_name).where(Unit.id.in_(unit_ids))).all())
    troubled = {incident.case_id for incident in incidents.of_cases(session, [row.case.id for row in rows])}
    acting = WhoActs(session)
    cards = []
    for row in rows:
        bundle = bundles.parsed(session, row.case.bundle_id)
        at = _at(row, bundle, records.get(row.case.last_step_id or 0))
        number = int(at.number) if at and at.number.isdigit() else 0
        cards.append(
            Card(
                case_id=row.case.id,
                title=row.case.title or gettext("新的申请"),
                unit=names.get(row.case.unit_id, ""),
                number=number,
                stage=at.stage if at and at.stage in STAGES else STAGES[0],
                strip=["past" if n < number else "now" if n == number else "" for n in range(1, case_view.STEPS + 1)],
                lines=_lines(session, row, acting),
                days=[day for day in case_view.days(states[row.case.id], bundle, row.items, row.waits) if day.is_now],
                troubled=row.case.id in troubled,
            )
        )
    return cards


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


def _lines(session: Session, row: BoardRow, acting: WhoActs) -> list[Line]:
    lines = []
    for item in row.items:
        mine = case_view.may_act(item)
        who = gettext("您") if mine else acting.line(item.unit_id, item.post_kind, item.person_id)
        lines.append(Line(item.label, who, due(item.due_on), item.id if mine else None))
    lines += [
        Line(gettext("等待：%(what)s，至 %(day)s", what=wait.label, day=furniture.day(wait.due_at)))
        for wait in row.waits
    ]
    return lines
