"""Transfers of candidates: those of a case, and whom a unit and those below it have handed over."""

from typing import Any

from marshmallow import Schema, fields, validate

from webapp import database, identity, sight
from webapp.api.document import Blueprint
from workflows.domain import transfers, units
from workflows.domain.transfers import TransferStatus

bp = Blueprint("transfers", __name__, "", "Transfers: candidates who change branch, or leave the tree")

MOST = 100


class Transfer(Schema):
    """One transfer. `to_unit_id` is null for a unit outside the tree; asking and answering are messages and steps."""

    id = fields.Integer(required=True)
    case_id = fields.Integer(required=True)
    from_unit_id = fields.Integer(required=True)
    to_unit_id = fields.Integer(allow_none=True, required=True)
    to_name = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(list(TransferStatus)))
    status_label = fields.Function(lambda row: row.status.label, metadata={"type": "string"})
    asked_on = fields.Date(required=True)
    answered_on = fields.Date(allow_none=True, required=True)
    reason = fields.String(required=True, metadata={"description": "Why the receiving branch refused; else empty"})


class Transfers(Schema):
    """Several transfers."""

    items = fields.List(fields.Nested(Transfer), required=True)


@bp.route("/cases/<id:case_id>/transfers")
@identity.signed_in_needed
@bp.response(200, Transfers)
def of_case(case_id: int) -> dict[str, Any]:
    """Every transfer of a case, in the order they were asked."""
    return {"items": transfers.of_case(database.session(), sight.case(case_id).id)}


@bp.route("/units/<id:unit_id>/transfers")
@identity.signed_in_needed
@bp.response(200, Transfers)
def from_unit(unit_id: int) -> dict[str, Any]:
    """The latest hundred that the unit and those below it have handed over, or asked to; of the cases no more."""
    session = database.session()
    identity.insist_on_sight(units.get(session, unit_id).id, "组织")
    return {"items": transfers.from_units(session, units.subtree_ids(session, unit_id), limit=MOST)}
