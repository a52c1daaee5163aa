"""Places: the year's plan for a unit and those that report to it, passing places on, and who holds them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, errors, identity, quota_acts, quota_waiting
from webapp.due import Due, due
from webapp.pages import furniture
from webapp.pages.units_seen import chosen_unit, own_units
from workflows.domain import quotas, units
from workflows.domain.posts import PostKind
from workflows.domain.quota_ledger import PlanState
from workflows.domain.quotas import Place, Plan, QuotaRow
from workflows.domain.units import Unit
from workflows.engine.tables import Case
from workflows.errors import Refusal
from workflows.operations import reservations

bp = Blueprint("quota", __name__, url_prefix="/quota")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)
MOVEMENTS_SHOWN = 20
PLACES_SHOWN = 100


@dataclass(frozen=True)
class Line:
    """One unit's line with what a bar shows: shares of what lies with the unit and below it, in percent."""

    row: QuotaRow
    total: int
    used: float
    reserved: float


@dataclass(frozen=True)
class HeldPlace:
    """One place and its holder; the name is empty for who may not read that case."""

    place: Place
    name: str
    case_id: int | None
    until: Due | None
    """The last day on which it is kept for its candidate, while it is reserved."""


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """The plan as it stands for one unit and its children; `?year=` shows that of another year, open or closed."""
    return _page()


@bp.post("/allotments")
@identity.post_needed(*furniture.COMMITTEES)
def allot() -> Any:
    """Pass places on to a unit that reports to the person's own."""
    from_unit, to_unit = request.form.get("from", 0, type=int), request.form.get("to_unit_id", 0, type=int)
    amount, reason = request.form.get("amount", 0, type=int), request.form.get("reason", "").strip()
    session = database.session()
    errors.concerning(unit_id=from_unit)
    try:
        plan = quotas.current_plan(session)
        quotas.allot(session, plan, from_unit, to_unit, amount, quota_acts.managing(from_unit), reason)
        name = units.get(session, to_unit).name
        database.commit()
    except Refusal as refusal:
        return _again(refusal)
    flash(gettext("已向%(unit)s下达 %(n)s 个名额。", unit=name, n=amount), "good")
    return redirect(url_for("quota.show", unit=from_unit), code=303)


@bp.post("/returns")
@identity.post_needed(*furniture.COMMITTEES, PostKind.BRANCH_SECRETARY)
def give_back() -> Any:
    """Return free places to the unit above."""
    unit_id, amount = request.form.get("from", 0, type=int), request.form.get("amount", 0, type=int)
    session = database.session()
    errors.concerning(unit_id=unit_id)
    try:
        plan, reason = quotas.current_plan(session), request.form.get("reason", "").strip()
        quotas.give_back(session, plan, unit_id, amount, quota_acts.managing(unit_id), reason)
        database.commit()
    except Refusal as refusal:
        return _again(refusal)
    flash(gettext("已退回 %(n)s 个名额。", n=amount), "good")
    return redirect(url_for("quota.show", unit=unit_id), code=303)


def _again(refusal: Refusal) -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if refusal.fields and answer.status_code != 303:
        answer.set_data(_page(refusal, request.form))
    return answer


def _page(refusal: Refusal | None = None, sent: Mapping[str, str] | None = None) -> str:
    session = database.session()
    plan = _plan(session)
    top = _top(session, plan, sent)
    rows = quotas.overview(session, plan, top.id)
    return render_template(
        "quota/show.html",
        plan=plan,
        top=top,
        above=_above(session, top),
        own=own_units(session),
        own_line=_line(rows[0]),
        lines=[_line(row) for row in rows[1:]],
        of_classes=top.kind in units.APPROVING,
        keeps=quota_acts.manages(top) and plan.state == PlanState.OPEN,
        places=_places(session, plan, top),
        movements=_movements(session, rows[0]),
        places_waiting=quota_waiting.of_mine(),
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        sent=sent or {},
    )


def _plan(session: Session) -> Plan:
    year = request.args.get("year", type=int)
    return quotas.plan_of_year(session, year) if year else quotas.current_plan(session)


def _top(session: Session, plan: Plan, sent: Mapping[str, str] | None) -> Unit:
    """The unit the page is about; for a class without places of its own, the committee whose places it draws on."""
    if sent is not None:
        return units.get(session, int(sent["from"]))
    top = chosen_unit(session)
    if top.kind in quota_acts.AT_A_CLASS:
        account = quotas.account_of(session, plan.id, top.id)
        if account is None or account.allotted_in == account.passed_on:
            return units.ancestor(session, top.id, *units.APPROVING)
    return top


def _above(session: Session, top: Unit) -> list[Unit]:
    """The units on the way up that the person may look at too."""
    return [unit for unit in units.line_of(session, top.id)[:-1] if identity.may_see(unit.id)]


def _line(row: QuotaRow) -> Line:
    total = row.used_below + row.reserved_below + row.free_below + row.expired_below
    share = 100 / total if total else 0
    return Line(row, total, round(row.used_below * share, 1), round(row.reserved_below * share, 1))


def _places(session: Session, plan: Plan, top: Unit) -> list[HeldPlace]:
    held = quotas.places_of(session, plan, top.id, limit=PLACES_SHOWN)
    query = select(Case.id, Case.title, Case.unit_id).where(Case.id.in_([place.case_id for place in held]))
    cases = {case_id: (title, unit_id) for case_id, title, unit_id in session.execute(query)}
    seen = {unit_id: identity.may_see(unit_id) for _, unit_id in cases.values()}
    kept = reservations.last_days(session, [place.case_id for place in held])
    found = []
    for place in held:
        title, unit_id = cases.get(place.case_id, ("", 0))
        readable = seen.get(unit_id, False)
        until = due(kept.get(place.case_id))
        found.append(HeldPlace(place, title if readable else "", place.case_id if readable else None, until))
    return found


def _movements(session: Session, own: QuotaRow) -> list[dict[str, Any]]:
    """The latest movements of the unit's account, for who may read the unit."""
    if own.account_id is None or not identity.may_see(own.unit_id):
        return []
    return [
        {
            "at": movement.at,
            "kind": movement.kind.label,
            "amount": -movement.amount
            if movement.from_account == own.account_id and _leaves(movement)
            else movement.amount,
            "reason": movement.reason,
        }
        for movement in quotas.movements_of(session, own.account_id, limit=MOVEMENTS_SHOWN)
    ]


def _leaves(movement: quotas.QuotaMovement) -> bool:
    return movement.to_account != movement.from_account
