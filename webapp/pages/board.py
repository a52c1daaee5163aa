"""The secretary's board: the candidates of a branch by stage, who must act, what is awaited and until when."""

from collections import defaultdict
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy import select

from webapp import case_summary, database, identity
from webapp.case_summary import Summary
from webapp.pages import furniture
from webapp.pages.new_case import about_whom, branches_for
from webapp.pages.units_seen import own_units, units_below
from workflows.domain.units import Unit
from workflows.engine import bundles, inbox

bp = Blueprint("board", __name__, url_prefix="/board")

STAGES = ("申请入团", "入团积极分子的确定", "教育、培养和考察", "发展对象的确定", "新团员的接收")
"""The five stages of an admission (细则-2023), in order; the drawing's steps name theirs."""

MOST_CARDS = 300
"""Running cases one board shows; a large school's branch has some twenty."""


@bp.get("")
@identity.post_needed(*furniture.AT_A_BRANCH)
def show() -> Any:
    """The board of one branch, or of all branches the person keeps."""
    session = database.session()
    branches = own_units(session, *furniture.AT_A_BRANCH)
    chosen = [unit for unit in branches if unit.id == request.args.get("unit", type=int)] or branches
    unit_ids = [unit_id for unit in chosen for unit_id in units_below(session, unit)]
    cards = case_summary.of_rows(session, inbox.cases_of(session, unit_ids, limit=MOST_CARDS))
    wanted = request.args.get("show", "")
    name = request.args.get("name", "").strip()
    shown = [card for card in cards if _fits(card, wanted, name)]
    shown.sort(key=lambda card: card.urgency)
    columns = {stage: [card for card in shown if _is_staged(card) and _stage(card) == stage] for stage in STAGES}
    startable = [bundle for bundle in bundles.all_latest(session) if branches_for(bundle.process)]
    return render_template(
        "board/show.html",
        branches=branches,
        chosen=chosen[0] if len(chosen) == 1 else None,
        columns=columns,
        names=dict(session.execute(select(Unit.id, Unit.short_name).where(Unit.id.in_(unit_ids))).all()),
        figures=_figures(cards),
        others=[card for card in shown if not _is_staged(card)],
        startable=[bundle for bundle in startable if about_whom(bundle.process) is None],
        about_people=[bundle for bundle in startable if about_whom(bundle.process) is not None],
        show=wanted,
        name=name,
        empty=not cards,
    )


def _is_staged(card: Summary) -> bool:
    """Whether it is on its way through the stages, and not a matter beside them: a correction, a recommendation."""
    return card.stage in STAGES or (not card.stage and card.number > 0)


def _stage(card: Summary) -> str:
    return card.stage if card.stage in STAGES else STAGES[0]


def _fits(card: Summary, wanted: str, name: str) -> bool:
    if name and name not in (card.case.title or ""):
        return False
    if wanted == "mine":
        return card.mine
    return not wanted or wanted in _states(card)


def _states(card: Summary) -> set[str]:
    """What a card is counted under: several steps may wait, one overdue and one soon due."""
    return {turn.due.state for turn in card.turns if turn.due and turn.due.state} | ({card.state} - {""})


def _figures(cards: list[Summary]) -> dict[str, int]:
    figures: dict[str, int] = defaultdict(int)
    for card in cards:
        figures["all"] += 1
        figures["mine"] += card.mine
        for state in _states(card):
            figures[state] += 1
    return figures
