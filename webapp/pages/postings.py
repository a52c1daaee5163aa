"""Public notices: the page everybody may read without signing in, and the notices of a case for its clerks."""

from flask import Blueprint, Response, make_response, render_template
from flask_babel import gettext

from webapp import database, identity, limits
from webapp.pages import case_view
from workflows import clock
from workflows.domain import postings, units
from workflows.domain.units import APPROVING
from workflows.errors import NotFound

bp = Blueprint("postings", __name__)


@bp.get("/postings/<token>")
@limits.reading
def show(token: str) -> Response:
    """One sheet, for everybody who has its address; when nothing on it is current any more, only that it has ended.

    Copies whose last day has passed are erased on the way, so that nobody depends on the nightly job.
    """
    session = database.session()
    posting = postings.at(session, token)
    if posting is None:
        raise NotFound(what=gettext("公示"))
    if postings.take_down_over(session, posting.id):
        database.commit()
    shown = postings.shown_on(session, posting.id)
    unit = units.get(session, posting.unit_id)
    committee = units.ancestor(session, unit.id, *APPROVING)
    page = render_template("postings/show.html", posting=posting, shown=shown, unit=unit, committee=committee)
    answer = make_response(page)
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer


@bp.get("/cases/<id:case_id>/postings")
@identity.signed_in_needed
def of_case(case_id: int) -> str:
    """The notices of a case: until when each hangs, or why it was taken down, and the address to hand on."""
    session = database.session()
    case = case_view.find(session, case_id)
    found = postings.of_case(session, case_id)
    return render_template("postings/of_case.html", case=case, found=found, today=clock.today())
