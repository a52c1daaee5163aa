"""Forecast of the ratios: where graduating classes stand, where they will stand, and who may go over a limit."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity, places_kept, ratios_seen
from webapp.pages import furniture
from webapp.pages.people_shown import names_of
from webapp.pages.units_seen import chosen_unit, own_units
from workflows.domain import (
    head_counts,
    kept_forecasts,
    quota_control,
    quotas,
    ratio_forecasts,
    ratios,
    rules_in_force,
    uncounted,
    units,
)
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.errors import Refusal

bp = Blueprint("ratios", __name__, url_prefix="/ratios")

READERS = (*furniture.COMMITTEES, PostKind.AUDITOR)


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """A unit and those below it; `?admissions=&leavers=` shows what would be."""
    return _page(chosen_unit(database.session(), *READERS))


@bp.post("/exceptions")
@identity.post_needed(*furniture.COMMITTEES)
def grant() -> Any:
    """Let a graduating class admit some more over its limit."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        identity.insist_on_sight(unit_id, "组织")
        unit = units.get(session, unit_id)
        actor, extra = places_kept.granter_of(unit), request.form.get("extra", 0, type=int)
        plan, reason = quotas.current_plan(session), request.form.get("reason", "")
        quota_control.grant_exception(session, plan, unit_id, extra=extra, reason=reason, actor=actor)
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind == "invalid":
            answer.set_data(_page(units.get(database.session(), unit_id), refusal, request.form))
        return answer
    flash(gettext("已批准“%(unit)s”超出上限接收 %(n)s 人。", unit=unit.short_name, n=extra), "good")
    return redirect(url_for("ratios.show", unit=unit_id), code=303)


def _page(unit: Unit, refusal: Refusal | None = None, sent: Mapping[str, str] | None = None) -> str:
    session = database.session()
    plan = quotas.current_plan(session)
    more, fewer = (
        min(max(request.args.get(name, 0, type=int), 0), head_counts.MOST) for name in ("admissions", "leavers")
    )
    own = ratio_forecasts.of_unit(session, plan, unit, admissions=more, leavers=fewer)
    limits = ratios.limits_for(session, unit.id)
    granted = quota_control.exceptions_of(session, plan, unit.id)
    is_class = unit.kind == UnitKind.BRANCH
    return render_template(
        "ratios/show.html",
        unit=unit,
        above=[each for each in units.line_of(session, unit.id)[:-1] if identity.may_see(each.id)],
        own_units=own_units(session, *READERS),
        plan=plan,
        as_of=head_counts.day_for(plan.year),
        own=ratios_seen.line_of(own),
        lines=[ratios_seen.line_of(each) for each in ratio_forecasts.below(session, plan, unit)],
        tiles=ratios_seen.tiles(session, plan, unit),
        uncounted=uncounted.below(session, plan, unit),
        uncounted_rule=rules_in_force.of_unit(session, unit.id).values["uncounted_admission"],
        goal=limits.youth_goal,
        limits=limits,
        what_if=(more, fewer) if more or fewer else None,
        room=quota_control.room_of(session, plan, unit.id) if is_class else None,
        kept=kept_forecasts.of_unit(session, plan, unit.id),
        percent=ratios.percent,
        granted=granted,
        names=names_of(session, [each.granted_by for each in granted]),
        may_grant=is_class and places_kept.above_of(unit, *places_kept.EXCEPTIONS_BY) is not None,
        sent=sent or {},
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
    )
