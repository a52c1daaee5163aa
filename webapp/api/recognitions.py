"""Joint recognition: what both sides read, and gathering the facts anew. Signing is a step, reporting a message."""

from typing import Any

from marshmallow import Schema, fields, validate

from webapp import database, identity, recognitions_seen
from webapp.api.document import Blueprint
from webapp.api.schemas import state_label
from webapp.api.writing import writing
from workflows.domain.recognition_tables import ActKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.two_keys import Side, State
from workflows.operations import recognitions as joint

bp = Blueprint("recognitions", __name__, "recognitions", "Joint recognition: two keys over the same facts")


class RecognitionRow(Schema):
    """One recognition, as both sides read it. `recognised_on` is null while it does not stand."""

    id = fields.Integer(required=True)
    recommendation_id = fields.Integer(required=True)
    person_id = fields.Integer(required=True)
    product = fields.Enum(Product, by_value=True, required=True)
    league_unit_id = fields.Integer(required=True)
    party_unit_id = fields.Integer(required=True)
    state = fields.Enum(State, by_value=True, required=True)
    label = state_label()
    recognised_on = fields.Date(allow_none=True, required=True)
    valid_until = fields.Date(allow_none=True, required=True)


class RecognitionRows(Schema):
    """The latest hundred of the units in the reader's sight."""

    items = fields.List(fields.Nested(RecognitionRow), required=True)


class RecognitionKey(Schema):
    """One side's key: by whom and when, or who must sign."""

    side = fields.Enum(Side, by_value=True, required=True)
    unit = fields.String(required=True)
    signed = fields.Boolean(required=True)
    who = fields.String(required=True)
    at = fields.AwareDateTime(allow_none=True, required=True)
    waits_for = fields.String(required=True)


class RecognitionFact(Schema):
    """One fact both sides sign."""

    title = fields.String(required=True)
    value = fields.String(required=True)


class RecognitionActRow(Schema):
    """One act of one side, or of the product itself."""

    kind = fields.Enum(ActKind, by_value=True, required=True)
    side = fields.Enum(Side, by_value=True, allow_none=True, required=True)
    person_id = fields.Integer(allow_none=True, required=True)
    for_person_id = fields.Integer(allow_none=True, required=True)
    at = fields.AwareDateTime(required=True)
    happened_on = fields.Date(allow_none=True, required=True)
    text = fields.String(required=True)
    document = fields.String(required=True)
    digest = fields.String(required=True)


class RecognitionLook(Schema):
    """The whole: the row, the facts with their digest, both keys, what the records say otherwise by now, every act."""

    recognition = fields.Nested(RecognitionRow, required=True)
    digest = fields.String(required=True)
    facts = fields.List(fields.Nested(RecognitionFact), required=True)
    changed = fields.List(fields.String(), required=True)
    keys = fields.List(fields.Nested(RecognitionKey), required=True)
    acts = fields.List(fields.Nested(RecognitionActRow), required=True)


class RecognitionRenewed(Schema):
    """What differs from the facts signed before, in words; empty when nothing does."""

    changed = fields.List(fields.String(validate=validate.Length(min=1)), required=True)


@bp.route("")
@identity.post_needed(*recognitions_seen.READERS)
@bp.response(200, RecognitionRows)
def every() -> dict[str, Any]:
    """The recognitions of the units that the person's posts give sight of, League or Party."""
    return {"items": [line.row for line in recognitions_seen.listed()]}


@bp.route("/<id:recognition_id>")
@identity.signed_in_needed
@bp.response(200, RecognitionLook)
def one(recognition_id: int) -> dict[str, Any]:
    """What was signed by whom, over which facts, and what is open."""
    return recognitions_seen.as_told(recognitions_seen.find(recognition_id))


@bp.route("/<id:recognition_id>/renew", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.response(200, RecognitionRenewed)
def renew(recognition_id: int) -> dict[str, Any]:
    """Gather the facts anew; where they differ no key stands any more. Whoever works on it on either side does."""
    row = recognitions_seen.find(recognition_id)
    return {"changed": joint.renew(database.session(), row.id, recognitions_seen.renewing(row))}
