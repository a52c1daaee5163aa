"""Every place explained: taken, used, returned or expired, when, by whom and for whom; with filters and as a file."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO, StringIO
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from openpyxl import Workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, identity
from webapp.due import Due, due
from webapp.pages import furniture
from webapp.pages.people_shown import names_of
from webapp.pages.quota_corrections import unit_names
from webapp.pages.units_seen import chosen_unit
from workflows.domain import quota_corrections, quota_uses, quotas, units
from workflows.domain.numbering import PlaceState
from workflows.domain.posts import PostKind
from workflows.domain.quota_uses import LABELS, PlaceUse
from workflows.domain.quotas import Plan
from workflows.domain.units import Unit
from workflows.engine.tables import Case
from workflows.operations import reservations

bp = Blueprint("quota_places", __name__, url_prefix="/quota/places")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)

PAGE = 100
BATCH = 1_000
"""Rows read at once for a file."""

FILTERS = {
    "reserved": (PlaceState.RESERVED, PlaceState.VOID),
    "used": (PlaceState.USED, PlaceState.FILED),
    "returned": (PlaceState.RELEASED,),
    "expired": (PlaceState.EXPIRED,),
}

COLUMNS = ("编号", "单位", "状态", "姓名", "预留于", "预留经办", "保留至", "使用或释放于", "经办", "说明")

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Line:
    """One place as the reader may know it: case and name only within his sight."""

    use: PlaceUse
    state: str
    case_id: int | None
    name: str
    until: Due | None
    """The last day on which a reserved place is kept for its candidate."""


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """One page of the places of a unit and everything below it."""
    session = database.session()
    top, plan = chosen_unit(session), _plan(session)
    found = _lines(session, top, plan, request.args.get("after", 0, type=int), PAGE + 1)
    corrected = quota_corrections.within(session, plan, top)
    return render_template(
        "quota/places.html",
        top=top,
        plan=plan,
        lines=found[:PAGE],
        more=found[PAGE - 1].use.place.id if len(found) > PAGE else None,
        below=units.children(session, top.id),
        parent=units.get(session, top.parent_id) if top.parent_id and identity.may_see(top.parent_id) else None,
        row=quotas.overview(session, plan, top.id)[0],
        state=_state(),
        number=_number(),
        corrected=corrected,
        names=unit_names(session, corrected),
        people=names_of(session, [person for each in corrected for person in (each.entered_by, each.settled_by)]),
        filters={"reserved": "预留", "used": "已用", "returned": "已释放", "expired": "已失效"},
    )


@bp.get("/places.<any(csv, xlsx):kind>")
@identity.post_needed(*READERS)
def download(kind: str) -> Response:
    """The same rows as a file; all of them."""
    session = database.session()
    top, plan = chosen_unit(session), _plan(session)
    rows = [_heading(), *(_row(line) for line in _every_line(session, top, plan))]
    body = as_csv(rows) if kind == "csv" else as_workbook(rows, gettext("名额去向"))
    response = Response(body, mimetype="text/csv" if kind == "csv" else SPREADSHEET)
    response.headers["Content-Disposition"] = f'attachment; filename="places-{plan.year}-{top.code}.{kind}"'
    return response


def _plan(session: Session) -> Plan:
    year = request.args.get("year", type=int)
    return quotas.plan_of_year(session, year) if year else quotas.current_plan(session)


def _state() -> str:
    wanted = request.args.get("state", "")
    return wanted if wanted in FILTERS else ""


def _number() -> str:
    return request.args.get("number", "").strip()[:12]


def _lines(session: Session, top: Unit, plan: Plan, after: int, limit: int) -> list[Line]:
    states = FILTERS.get(_state(), tuple(PlaceState))
    found = quota_uses.uses_of(session, plan, top, states=states, number=_number(), after=after, limit=limit)
    query = select(Case.id, Case.title, Case.unit_id).where(Case.id.in_({use.place.case_id for use in found}))
    cases = {case_id: (title, unit_id) for case_id, title, unit_id in session.execute(query)}
    seen = {unit_id: identity.may_see(unit_id) for unit_id in {unit_id for _, unit_id in cases.values()}}
    reserved = [use.place.case_id for use in found if use.place.state in FILTERS["reserved"]]
    kept = reservations.last_days(session, reserved)
    lines = []
    for use in found:
        title, unit_id = cases.get(use.place.case_id, ("", 0))
        readable = seen.get(unit_id, False)
        state = gettext(LABELS[use.place.state])
        until = due(kept.get(use.place.case_id)) if use.place.state in FILTERS["reserved"] else None
        lines.append(Line(use, state, use.place.case_id if readable else None, title if readable else "", until))
    return lines


def _every_line(session: Session, top: Unit, plan: Plan) -> Iterator[Line]:
    after = 0
    while found := _lines(session, top, plan, after, BATCH):
        yield from found
        after = found[-1].use.place.id


def _heading() -> list[str]:
    return [gettext(label) for label in COLUMNS]


def _row(line: Line) -> list[str]:
    use, place = line.use, line.use.place
    taken, ended = furniture.moment(place.reserved_at), furniture.moment(use.ended_at)
    until = line.until.on.isoformat() if line.until else ""
    cells = [place.number, use.unit_name, line.state, line.name, taken, use.taken_by, until, ended, use.ended_by]
    cells.append(use.reason)
    return [harmless(cell) for cell in cells]


def harmless(cell: str) -> str:
    """A spreadsheet must not take what somebody typed for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def as_csv(rows: list[list[str]]) -> bytes:
    """The rows as a CSV file that spreadsheets read as UTF-8."""
    out = StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def as_workbook(rows: list[list[str]], title: str) -> bytes:
    """The rows as an Excel workbook of one sheet."""
    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    out = BytesIO()
    book.save(out)
    return out.getvalue()
