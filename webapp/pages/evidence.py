"""Evidence of training under a case: what is on record and what it comes to, entering and correcting it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext

from webapp import database, errors, evidence_seen, identity
from webapp.evidence_seen import Seen
from webapp.pages.form_view import FieldView
from webapp.pages.people_shown import Names, names_of
from workflows import clock
from workflows.domain import evidence as ledger
from workflows.domain import evidence_forms
from workflows.domain.evidence import LONGEST_REASON, CorrectedAlready, Evidence
from workflows.domain.evidence_count import Standing
from workflows.domain.evidence_forms import FORMS, LONGEST_NAME, Kind, Particular
from workflows.engine.environment import Choice
from workflows.engine.tables import Case
from workflows.errors import NotFound, Refusal
from workflows.operations import evidence

bp = Blueprint("evidence", __name__, url_prefix="/cases/<id:case_id>/evidence")

STRIKE = "strike"

HELP = {
    "minutes": lazy_gettext("实际授课的分钟数；每满一学时的分钟数计一学时，零头不计"),
    "hours": lazy_gettext("最多一位小数，如 2.5"),
    "document": lazy_gettext("纸质材料的名称或登记编号，可不填"),
}


@dataclass(frozen=True)
class Line:
    """One row as the page shows it; `counted` is empty for a row that no longer stands."""

    row: Evidence
    who: str
    counted: str
    why: str
    is_late: bool
    """Whether it was entered on a later day than it happened."""


@dataclass(frozen=True)
class Section:
    """All rows of a kind that stand."""

    kind: Kind
    label: str
    lines: list[Line]


@bp.get("")
@identity.signed_in_needed
def show(case_id: int) -> str:
    """Totals against what the rules ask for, and every row."""
    seen = evidence_seen.of_case(case_id)
    rows = seen.on_file.rows
    names = names_of(database.session(), [person for row in rows for person in (row.recorded_by, row.for_person_id)])
    standing = seen.on_file.counted.rows
    sections = [_section(kind, [each for each in standing if each.row.kind == kind], names) for kind in Kind]
    return render_template(
        "evidence/show.html",
        case=seen.case,
        seen=seen,
        takes_files=seen.may_enter and evidence_seen.takes_files(seen.case.unit_id),
        sections=sections,
        replaced=[_line(Standing(row, 0), names, "") for row in seen.replaced],
        later={row.corrects_id: row for row in rows if row.corrects_id},
        frame=seen.on_file.frame,
    )


@bp.route("/new/<kind>", methods=["GET", "POST"])
@identity.signed_in_needed
def new(case_id: int, kind: str) -> Any:
    """The form of one kind, and entering it."""
    if kind not in set(Kind):
        raise NotFound(what=gettext("培养材料"))
    seen, wanted = evidence_seen.of_case(case_id), Kind(kind)
    if request.method == "GET":
        _insist(seen)
        return _form_page(seen.case, wanted, {})
    sent = _sent(wanted)
    try:
        actor = evidence_seen.keeper(seen.case)
        evidence.enter(database.session(), case=seen.case, kind=wanted, values=sent, actor=actor)
        database.commit()
    except Refusal as refusal:
        return _answered(refusal, lambda why: _form_page(_again(case_id), wanted, sent, why))
    flash(gettext("已登记：%(what)s。", what=gettext(wanted.label)), "good")
    return redirect(url_for("evidence.show", case_id=case_id), code=303)


@bp.route("/<id:entry_id>/correction", methods=["GET", "POST"])
@identity.signed_in_needed
def correct(case_id: int, entry_id: int) -> Any:
    """The form of a row as it stands, and correcting it or striking it out with a reason."""
    seen = evidence_seen.of_case(case_id)
    row = next((each for each in seen.on_file.rows if each.id == entry_id), None)
    if row is None:
        raise NotFound(what=gettext("培养材料"))
    if request.method == "GET":
        _insist(seen)
        if row in seen.replaced:
            later = next((each.id for each in seen.on_file.rows if each.corrects_id == row.id), row.id)
            raise CorrectedAlready(id=row.id, by=later)
        return _form_page(seen.case, row.kind, evidence_forms.as_sent(row.kind, row), of=row)
    kind, sent, reason = row.kind, _sent(row.kind), request.form.get("reason", "")
    strikes = request.form.get("act") == STRIKE
    try:
        evidence.correct(
            database.session(),
            case=seen.case,
            entry_id=entry_id,
            values=None if strikes else sent,
            reason=reason,
            actor=evidence_seen.keeper(seen.case),
        )
        database.commit()
    except Refusal as refusal:
        sent["reason"] = reason
        return _answered(refusal, lambda why: _corrected_again(case_id, entry_id, kind, sent, why))
    done = gettext("已划去第 %(id)s 号。", id=entry_id) if strikes else gettext("已更正第 %(id)s 号。", id=entry_id)
    flash(done, "good")
    return redirect(url_for("evidence.show", case_id=case_id), code=303)


def _insist(seen: Seen) -> None:
    """Nobody is shown a form that he may not send."""
    if not seen.may_enter:
        raise evidence.CaseOver() if seen.case.ended_at else evidence.EvidenceNotYours()


def _answered(refusal: Refusal, page: Callable[[Refusal], str]) -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if refusal.kind in ("invalid", "conflict"):
        answer.set_data(page(refusal))
    return answer


def _again(case_id: int) -> Case:
    return evidence_seen.case_in_sight(case_id)


def _corrected_again(case_id: int, entry_id: int, kind: Kind, sent: Mapping[str, Any], refusal: Refusal) -> str:
    return _form_page(_again(case_id), kind, sent, refusal, of=ledger.get(database.session(), entry_id))


def _sent(kind: Kind) -> dict[str, str]:
    return {each.key: request.form.get(each.key, "") for each in FORMS[kind]}


def _form_page(
    case: Case, kind: Kind, values: Mapping[str, Any], refusal: Refusal | None = None, of: Evidence | None = None
) -> str:
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    fields = [field_of(each, values.get(each.key), wrong.get(each.key, "")) for each in FORMS[kind]]
    reason = FieldView(
        "reason",
        gettext("更正理由"),
        "textarea",
        values.get("reason", ""),
        required=True,
        error=wrong.get("reason", ""),
        longest=LONGEST_REASON,
    )
    return render_template(
        "evidence/form.html",
        case=case,
        kind=kind,
        of=of,
        fields=fields,
        reason=reason if of else None,
        refusal=refusal.message(gettext) if refusal else "",
        errors={field.key: f"{field.label}：{field.error}" for field in (*fields, reason) if field.error},
    )


def field_of(particular: Particular, value: Any, error: str) -> FieldView:
    """One field of a kind of evidence as a form shows it, with what was sent and what is wrong with that."""
    kind = "textarea" if particular.longest > LONGEST_NAME and particular.key == "topic" else "textfield"
    if particular.choices:
        kind = "radio"
    elif particular.key in ("minutes", "hours"):
        kind = "number"
    elif particular.key == "happened_on":
        kind = "date"
    return FieldView(
        particular.key,
        gettext(particular.label),
        kind,
        value.isoformat() if isinstance(value, date) else "" if value is None else str(value),
        required=particular.required,
        help=str(HELP.get(particular.key, "")),
        error=error,
        choices=[Choice(word, gettext(label)) for word, label in particular.choices],
        minimum=0 if kind == "number" else None,
        decimals=1 if particular.key == "hours" else 0,
        longest=particular.longest,
    )


def _section(kind: Kind, standing: list[Standing], names: Names) -> Section:
    lines = [_line(each, names, evidence_seen.counted_said(each)) for each in standing]
    return Section(kind, gettext(kind.label), lines)


def _line(standing: Standing, names: Names, counted: str) -> Line:
    row = standing.row
    return Line(
        row=row,
        who=names.who(row.recorded_by, row.for_person_id),
        counted=counted,
        why=evidence_seen.why_said(standing.why),
        is_late=row.recorded_at.astimezone(clock.OFFICE_ZONE).date() != row.happened_on,
    )
