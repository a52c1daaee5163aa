"""Member numbers: what one is now, and everything that happened to it."""

from marshmallow import Schema, fields

from webapp import identity, number_told
from webapp.api.document import Blueprint
from webapp.number_told import Told

bp = Blueprint("numbers", __name__, "numbers", "Member numbers and their history")


class NumberEntry(Schema):
    """One thing that happened to the number; case and name are there for who may read that case."""

    at = fields.AwareDateTime(required=True)
    what = fields.String(required=True)
    unit = fields.String(required=True)
    detail = fields.String(required=True)
    case_id = fields.Integer(allow_none=True)
    name = fields.String(required=True)


class MemberNumber(Schema):
    """A number, its state and unit, and its history, oldest first."""

    number = fields.String(required=True)
    year = fields.Integer(required=True)
    state = fields.String(required=True)
    label = fields.String(required=True)
    unit = fields.String(required=True)
    entries = fields.List(fields.Nested(NumberEntry), required=True)


@bp.route("/<string:number>")
@identity.signed_in_needed
@bp.response(200, MemberNumber)
def show(number: str) -> Told:
    """What a number is, through which blocks it passed, who held it and when."""
    return number_told.told(number)
