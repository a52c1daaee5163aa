"""The organisation tree. Names of organisations are open to everyone who is signed in."""

from typing import Any

from marshmallow import Schema, fields
from sqlalchemy import select

from webapp import branches_kept, database, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import query_id, text
from webapp.api.writing import writing
from workflows.domain import branches, units
from workflows.domain.units import PARTY
from workflows.domain.units import Unit as UnitRow

bp = Blueprint("units", __name__, "units", "The organisation tree of the League")


class Unit(Schema):
    """One organisation. `line` lists the ids from the top of the tree down to it, along the reporting line."""

    id = fields.Integer(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    short_name = fields.String()
    name_mn = fields.String(allow_none=True)
    kind = fields.String(required=True)
    kind_label = fields.Function(lambda unit: unit.kind.label, metadata={"type": "string"})
    field = fields.String(allow_none=True)
    division_code = fields.String(allow_none=True)
    parent_id = fields.Integer(allow_none=True)
    line = fields.Function(
        lambda unit: unit.line(), metadata={"type": "array", "items": {"type": "integer", "format": "int64"}}
    )
    has_committee = fields.Boolean()
    is_temporary = fields.Boolean()
    is_demo = fields.Boolean()


class SetUp(Schema):
    """How a branch is set up from now on."""

    has_committee = fields.Boolean(required=True)
    is_temporary = fields.Boolean(required=True)
    reason = text(400, required=True)


class TreeQuery(Schema):
    """Which part of the tree."""

    parent_id = query_id(metadata={"description": "Units that report to this one; without it, the top of the tree"})


class UnitList(Schema):
    """Units beside each other."""

    items = fields.List(fields.Nested(Unit), required=True)


@bp.route("")
@identity.signed_in_needed
@bp.arguments(TreeQuery, location="query")
@bp.response(200, UnitList)
def tree(query: dict[str, Any]) -> dict[str, Any]:
    """The units that report to one unit, by code. The Party's trees begin at `/party-units`."""
    session, parent_id = database.session(), query.get("parent_id")
    if parent_id is not None:
        units.get(session, parent_id)
        return {"items": units.children(session, parent_id)}
    return {
        "items": list(session.scalars(select(UnitRow).where(UnitRow.parent_id.is_(None), UnitRow.kind.not_in(PARTY))))
    }


@bp.route("/<id:unit_id>")
@identity.signed_in_needed
@bp.response(200, Unit)
def one(unit_id: int) -> UnitRow:
    """One unit."""
    return units.get(database.session(), unit_id)


@bp.route("/<id:unit_id>/set-up", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(SetUp)
@bp.response(200, Unit)
def set_up(sent: dict[str, Any], unit_id: int) -> UnitRow:
    """Put on record whether a branch has a committee and whether it is a temporary one; the committee above does so."""
    return branches.set_up(database.session(), unit_id, actor=branches_kept.keeper(unit_id), **sent)
