"""Ratios of members to students: now and next, for a unit and those below; exceptions for single classes."""

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, places_kept, ratios_seen
from webapp.api.document import Blueprint
from webapp.api.schemas import query_id, text
from webapp.api.writing import writing
from workflows.domain import head_counts, quota_control, quotas, ratio_forecasts, uncounted, units
from workflows.domain.quota_control import LONGEST_REASON, RatioException

bp = Blueprint("ratios", __name__, "ratios", "Ratios of members to students and to youth")

_WHOLE = validate.Range(0, head_counts.MOST, error="应为0至10000000的整数")


class RatioQuery(Schema):
    """Whose ratios, and what would be with some more admitted or gone."""

    unit_id = query_id(required=True)
    admissions = fields.Integer(load_default=0, validate=_WHOLE)
    leavers = fields.Integer(load_default=0, validate=_WHOLE)


class ScopeRatio(Schema):
    """The graduating classes of a stage; `room` is how many more fit, below zero how many are too many."""

    scope = fields.String(required=True)
    label = fields.String(required=True)
    students = fields.Integer(required=True, attribute="ratio.students")
    members = fields.Integer(required=True, attribute="ratio.members")
    admissions = fields.Integer(required=True, attribute="ratio.admissions")
    leavers = fields.Integer(required=True, attribute="ratio.leavers")
    limit = fields.Integer(required=True, attribute="ratio.limit")
    room = fields.Integer(required=True, attribute="ratio.room")
    now = fields.String(required=True)
    next = fields.String(required=True)
    mark_now = fields.String(required=True)
    mark_next = fields.String(required=True)


class UnitRatios(Schema):
    """One unit's ratios."""

    unit_id = fields.Integer(required=True, attribute="unit.id")
    unit_name = fields.String(required=True, attribute="unit.name")
    scopes = fields.List(fields.Nested(ScopeRatio), required=True)
    youth = fields.String(required=True)
    mark = fields.String(required=True)
    counted = fields.Boolean(required=True)


class PlaceTiles(Schema):
    """Places at and below the unit, files entered of those admitted, and days until the year ends."""

    used = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    free = fields.Integer(required=True)
    filed = fields.Integer(required=True)
    admitted = fields.Integer(required=True)
    days_left = fields.Integer(required=True)


class NotCounted(Schema):
    """A unit directly below with classes nobody counted, and their places; `all_classes` is 0 for one without any."""

    unit_id = fields.Integer(required=True, attribute="unit.id")
    unit_name = fields.String(required=True, attribute="unit.name")
    classes = fields.Integer(required=True)
    all_classes = fields.Integer(required=True)
    held = fields.Integer(required=True)
    free = fields.Integer(required=True)


class RatioList(Schema):
    """The unit first, then those that report to it directly."""

    tiles = fields.Nested(PlaceTiles, required=True)
    items = fields.List(fields.Nested(UnitRatios), required=True)
    uncounted = fields.List(fields.Nested(NotCounted), required=True)


class NewRatioException(Schema):
    """How many more a graduating class may admit over its limit, and why."""

    extra = fields.Integer(strict=True, required=True)
    reason = text(LONGEST_REASON, required=True)


class GrantedRatioException(NewRatioException):
    """An exception as it was granted."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    granted_by = fields.Integer(allow_none=True)
    granted_at = fields.AwareDateTime(required=True)


@bp.route("")
@identity.signed_in_needed
@bp.arguments(RatioQuery, location="query")
@bp.response(200, RatioList)
def show(query: dict[str, Any]) -> dict[str, Any]:
    """The ratios of a unit and of those that report to it directly, now and as they will be."""
    session, unit_id = database.session(), query.pop("unit_id")
    identity.insist_on_sight(unit_id, gettext("组织"))
    plan, unit = quotas.current_plan(session), units.get(session, unit_id)
    own = ratio_forecasts.of_unit(session, plan, unit, **query)
    found = [own, *ratio_forecasts.below(session, plan, unit)]
    return {
        "tiles": ratios_seen.tiles(session, plan, unit),
        "items": [ratios_seen.line_of(each) for each in found],
        "uncounted": uncounted.below(session, plan, unit),
    }


@bp.route("/<id:unit_id>/exceptions", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(NewRatioException)
@bp.response(201, GrantedRatioException)
def grant(sent: dict[str, Any], unit_id: int) -> RatioException:
    """Let a graduating class admit some more over its limit; a committee from the county up does."""
    session = database.session()
    identity.insist_on_sight(unit_id, gettext("组织"))
    actor = places_kept.granter_of(units.get(session, unit_id))
    return quota_control.grant_exception(session, quotas.current_plan(session), unit_id, actor=actor, **sent)
