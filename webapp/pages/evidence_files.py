"""Volunteer service from a file: choose it, see every row checked, then take all rows over or none."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from webapp import database, errors, identity, volunteer_template
from webapp.evidence_seen import fault_said
from webapp.pages.people_shown import names_of
from workflows.domain import units, volunteer_files
from workflows.domain.volunteer_files import COLUMNS, MOST_ROWS, OPTIONAL
from workflows.domain.workbooks import LARGEST_WORKBOOK
from workflows.errors import Refusal
from workflows.journal import Actor
from workflows.operations import evidence_files
from workflows.operations.evidence import ENTERED_BY

bp = Blueprint("evidence_files", __name__, url_prefix="/units/<id:unit_id>/volunteer-files")


@bp.get("/new")
@identity.post_needed(*ENTERED_BY)
def new(unit_id: int) -> Any:
    """What a file must look like, and choosing one."""
    return _page(unit_id)


@bp.get("/template.xlsx")
@identity.post_needed(*ENTERED_BY)
def template(unit_id: int) -> Any:
    """An empty workbook with the columns, and what belongs into each on a second sheet."""
    evidence_files.insist(database.session(), unit_id, _keeper(unit_id))
    name = gettext("志愿服务登记模板") + ".xlsx"
    return send_file(
        volunteer_template.workbook(gettext), volunteer_template.TYPE, as_attachment=True, download_name=name
    )


@bp.post("/check")
@identity.post_needed(*ENTERED_BY)
def check(unit_id: int) -> Any:
    """Every row with what is wrong with it; nothing is kept. Without a file, the text sent before with its columns."""
    session, actor = database.session(), _keeper(unit_id)
    sent = request.files.get("file") or FileStorage()
    text, sheet = request.form.get("text", ""), request.form.get("sheet", "")
    name = (sent.filename or request.form.get("name", ""))[: evidence_files.LONGEST_NAME]
    columns = _columns()
    try:
        if sent.filename or not text:
            opened = volunteer_files.open_file(sent.stream.read(LARGEST_WORKBOOK + 1))
            text, sheet = opened.text, opened.sheet
        checked = evidence_files.check(session, unit_id=unit_id, text=text, actor=actor, columns=columns)
    except Refusal as refusal:
        unknown = refusal.facts.get("why") == volunteer_files.NO_COLUMNS
        told = volunteer_files.headings(text) if unknown else []
        return _refused(unit_id, refusal, text=text, name=name, sheet=sheet, headings=told, chosen=columns)
    database.rollback()
    return _page(unit_id, checked=checked, text=text, name=name, sheet=sheet, chosen=columns)


@bp.post("")
@identity.post_needed(*ENTERED_BY)
def take(unit_id: int) -> Any:
    """Take over the file that was looked at."""
    session, actor = database.session(), _keeper(unit_id)
    name, text = request.form.get("name", ""), request.form.get("text", "")
    try:
        kept = evidence_files.take(session, unit_id=unit_id, name=name, text=text, actor=actor, columns=_columns())
        rows = kept.rows
        database.commit()
    except Refusal as refusal:
        return _refused(unit_id, refusal)
    flash(gettext("已登记 %(n)s 条志愿服务。", n=rows), "good")
    return redirect(url_for("cases.every", unit=unit_id), code=303)


def _columns() -> dict[str, str]:
    """Under which heading each column stands, where that was told."""
    told = {key: request.form.get(f"column-{key}", "") for key in COLUMNS}
    return {key: heading for key, heading in told.items() if heading}


def _keeper(unit_id: int) -> Actor:
    errors.concerning(unit_id=unit_id)
    return identity.actor(*ENTERED_BY, unit_id=unit_id)


def _refused(unit_id: int, refusal: Refusal, **shown: Any) -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if refusal.kind in ("invalid", "conflict"):
        answer.set_data(_page(unit_id, refusal=refusal, **shown))
    return answer


def _page(unit_id: int, refusal: Refusal | None = None, **shown: Any) -> str:
    session = database.session()
    unit = units.get(session, unit_id)
    evidence_files.insist(session, unit_id, _keeper(unit_id))
    checked = shown.get("checked")
    taken = checked.taken if checked else None
    return render_template(
        "evidence/file.html",
        unit=unit,
        columns=[(key, known[0], key in OPTIONAL) for key, known in COLUMNS.items()],
        most_rows=MOST_ROWS,
        refusal=_said(refusal) if refusal else "",
        taken=taken,
        taken_by=names_of(session, [taken.recorded_by]).who(taken.recorded_by) if taken else "",
        fault_said=fault_said,
        **shown,
    )


def _said(refusal: Refusal) -> str:
    """The refusal with its reason translated as well."""
    if "why" in refusal.facts:
        refusal.facts["why"] = gettext(str(refusal.facts["why"]))
    return refusal.message(gettext)
