"""Places checked for a list of candidates: who waits, asking for a check, watching it, its result as a file."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity, places_kept, quota_checks_seen
from webapp.pages import furniture
from webapp.pages.people_shown import names_of
from webapp.pages.quota_places import SPREADSHEET, as_csv, as_workbook, harmless
from webapp.pages.units_seen import chosen_unit
from webapp.quota_checks_seen import SeenLine
from workflows.domain import quota_checks, quotas, units
from workflows.domain.posts import PostKind
from workflows.domain.quota_checks import Verdict
from workflows.errors import Refusal
from workflows.operations.quota_checks import in_line

bp = Blueprint("quota_checks", __name__, url_prefix="/quota/checks")

READERS = (*furniture.COMMITTEES, PostKind.AUDITOR)

COLUMNS = ("序号", "姓名", "支部", "申请日期", "核对结果", "说明", "依据")

TAGS = {Verdict.FITS: "good", Verdict.NO_PLACE: "overdue", Verdict.RATIO: "overdue", Verdict.NO_COMMITTEE: "overdue"}


@bp.get("")
@identity.post_needed(*READERS)
def choose() -> str:
    """Everybody who waits, ticked, and the unit's last checks."""
    session = database.session()
    top, plan = chosen_unit(session, *READERS), quotas.current_plan(session)
    waiting, checks = in_line(session, top, quota_checks.LONGEST_LIST + 1), quota_checks.latest(session, top.id)
    return render_template(
        "quota/check_choose.html",
        top=top,
        plan=plan,
        waiting=waiting[: quota_checks.LONGEST_LIST],
        most=quota_checks.LONGEST_LIST if len(waiting) > quota_checks.LONGEST_LIST else None,
        row=quotas.overview(session, plan, top.id)[0],
        sight={unit_id: identity.may_see(unit_id) for unit_id in {each.unit_id for each in waiting}},
        keeps=places_kept.keeps(top.id),
        checks=checks,
        names=names_of(session, [check.asked_by for check in checks]),
    )


@bp.post("")
@identity.post_needed(*furniture.COMMITTEES)
def ask() -> Any:
    """Ask for a check of the ticked candidates."""
    unit_id = request.form.get("unit", 0, type=int)
    try:
        check = quota_checks_seen.ask(unit_id, request.form.getlist("item", type=int))
        database.commit()
    except Refusal as refusal:
        return errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    return redirect(url_for("quota_checks.show", check_id=check.id), code=303)


@bp.get("/<id:check_id>")
@identity.post_needed(*READERS)
def show(check_id: int) -> str:
    """How far a check has come, and the result of each candidate with its reason."""
    session, check = database.session(), quota_checks_seen.seen(check_id)
    return render_template(
        "quota/check.html",
        check=check,
        top=units.get(session, check.unit_id),
        lines=quota_checks_seen.lines(session, check),
        who=names_of(session, [check.asked_by]).who(check.asked_by),
        tags=TAGS,
        running=check.ended_at is None,
    )


@bp.get("/<id:check_id>/check.<any(csv, xlsx):kind>")
@identity.post_needed(*READERS)
def download(check_id: int, kind: str) -> Response:
    """The same lines as a file."""
    check = quota_checks_seen.seen(check_id)
    lines = quota_checks_seen.lines(database.session(), check)
    rows = [[gettext(label) for label in COLUMNS], *(_row(at, line) for at, line in enumerate(lines, 1))]
    body = as_csv(rows) if kind == "csv" else as_workbook(rows, gettext("名额核对"))
    response = Response(body, mimetype="text/csv" if kind == "csv" else SPREADSHEET)
    response.headers["Content-Disposition"] = f'attachment; filename="quota-check-{check.id}.{kind}"'
    return response


def _row(at: int, seen: SeenLine) -> list[str]:
    basis = f"{seen.rule}（{seen.article}）" if seen.article else seen.rule
    cells = [str(at), seen.name, seen.unit, seen.line.applied_on.isoformat(), seen.label, seen.why, basis]
    return [harmless(cell) for cell in cells]
