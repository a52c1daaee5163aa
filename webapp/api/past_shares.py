"""Last year's places of units, where the system has no plan of that year: what stands, and entering it."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, past_shares_seen, places_kept
from webapp.api.document import Blueprint
from webapp.api.schemas import one_id, text
from webapp.api.writing import writing
from workflows.domain import units
from workflows.domain.past_shares import LONGEST_SOURCE, OLDEST_YEAR
from workflows.domain.unit_files import LARGEST_FILE
from workflows.operations import past_shares as entering

bp = Blueprint("past_shares", __name__, "units", "Last year's places, as the book has them or as they were entered")


def _year() -> fields.Integer:
    in_range = validate.Range(OLDEST_YEAR, 2100, error=f"应为 {OLDEST_YEAR} 至 2100 的年度。")
    return fields.Integer(required=True, validate=in_range)


class SharesQuery(Schema):
    """Of which year."""

    year = _year()


class UnitShare(Schema):
    """What a unit was allotted in a year; `entered` is false where the system's own book says it."""

    unit_id = fields.Integer(required=True)
    unit_name = fields.String(required=True)
    amount = fields.Integer(required=True, allow_none=True)
    entered = fields.Boolean(required=True)
    origin = fields.String(required=True)


class UnitShares(Schema):
    """The units that report to the one asked for directly."""

    items = fields.List(fields.Nested(UnitShare), required=True)


class OneShare(Schema):
    """One unit's figure."""

    unit_id = one_id(required=True)
    amount = fields.Integer(strict=True, required=True)


class NewShares(Schema):
    """Figures of a year, and where they come from; all are kept, or none."""

    year = _year()
    source = text(LONGEST_SOURCE, required=True)
    items = fields.List(
        fields.Nested(OneShare), required=True, validate=validate.Length(1, 1000, error="应为 1 至 1000 项。")
    )


class SharesFile(Schema):
    """A CSV file as text, whose first line names the columns 组织代码 and 上年名额."""

    year = _year()
    source = text(LONGEST_SOURCE, required=True)
    content = text(LARGEST_FILE, least=1, required=True)


class SharesKept(Schema):
    """How many figures were new."""

    kept = fields.Integer(required=True)


@bp.route("/<id:unit_id>/past-places")
class PastPlaces(MethodView):
    """Last year's places of the units below one."""

    @identity.signed_in_needed
    @bp.arguments(SharesQuery, location="query")
    @bp.response(200, UnitShares)
    def get(self, query: dict[str, Any], unit_id: int) -> dict[str, Any]:
        """What each unit directly below was allotted in a year, and who says so."""
        session = database.session()
        identity.insist_on_sight(unit_id, gettext("组织"))
        below = units.children(session, unit_id)
        found = past_shares_seen.of_year(session, query["year"], [each.id for each in below])
        told = [(each, found[each.id]) for each in below]
        return {
            "items": [
                {
                    "unit_id": each.id,
                    "unit_name": each.name,
                    "amount": share.amount,
                    "entered": share.entered is not None,
                    "origin": share.origin,
                }
                for each, share in told
            ]
        }

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewShares)
    @bp.response(201, SharesKept)
    def post(self, sent: dict[str, Any], unit_id: int) -> dict[str, int]:
        """Enter figures of units below; the unit's own committee does, or one above."""
        identity.insist_on_sight(unit_id, gettext("组织"))
        actor = places_kept.counter_of(unit_id)
        amounts = {each["unit_id"]: each["amount"] for each in sent.pop("items")}
        return {"kept": len(entering.enter(database.session(), unit_id=unit_id, amounts=amounts, actor=actor, **sent))}


@bp.route("/<id:unit_id>/past-places/files", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(SharesFile)
@bp.response(201, SharesKept)
def take_file(sent: dict[str, Any], unit_id: int) -> dict[str, int]:
    """Enter the figures of a file: every line, or none."""
    identity.insist_on_sight(unit_id, gettext("组织"))
    actor, content = places_kept.counter_of(unit_id), sent.pop("content")
    return {"kept": len(entering.take_file(database.session(), unit_id=unit_id, text=content, actor=actor, **sent))}
