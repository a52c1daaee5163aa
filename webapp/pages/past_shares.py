"""Last year's places of the units below, where the system has no plan of that year: entered by hand or from a file."""

from contextlib import closing
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from webapp import database, errors, identity, past_shares_seen, places_kept
from webapp.pages import furniture
from webapp.pages.units_seen import chosen_unit
from workflows import clock
from workflows.domain import past_share_files, quotas, units
from workflows.domain.past_shares import OLDEST_YEAR
from workflows.domain.posts import PostKind
from workflows.domain.quota_ledger import NoPlan
from workflows.domain.unit_files import LARGEST_FILE, MOST_ROWS
from workflows.domain.units import Unit
from workflows.errors import Refusal
from workflows.operations import past_shares as entering

bp = Blueprint("past_shares", __name__, url_prefix="/quota/last-year")

READERS = (*furniture.COMMITTEES, PostKind.AUDITOR)


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """What the units below were allotted in the year before the plan, and where each figure comes from."""
    return _page(chosen_unit(database.session(), *READERS))


@bp.post("")
@identity.post_needed(*furniture.COMMITTEES)
def enter() -> Any:
    """Keep the figures sent; an empty field is left alone."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        actor = places_kept.counter_of(unit_id)
        below = units.children(session, unit_id)
        sent = {each.id: request.form.get(f"amount-{each.id}", "").strip() for each in below}
        amounts = {key: _whole(text) for key, text in sent.items() if text}
        kept = entering.enter(
            session, unit_id=unit_id, year=_year(), amounts=amounts, source=request.form.get("source", ""), actor=actor
        )
        database.commit()
    except Refusal as refusal:
        return _again(refusal, unit_id)
    return _kept(len(kept), unit_id)


@bp.post("/file/check")
@identity.post_needed(*furniture.COMMITTEES)
def check_file() -> Any:
    """Every line of a file with what is wrong with it; nothing is kept."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    sent = request.files.get("file") or FileStorage()
    try:
        actor = places_kept.counter_of(unit_id)
        with closing(sent):
            text = past_share_files.text_of(sent.stream.read(LARGEST_FILE + 1))
        rows = entering.check_file(session, unit_id=unit_id, year=_year(), text=text, actor=actor)
    except Refusal as refusal:
        return _again(refusal, unit_id)
    return _page(units.get(session, unit_id), rows=rows, text=text, name=(sent.filename or "")[:80])


@bp.post("/file")
@identity.post_needed(*furniture.COMMITTEES)
def take_file() -> Any:
    """Take over the file that was looked at."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        actor, source = places_kept.counter_of(unit_id), gettext("文件 %(name)s", name=request.form.get("name", ""))
        text = request.form.get("text", "")
        kept = entering.take_file(session, unit_id=unit_id, year=_year(), text=text, source=source, actor=actor)
        database.commit()
    except Refusal as refusal:
        return _again(refusal, unit_id)
    return _kept(len(kept), unit_id)


def _kept(number: int, unit_id: int) -> Any:
    flash(gettext("已补录 %(n)s 个单位的上年名额。", n=number), "good")
    return redirect(url_for("past_shares.show", unit=unit_id, year=_year()), code=303)


def _whole(sent: str) -> int:
    sent = sent.replace(",", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1


def _year() -> int:
    """The year whose places are meant; unless asked for, the one before the open plan's."""
    wanted = request.values.get("year", type=int)
    if wanted is not None:
        return min(max(wanted, OLDEST_YEAR), 2100)
    try:
        return quotas.current_plan(database.session()).year - 1
    except NoPlan:
        return clock.today().year - 1


def _again(refusal: Refusal, unit_id: int) -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if refusal.kind in ("invalid", "conflict") and unit_id:
        answer.set_data(_page(units.get(database.session(), unit_id), refusal))
    return answer


def _page(unit: Unit, refusal: Refusal | None = None, **shown: Any) -> str:
    session, year = database.session(), _year()
    below = units.children(session, unit.id)
    if refusal and "why" in refusal.facts:
        refusal.facts["why"] = gettext(str(refusal.facts["why"]))
    return render_template(
        "quota/past_shares.html",
        unit=unit,
        year=year,
        below=below,
        shares=past_shares_seen.of_year(session, year, [each.id for each in below]),
        enters=places_kept.above_of(unit) is not None,
        columns=[known[0] for known in past_share_files.COLUMNS.values()],
        most_rows=MOST_ROWS,
        sent=request.form,
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        **shown,
    )
