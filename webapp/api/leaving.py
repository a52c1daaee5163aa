"""Leaving the League: the committee above the branch records it on the case that admitted the member."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from webapp import database, identity, sight
from webapp.api.document import Blueprint
from webapp.api.schemas import text
from webapp.api.writing import writing
from workflows.domain.past_memberships import LONGEST_DOCUMENT, LONGEST_REASON, LeftAs, PastMembership
from workflows.operations import leaving
from workflows.operations.leaving import Leaving

bp = Blueprint("leaving", __name__, "cases", "Leaving: the end of the membership a case led to")


class NewLeaving(Schema):
    """How, when and on which grounds the member left."""

    left_as = fields.Enum(LeftAs, by_value=True, required=True)
    left_on = fields.Date(required=True)
    document = text(LONGEST_DOCUMENT, least=1, required=True)
    reason = text(LONGEST_REASON, least=1, required=True)


class PastMembershipSchema(Schema):
    """A membership that is over. Its number is spent."""

    class Meta:
        """What the document calls it."""

        title = "PastMembership"

    id = fields.Integer(required=True)
    case_id = fields.Integer(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)
    joined_on = fields.Date(required=True)
    left_on = fields.Date(required=True)
    left_as = fields.String(required=True, validate=validate.OneOf(list(LeftAs)))


@bp.route("/<id:case_id>/leaving")
class OfCase(MethodView):
    """The end of the membership a case led to."""

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewLeaving)
    @bp.response(201, PastMembershipSchema)
    def post(self, new: dict[str, Any], case_id: int) -> PastMembership:
        """Record that the member left; an expulsion the county records, anything else the committee that approves."""
        case = sight.case(case_id)
        unit_id, kind = leaving.decided_by(database.session(), case.unit_id, new["left_as"])
        actor = identity.actor(kind, unit_id=unit_id)
        return leaving.record(database.session(), case=case, told=Leaving(**new), actor=actor)
