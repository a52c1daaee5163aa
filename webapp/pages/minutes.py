"""The minutes of a branch meeting, made from what was entered: who was decided on that day, and by which figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from webapp import database, identity
from webapp.pages import case_view
from workflows.domain import meetings, minutes, transfers, units
from workflows.domain.meetings import Decision
from workflows.engine import bundles, cases
from workflows.engine.bundles import ParsedBundle
from workflows.engine.tables import Case, StepRecord
from workflows.errors import NotFound

bp = Blueprint("minutes", __name__, url_prefix="/cases")

COUNTS = "meetings.decide"
"""The operation that counts a meeting's votes; its parameter names the step at which they were entered."""


@dataclass(frozen=True)
class Decided:
    """One candidate of the meeting."""

    case_id: int
    name: str
    entered: dict[str, Any]
    decision: Decision
    resolution: str
    void: Sequence[Mapping[str, Any]] = ()
    """Ballots of the same day that were declared void, the first one first."""


@bp.get("/<id:case_id>/minutes")
@identity.signed_in_needed
def show(case_id: int) -> str:
    """The latest meeting that decided on the case, with everybody of the branch it decided on."""
    session = database.session()
    case = case_view.find(session, case_id)
    step = step_that_counts(bundles.parsed(session, case.bundle_id))
    mine = _latest(session, step, Case.id == case_id)
    if not mine:
        raise NotFound(what=gettext("支部大会记录"))
    held_on = mine[0][1].content["held_on"]
    # Where the meeting was: a candidate whom it did not adopt may have changed branch since.
    unit_id = transfers.whereabouts(session, case_id, case.unit_id)(mine[0][1].recorded_at)
    # Who sees this case only because he must act on it, such as its mentor, reads nothing of the others.
    every = _latest(session, step, Case.unit_id == unit_id) if identity.may_see(unit_id) else mine
    every = every if any(one.id == case_id for one, _ in every) else [*every, *mine]
    decided = [_decided(one, record) for one, record in every if record.content["held_on"] == held_on]
    attendance = {_attendance(one.entered) for one in decided}
    return render_template(
        "case/minutes.html",
        case=case,
        unit=units.get(session, unit_id),
        held_on=held_on,
        decided=decided,
        entered=decided[0].entered,
        decision=decided[0].decision,
        differs=len(attendance) > 1,
        summary=minutes.summary([one.decision for one in decided]),
        why_void=meetings.WHY_VOID,
        authorised=(cases.data_of(case).get("authorise_meeting") or {}),
    )


def step_that_counts(bundle: ParsedBundle) -> str:
    """The user step at which the votes of a meeting on admission are entered; empty when the drawing has none.

    A drawing may count a vote on activists before; the one that admits is the last.
    """
    nodes = reversed(bundle.drawing.nodes.values())
    return next((node.parameters.get("meeting", "") for node in nodes if node.operation == COUNTS), "")


def _latest(session: Session, step: str, which: Any) -> Sequence[tuple[Case, StepRecord]]:
    """Each case's last vote."""
    query = (
        select(Case, StepRecord)
        .join(StepRecord, StepRecord.case_id == Case.id)
        .where(StepRecord.step == step, which)
        .options(undefer(Case.state))
        .order_by(StepRecord.id)
    )
    voted = {case.id: (case, record) for case, record in session.execute(query) if _counts(record)}
    return list(voted.values())


def _counts(record: StepRecord) -> bool:
    """Whether votes were entered that stand; those of a ballot declared void are told beside them."""
    return "votes_for" in record.content and "void_reason" not in record.content


def _decided(case: Case, record: StepRecord) -> Decided:
    data, entered = cases.data_of(case), record.content
    rules, void = data["rules"], minutes.void_on(entered, (data.get("voided") or {}).get("ballots") or [])
    text = minutes.resolution(case.title, entered, rules, void)
    return Decided(case.id, case.title, entered, meetings.decide(entered, rules), text, void)


def _attendance(entered: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entered.get(key) or 0 for key in ("eligible_voters", "present_voters", "written_opinions"))
