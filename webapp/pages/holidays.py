"""School holidays: those that hold for a unit; its committee enters and removes its own."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, holidays_kept, identity
from webapp.pages import furniture
from webapp.pages.form_view import FieldView
from webapp.pages.people_shown import names_of
from webapp.pages.units_seen import own_units
from workflows import clock
from workflows.domain import calendars, units
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit
from workflows.errors import InvalidData, Refusal

bp = Blueprint("holidays", __name__, url_prefix="/holidays")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """The holidays that hold for a unit, the person's own unless another is asked for; they are no secret."""
    session, wanted = database.session(), request.args.get("unit", type=int)
    return _page(own_units(session)[0] if wanted is None else units.get(session, wanted))


@bp.post("/<id:unit_id>")
@identity.post_needed(*holidays_kept.KEEPERS)
def enter(unit_id: int) -> Any:
    """Enter a holiday of the person's own unit."""
    name = request.form.get("name", "").strip()
    try:
        actor = holidays_kept.keeper(unit_id)
        first, last = _day("first"), _day("last")
        calendars.enter_holiday(database.session(), unit_id=unit_id, name=name, first=first, last=last, actor=actor)
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.fields and answer.status_code != 303:
            answer.set_data(_page(units.get(database.session(), unit_id), refusal, request.form))
        return answer
    flash(gettext("已登记“%(name)s”。以后计算的期限按此计算，已定的期限不变。", name=name), "good")
    return redirect(url_for("holidays.show", unit=unit_id), code=303)


@bp.post("/<id:unit_id>/<id:holiday_id>/removal")
@identity.post_needed(*holidays_kept.KEEPERS)
def remove(unit_id: int, holiday_id: int) -> Any:
    """Remove a holiday of the person's own unit."""
    actor = holidays_kept.keeper(unit_id)
    row = calendars.remove_holiday(database.session(), unit_id=unit_id, holiday_id=holiday_id, actor=actor)
    name = row.name
    database.commit()
    flash(gettext("已删除“%(name)s”。已定的期限不变。", name=name), "good")
    return redirect(url_for("holidays.show", unit=unit_id), code=303)


def _day(field: str) -> date:
    try:
        return date.fromisoformat(request.form.get(field, ""))
    except ValueError:
        raise InvalidData(fields={field: gettext("请填写日期，例如 2020-01-11")}) from None


def _page(unit: Unit, refusal: Refusal | None = None, sent: Mapping[str, str] | None = None) -> str:
    session = database.session()
    found = holidays_kept.holding_for(unit.id)
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    return render_template(
        "holidays/show.html",
        unit=unit,
        own=own_units(session),
        holidays=found,
        names=names_of(session, [each.row.person_id for each in found]),
        today=clock.today(),
        keeps=holidays_kept.keeps(unit.id),
        known_to=holidays_kept.last_announced_year(),
        unknown_is_near=holidays_kept.unknown_is_near(),
        refusal=refusal.message(gettext) if refusal else "",
        errors=wrong,
        fields=_fields(sent or {}, wrong),
    )


def _fields(sent: Mapping[str, str], wrong: Mapping[str, str]) -> list[FieldView]:
    def field(key: str, label: str, kind: str, **more: Any) -> FieldView:
        return FieldView(key, label, kind, sent.get(key, ""), required=True, error=wrong.get(key, ""), **more)

    return [
        field("name", gettext("名称"), "textfield", help=gettext("例如：寒假"), longest=calendars.LONGEST_NAME),
        field("first", gettext("首日"), "date"),
        field("last", gettext("末日"), "date"),
    ]
