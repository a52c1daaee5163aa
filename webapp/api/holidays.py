"""School holidays of units: what holds for one, entering and removing its own."""

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import Schema, fields

from webapp import database, holidays_kept, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import text
from webapp.api.writing import writing
from workflows.domain import calendars
from workflows.domain.calendars import LONGEST_NAME
from workflows.domain.calendars import Holiday as HeldHoliday

bp = Blueprint("holidays", __name__, "units", "School holidays of units")


class HolidayQuery(Schema):
    """From which day on."""

    since = fields.Date(metadata={"description": "Leave out what ended before; without it, what ended a year ago"})


class Holiday(Schema):
    """A school holiday, both ends included. `unit_id` is who entered it: the unit itself or one above it."""

    id = fields.Integer(required=True, attribute="row.id")
    unit_id = fields.Integer(required=True, attribute="unit.id")
    unit_name = fields.String(required=True, attribute="unit.name")
    name = fields.String(required=True, attribute="row.name")
    first = fields.Date(required=True, attribute="row.first")
    last = fields.Date(required=True, attribute="row.last")
    person_id = fields.Integer(required=True, allow_none=True, attribute="row.person_id")
    entered_at = fields.AwareDateTime(required=True, attribute="row.entered_at")


class HolidayList(Schema):
    """What holds for a unit, by date, and the last year whose public holidays are known."""

    items = fields.List(fields.Nested(Holiday), required=True)
    last_announced_year = fields.Integer(
        required=True, metadata={"description": "After it, working days are counted by weekends alone"}
    )


class NewHoliday(Schema):
    """A holiday of the unit and of everything that reports to it."""

    name = text(LONGEST_NAME, least=1, required=True)
    first = fields.Date(required=True)
    last = fields.Date(required=True)


@bp.route("/<id:unit_id>/holidays")
class Holidays(MethodView):
    """The school holidays that hold for a unit."""

    @identity.signed_in_needed
    @bp.arguments(HolidayQuery, location="query")
    @bp.response(200, HolidayList)
    def get(self, query: dict[str, Any], unit_id: int) -> dict[str, Any]:
        """The school holidays that hold for a unit: its own and those of the units above."""
        found = holidays_kept.holding_for(unit_id, query.get("since"))
        return {"items": found, "last_announced_year": holidays_kept.last_announced_year()}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewHoliday)
    @bp.response(201, Holiday)
    def post(self, new: dict[str, Any], unit_id: int) -> HeldHoliday:
        """Enter a school holiday of a unit; the committee of that unit does."""
        session, actor = database.session(), holidays_kept.keeper(unit_id)
        row = calendars.enter_holiday(session, unit_id=unit_id, actor=actor, **new)
        return next(each for each in holidays_kept.holding_for(unit_id, row.first) if each.row is row)


@bp.route("/<id:unit_id>/holidays/<id:holiday_id>", methods=["DELETE"])
@writing
@identity.signed_in_needed
@bp.response(204)
def remove(unit_id: int, holiday_id: int) -> Response:
    """Remove a unit's own school holiday; due times that have been worked out stay as they are."""
    actor = holidays_kept.keeper(unit_id)
    calendars.remove_holiday(database.session(), unit_id=unit_id, holiday_id=holiday_id, actor=actor)
    return Response(status=204)
