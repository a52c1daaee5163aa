"""The first page after signing in, notices, and the choice of language."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask import session as cookie

from webapp import database, identity
from webapp.pages import furniture
from webapp.pages.furniture import safe_next
from workflows.domain.posts import PostKind
from workflows.operations import notices as inbox_of_notices

bp = Blueprint("home", __name__)


@bp.get("/")
@identity.signed_in_needed
def start() -> Any:
    """Lead each person to where his work lies."""
    if identity.holds(*furniture.AT_A_BRANCH):
        return redirect(url_for("board.show"))
    if identity.holds(*furniture.KEEPERS, PostKind.AUDITOR) and not identity.holds(*furniture.COMMITTEES):
        return redirect(url_for("processes.every"))
    return redirect(url_for("inbox.show"))


@bp.post("/language")
def choose_language() -> Any:
    """Keep the reader's language in the session."""
    wanted = request.form.get("language", "")
    if wanted in current_app.config["LANGUAGES"]:
        cookie["language"] = wanted
    return redirect(safe_next(request.form.get("next")) or url_for("home.start"), code=303)


@bp.get("/notices")
@identity.signed_in_needed
def notices() -> str:
    """Reminders addressed to the person or to a post the person exercises."""
    found = inbox_of_notices.list_for(database.session(), identity.engine_posts(), identity.current_person().id)
    return render_template("home/notices.html", notices=found)


@bp.post("/notices/<id:notice_id>/read")
@identity.signed_in_needed
def read(notice_id: int) -> Any:
    """The person has read a notice; on to the case it is about."""
    held, person_id = identity.engine_posts(), identity.current_person().id
    inbox_of_notices.mark_read(database.session(), held, person_id, notice_id)
    database.commit()
    case_id = request.form.get("case", type=int)
    return redirect(url_for("cases.show", case_id=case_id) if case_id else url_for("home.notices"), code=303)
