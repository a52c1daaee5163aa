"""The Party side's monthly list from a file: choose it, see every row checked, then take all rows over or none."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from webapp import database, errors, identity, party_kept, party_list_template
from webapp.volunteer_template import TYPE
from workflows.domain import party_event_files, party_events, units
from workflows.domain.party_event_files import COLUMNS, MOST_ROWS, OPTIONAL
from workflows.domain.party_events import PartyEventKind
from workflows.domain.workbooks import LARGEST_WORKBOOK
from workflows.errors import Refusal
from workflows.operations import party_events as entering

bp = Blueprint("party_lists", __name__, url_prefix="/party-units/<id:unit_id>/lists")

LABELS = {key: known[0] for key, known in COLUMNS.items()}


@bp.get("/new")
@identity.post_needed(*entering.ENTERED_BY)
def new(unit_id: int) -> str:
    """What a list must look like, and choosing one."""
    return _page(unit_id)


@bp.get("/template.xlsx")
@identity.post_needed(*entering.ENTERED_BY)
def template(unit_id: int) -> Any:
    """An empty workbook with the columns, and what belongs into each on a second sheet."""
    entering.insist(database.session(), unit_id, party_kept.enterer(unit_id))
    name = gettext("党组织月报模板") + ".xlsx"
    return send_file(party_list_template.workbook(gettext), TYPE, as_attachment=True, download_name=name)


@bp.post("/check")
@identity.post_needed(*entering.ENTERED_BY)
def check(unit_id: int) -> Any:
    """Every row with what is wrong with it; nothing is kept."""
    session, actor = database.session(), party_kept.enterer(unit_id)
    sent = request.files.get("file") or FileStorage()
    name = (sent.filename or "")[: party_events.LONGEST_DOCUMENT]
    try:
        text = party_event_files.open_file(sent.stream.read(LARGEST_WORKBOOK + 1)).text
        rows = entering.check_file(session, party_unit_id=unit_id, text=text, actor=actor)
    except Refusal as refusal:
        return _refused(unit_id, refusal)
    database.rollback()
    return _page(unit_id, rows=rows, text=text, name=name)


@bp.post("")
@identity.post_needed(*entering.ENTERED_BY)
def take(unit_id: int) -> Any:
    """Take over the list that was looked at."""
    session, actor = database.session(), party_kept.enterer(unit_id)
    name, text = request.form.get("name", ""), request.form.get("text", "")
    try:
        file = entering.take_file(session, party_unit_id=unit_id, name=name, text=text, actor=actor)
        told = {"n": file.taken, "rest": file.rows - file.taken}
        database.commit()
    except Refusal as refusal:
        return _refused(unit_id, refusal)
    flash(gettext("已登记 %(n)s 条，另有 %(rest)s 条此前已登记。", **told), "good")
    return redirect(url_for("party_events.show", unit=unit_id), code=303)


def _refused(unit_id: int, refusal: Refusal) -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if refusal.kind in ("invalid", "conflict"):
        answer.set_data(_page(unit_id, refusal))
    return answer


def _page(unit_id: int, refusal: Refusal | None = None, **shown: Any) -> str:
    session = database.session()
    entering.insist(session, unit_id, party_kept.enterer(unit_id))
    if refusal and "why" in refusal.facts:
        refusal.facts["why"] = gettext(str(refusal.facts["why"]))
    return render_template(
        "party_events/file.html",
        unit=units.get(session, unit_id),
        columns=[(LABELS[key], key in OPTIONAL) for key in COLUMNS],
        kinds=[kind.label for kind in PartyEventKind],
        most_rows=MOST_ROWS,
        refusal=refusal.message(gettext) if refusal else "",
        faults_said=_faults_said,
        **shown,
    )


def _faults_said(row: entering.CheckedRow) -> list[str]:
    """What is wrong with a row, each fault with its column and cell."""
    if row.refusal is None:
        return []
    if not row.refusal.fields:
        return [row.refusal.message(gettext)]
    return [
        f"{LABELS.get(key, '')} {row.row.cells.get(key, '')}：{gettext(text)}".strip()
        for key, text in row.refusal.fields.items()
    ]
