"""One lesson of a branch: what it was, and who of its candidates was there."""

from collections.abc import Collection, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity
from webapp.pages.evidence import field_of
from workflows.domain import units
from workflows.domain.evidence_forms import FORMS, Kind
from workflows.errors import Refusal
from workflows.journal import Actor
from workflows.operations import lessons
from workflows.operations.evidence import ENTERED_BY
from workflows.operations.lessons import LessonNotEntered

bp = Blueprint("lessons", __name__, url_prefix="/units/<id:unit_id>/lessons")

MOST_DIGITS = 18


@bp.route("/new", methods=["GET", "POST"])
@identity.post_needed(*ENTERED_BY)
def new(unit_id: int) -> Any:
    """The form of a lesson with everybody who may have been there, and entering it."""
    actor = _keeper(unit_id)
    if request.method == "GET":
        return _page(unit_id, {}, ())
    values = {each.key: request.form.get(each.key, "") for each in FORMS[Kind.CLASS_HOURS]}
    attended = [int(each) for each in request.form.getlist("item") if each.isdigit() and len(each) <= MOST_DIGITS]
    try:
        rows = lessons.hold(database.session(), unit_id=unit_id, values=values, attended=attended, actor=actor)
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind in ("invalid", "conflict"):
            answer.set_data(_page(unit_id, values, attended, refusal))
        return answer
    flash(gettext("已为 %(n)s 人登记团课“%(topic)s”。", n=len(rows), topic=values["topic"].strip()), "good")
    return redirect(url_for("lessons.new", unit_id=unit_id), code=303)


def _keeper(unit_id: int) -> Actor:
    errors.concerning(unit_id=unit_id)
    return identity.actor(*ENTERED_BY, unit_id=unit_id)


def _page(unit_id: int, values: Mapping[str, str], attended: Collection[int], refusal: Refusal | None = None) -> str:
    session = database.session()
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    fields = [field_of(each, values.get(each.key), wrong.get(each.key, "")) for each in FORMS[Kind.CLASS_HOURS]]
    whose = refusal.whose if isinstance(refusal, LessonNotEntered) else {}
    return render_template(
        "evidence/lesson.html",
        unit=units.get(session, unit_id),
        learners=lessons.learners(session, unit_id, _keeper(unit_id)),
        fields=fields,
        attended=attended,
        refusal=refusal.message(gettext) if refusal else "",
        errors={field.key: f"{field.label}：{field.error}" for field in fields if field.error},
        whose={case_id: each.message(gettext) for case_id, each in whose.items()},
    )
