"""A member number and its history: what it is, through whose hands it passed, who held it and when."""

from flask import Blueprint, render_template, request
from flask_babel import gettext

from webapp import identity, number_told
from webapp.pages import furniture
from workflows.domain.posts import PostKind
from workflows.domain.quota_refusals import NumberUnknown
from workflows.errors import NotFound

bp = Blueprint("numbers", __name__, url_prefix="/numbers")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)


@bp.get("")
@identity.post_needed(*READERS)
def find() -> str:
    """Look a number up; without one, the empty search."""
    wanted = request.args.get("number", "").strip()
    told, refusal = None, ""
    if wanted:
        try:
            told = number_told.told(wanted)
        except (NumberUnknown, NotFound) as unknown:
            refusal = unknown.message(gettext)
    return render_template("quota/number.html", wanted=wanted, told=told, refusal=refusal)
