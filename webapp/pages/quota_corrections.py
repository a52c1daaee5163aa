"""Corrections of a closed year: what was corrected and what waits, entering one, confirming as the unit above."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, errors, identity, quota_acts
from webapp.pages import furniture
from webapp.pages.people_shown import names_of
from webapp.pages.units_seen import chosen_unit
from workflows import clock
from workflows.domain import quota_corrections, quotas, units
from workflows.domain.posts import PostKind
from workflows.domain.quota_corrections import QuotaCorrection
from workflows.domain.quota_ledger import Plan, PlanState, QuotaAccount
from workflows.domain.units import Unit
from workflows.errors import NotFound, Refusal

bp = Blueprint("quota_corrections", __name__, url_prefix="/quota/corrections")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)
ACTORS = (*furniture.COMMITTEES, PostKind.BRANCH_SECRETARY)

Act = Callable[[Session], object]


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """The corrections of a closed year (`?year=`, else the latest) for a unit and those below it."""
    session = database.session()
    return _page(chosen_unit(session), _plan(session))


@bp.post("")
@identity.post_needed(*ACTORS)
def enter() -> Any:
    """Enter a correction."""
    unit_id, plan = _number("unit"), quotas.plan_of_year(database.session(), _number("year"))

    def act(session: Session) -> object:
        return quota_corrections.enter(
            session,
            plan,
            unit_id=unit_id,
            from_unit_id=_seen(_number("from_unit_id")),
            to_unit_id=_number("to_unit_id"),
            amount=_number("amount"),
            reason=_text("reason"),
            document=_text("document"),
            document_on=_day(),
            actor=quota_acts.managing(unit_id),
        )

    return _done(unit_id, plan, act, gettext("已提出更正，上级另一人确认后记账。"))


@bp.post("/<id:correction_id>/<any(confirm, decline, withdraw):verb>")
@identity.post_needed(*ACTORS)
def settle(correction_id: int, verb: str) -> Any:
    """Confirm or decline a correction as the unit above, or withdraw one of one's own unit."""
    session = database.session()
    found = quota_corrections.get(session, correction_id)
    unit_id = found.unit_id if verb == "withdraw" else found.over_unit_id

    def act(session: Session) -> object:
        actor, said = quota_acts.managing(unit_id), _text("reason")
        if verb == "confirm":
            return quota_corrections.confirm(session, correction_id, actor, said)
        if verb == "withdraw":
            return quota_corrections.withdraw(session, correction_id, actor)
        return quota_corrections.decline(session, correction_id, said, actor)

    told = {
        "confirm": gettext("已确认，更正分录已记入今天的账。"),
        "decline": gettext("已答复不予更正。"),
        "withdraw": gettext("已撤回更正。"),
    }
    return _done(unit_id, session.get_one(Plan, found.plan_id), act, told[verb])


def _done(unit_id: int, plan: Plan, act: Act, told: str) -> Any:
    session, plan_id = database.session(), plan.id
    errors.concerning(unit_id=unit_id)
    try:
        act(session)
        database.commit()
    except Refusal as refusal:
        answered = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind in ("conflict", "invalid") and answered.status_code != 303:
            session = database.session()
            answered.set_data(_page(units.get(session, unit_id), session.get_one(Plan, plan_id), refusal))
        return answered
    flash(told, "good")
    return redirect(url_for("quota_corrections.show", unit=unit_id, year=plan.year), code=303)


def _page(top: Unit, plan: Plan | None, refusal: Refusal | None = None) -> str:
    session = database.session()
    found = quota_corrections.within(session, plan, top) if plan else []
    return render_template(
        "quota/corrections.html",
        plan=plan,
        closed=list(session.scalars(_closed(Plan.year))),
        top=top,
        keeps=quota_acts.manages(top),
        found=found,
        names=unit_names(session, found),
        people=names_of(session, [person for each in found for person in (each.entered_by, each.settled_by)]),
        choices=_choices(session, plan, top) if plan else [],
        today=clock.today(),
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        sent=request.form,
        sent_to=request.path if refusal else "",
    )


def unit_names(session: Session, found: list[QuotaCorrection]) -> dict[int, str]:
    """The units that corrections are about, by id."""
    wanted = {unit for each in found for unit in (each.from_unit_id, each.to_unit_id, each.over_unit_id, each.unit_id)}
    return dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all())


def _choices(session: Session, plan: Plan, top: Unit) -> list[tuple[Unit, int]]:
    """The units that a correction entered here can be about, each with its expired places: the unit, those above,
    beside and below it.
    """
    near = [top, *units.children(session, top.id)]
    if top.parent_id is not None:
        near += [each for each in units.children(session, top.parent_id) if each.id != top.id]
        near.append(units.get(session, top.parent_id))
    query = select(QuotaAccount.unit_id, QuotaAccount.expired).where(
        QuotaAccount.plan_id == plan.id, QuotaAccount.unit_id.in_([each.id for each in near])
    )
    expired = dict(session.execute(query).all())
    return [(each, expired.get(each.id, 0)) for each in near]


def _closed(what: Any) -> Any:
    return select(what).where(Plan.state == PlanState.CLOSED).order_by(Plan.year.desc())


def _plan(session: Session) -> Plan | None:
    year = request.values.get("year", type=int)
    if year is None:
        return session.scalars(_closed(Plan)).first()
    return quotas.plan_of_year(session, year)


def _seen(unit_id: int) -> int:
    """The unit that places are taken from, as long as there is one."""
    if database.session().get(Unit, unit_id) is None:
        raise NotFound(what=gettext("组织"))
    return unit_id


def _day() -> date | None:
    try:
        return date.fromisoformat(_text("document_on"))
    except ValueError:
        return None


def _number(name: str) -> int:
    return request.form.get(name, 0, type=int)


def _text(name: str) -> str:
    return request.form.get(name, "").strip()
