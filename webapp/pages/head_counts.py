"""Head counts: what stands for a unit and those below it, entered class by class, in totals, or from a file."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from webapp import database, errors, identity, places_kept
from webapp.pages import furniture
from webapp.pages.people_shown import names_of
from webapp.pages.units_seen import chosen_unit, own_units
from workflows import clock
from workflows.domain import head_count_files, head_counts, quotas, ratios, units
from workflows.domain.head_count_files import COLUMNS, OPTIONAL
from workflows.domain.head_counts import STAGES, Counts, CountsWrong, Line, Standing
from workflows.domain.posts import PostKind
from workflows.domain.quota_ledger import NoPlan
from workflows.domain.ratios import Limits, Mark, Scope
from workflows.domain.unit_files import LARGEST_FILE, MOST_ROWS
from workflows.domain.units import Field, Unit, UnitKind
from workflows.errors import Refusal
from workflows.operations import head_counts as entering

bp = Blueprint("head_counts", __name__, url_prefix="/head-counts")

READERS = (*furniture.COMMITTEES, PostKind.AUDITOR)
TOTALS = [
    (stage, graduating) for stage in STAGES for graduating in (False, True) if stage != Field.SOCIETY or not graduating
]
"""The lines a unit above the classes may report."""


@dataclass(frozen=True)
class RowSeen:
    """One unit below with what stands for it."""

    unit: Unit
    counts: Counts
    shares: list[tuple[str, str, Mark]]


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """What stands for a unit, and where its figures are entered."""
    return _page(chosen_unit(database.session(), *READERS))


@bp.post("/classes")
@identity.post_needed(*furniture.COMMITTEES)
def enter_classes() -> Any:
    """Keep what was sent for each class of a school; classes whose figures are the same, or empty, are left alone."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        unit, actor = units.get(session, unit_id), places_kept.counter_of(unit_id)
        classes = [each for each in units.children(session, unit.id) if each.kind == UnitKind.BRANCH]
        sent = {each.id: _line(str(each.id)) for each in classes if request.form.get(f"students-{each.id}", "").strip()}
        _insist(sent)
        for class_id, line in sent.items():
            entering.enter(session, unit_id=class_id, as_of=_day(), lines=[line], source=_source(), actor=actor)
        database.commit()
    except Refusal as refusal:
        return _again(refusal, unit_id)
    flash(gettext("已保存 %(n)s 个班级的人数。", n=len(sent)), "good")
    return redirect(url_for("head_counts.show", unit=unit_id, year=_year()), code=303)


@bp.post("/totals")
@identity.post_needed(*furniture.COMMITTEES)
def enter_totals() -> Any:
    """Keep what a unit reports in totals for itself and everything below it."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        actor = places_kept.counter_of(unit_id)
        keys = [(f"{stage}.{int(graduating)}", stage, graduating) for stage, graduating in TOTALS]
        lines = {key: _line(key, stage, graduating) for key, stage, graduating in keys if _given(key)}
        youth = _whole(request.form.get("youth", "")) if request.form.get("youth", "").strip() else None
        _insist(lines)
        entering.enter(
            session,
            unit_id=unit_id,
            as_of=_day(),
            lines=list(lines.values()),
            source=_source(),
            actor=actor,
            youth=youth,
        )
        database.commit()
    except Refusal as refusal:
        return _again(refusal, unit_id)
    flash(gettext("已保存本级汇总人数。"), "good")
    return redirect(url_for("head_counts.show", unit=unit_id, year=_year()), code=303)


@bp.post("/file/check")
@identity.post_needed(*furniture.COMMITTEES)
def check_file() -> Any:
    """Every line of a file with what is wrong with it; nothing is kept."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    sent = request.files.get("file") or FileStorage()
    try:
        actor = places_kept.counter_of(unit_id)
        with closing(sent):
            text = head_count_files.text_of(sent.stream.read(LARGEST_FILE + 1))
        rows = entering.check_file(session, unit_id=unit_id, text=text, actor=actor)
    except Refusal as refusal:
        return _again(refusal, unit_id, "head_counts/file.html")
    return _page(
        units.get(session, unit_id),
        template="head_counts/file.html",
        rows=rows,
        text=text,
        name=(sent.filename or "")[:80],
    )


@bp.get("/file")
@identity.post_needed(*furniture.COMMITTEES)
def file() -> str:
    """What a file must look like, and choosing one."""
    unit = chosen_unit(database.session(), *furniture.COMMITTEES)
    places_kept.counter_of(unit.id)
    return _page(unit, template="head_counts/file.html")


@bp.post("/file")
@identity.post_needed(*furniture.COMMITTEES)
def take_file() -> Any:
    """Take over the file that was looked at."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        actor, source = places_kept.counter_of(unit_id), gettext("文件 %(name)s", name=request.form.get("name", ""))
        text = request.form.get("text", "")
        kept = entering.take_file(session, unit_id=unit_id, as_of=_day(), text=text, source=source, actor=actor)
        database.commit()
    except Refusal as refusal:
        return _again(refusal, unit_id, "head_counts/file.html")
    flash(gettext("已采用文件，共 %(n)s 个组织。", n=len(kept)), "good")
    return redirect(url_for("head_counts.show", unit=unit_id, year=_year()), code=303)


def _given(key: str) -> bool:
    return any(request.form.get(f"{name}-{key}", "").strip() for name in ("students", "members", "applicants"))


def _line(key: str, stage: Field | None = None, graduating: bool | None = None) -> Line:
    """The line sent for one row; what is no whole number becomes one that is refused."""
    if stage is None:
        told = request.form.get(f"stage-{key}", "")
        stage = Field(told) if told in set(Field) else Field.SENIOR
    if graduating is None:
        graduating = f"graduating-{key}" in request.form
    applicants = request.form.get(f"applicants-{key}", "").strip()
    return Line(
        stage,
        graduating,
        _whole(request.form.get(f"students-{key}", "")),
        _whole(request.form.get(f"members-{key}", "") or "0"),
        _whole(applicants) if applicants else None,
    )


def _whole(sent: str) -> int:
    sent = sent.strip().replace(",", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1


def _insist(lines: Mapping[Any, Line]) -> None:
    """Raises CountsWrong with every wrong figure at the row it was sent in."""
    wrong = {
        f"{field}-{key}": why for key, line in lines.items() for field, why in head_counts.line_faults(line).items()
    }
    if wrong:
        raise CountsWrong(fields=wrong)


def _source() -> str:
    return request.form.get("source", "")


def _year() -> int:
    return request.values.get("year", 0, type=int) or _plan_year()


def _plan_year() -> int:
    try:
        return quotas.current_plan(database.session()).year
    except NoPlan:
        return clock.today().year


def _day() -> Any:
    return head_counts.day_for(min(max(_year(), 2000), 2100))


def _again(refusal: Refusal, unit_id: int, template: str = "head_counts/show.html") -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if refusal.kind in ("invalid", "conflict") and unit_id:
        answer.set_data(_page(units.get(database.session(), unit_id), refusal, request.form, template=template))
    return answer


def _page(
    unit: Unit,
    refusal: Refusal | None = None,
    sent: Mapping[str, str] | None = None,
    *,
    template: str = "head_counts/show.html",
    **shown: Any,
) -> str:
    session, day = database.session(), _day()
    standing, limits = Standing(session, unit, day), ratios.limits_for(session, unit.id)
    below = units.children(session, unit.id)
    reports = head_counts.reports_of(session, unit.id)
    if refusal and "why" in refusal.facts:
        refusal.facts["why"] = gettext(str(refusal.facts["why"]))
    return render_template(
        template,
        unit=unit,
        own=own_units(session, *READERS),
        year=day.year + 1,
        as_of=day,
        whole=_row(unit, standing.of(unit), limits),
        rows_below=[_row(each, standing.of(each), limits) for each in below],
        classes=places_kept.has_classes(unit, below),
        enters=places_kept.above_of(unit) is not None,
        stages=STAGES,
        totals=_totals(session, unit, day),
        reports=reports,
        names=names_of(session, [report.recorded_by for report in reports]),
        columns=[(known[0], key in OPTIONAL) for key, known in COLUMNS.items()],
        most_rows=MOST_ROWS,
        sent=sent,
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        **shown,
    )


def _row(unit: Unit, counts: Counts, limits: Limits) -> RowSeen:
    found = [(scope, ratios.of_scope(counts, scope, limits)) for scope in Scope]
    shares = [
        (gettext(scope.label), ratios.percent(ratio.now), ratio.mark_now) for scope, ratio in found if ratio.students
    ]
    youth = ratios.of_youth(counts)
    if youth is not None:
        shares.append((gettext("团青比"), ratios.percent(youth), Mark.NONE))
    return RowSeen(unit, counts, shares)


def _totals(session: Any, unit: Unit, day: Any) -> list[dict[str, Any]]:
    """The rows of the form for totals, with the unit's own standing report."""
    report = head_counts.standing_of(session, unit.id, day)
    standing = (
        {(line.stage, line.is_graduating): line for line in head_counts.lines_of(session, report.id)} if report else {}
    )
    return [
        {
            "key": f"{stage}.{int(graduating)}",
            "stage": STAGES[stage],
            "graduating": graduating,
            "line": standing.get((stage, graduating)),
        }
        for stage, graduating in TOTALS
    ] + [{"key": "youth", "youth": report.youth if report else None}]
