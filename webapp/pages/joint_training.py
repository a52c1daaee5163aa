"""Joint training: the list of either side, and one look at a training for both."""

from flask import Blueprint, render_template

from webapp import identity, joint_training_seen
from webapp.pages import new_case
from workflows.errors import NotFound

bp = Blueprint("joint_training", __name__, url_prefix="/joint-training")


@bp.get("")
@identity.signed_in_needed
def every() -> str:
    """The trainings in the reader's sight, and the activists of his branch whose training has not begun."""
    begun_at = _beginning_at()
    waiting = [(*each, each[1] in begun_at) for each in joint_training_seen.to_be_begun()]
    return render_template(
        "joint_training/every.html",
        lines=joint_training_seen.listed(),
        waiting=waiting,
        process=joint_training_seen.PROCESS,
        most=joint_training_seen.MOST,
    )


@bp.get("/<id:training_id>")
@identity.signed_in_needed
def show(training_id: int) -> str:
    """Plan, time counted, the next assessment's last day and what was said at the last ones: the same for both."""
    return render_template(
        "joint_training/show.html", seen=joint_training_seen.look(joint_training_seen.find(training_id))
    )


def _beginning_at() -> list[int]:
    """The branches at which the reader may begin a training; none where the process has not been published."""
    try:
        return [unit.id for unit in new_case.branches_for(joint_training_seen.PROCESS)]
    except NotFound:
        return []
