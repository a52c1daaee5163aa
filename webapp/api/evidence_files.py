"""Volunteer service of a branch's candidates from a file: checked row by row, then taken over whole or not at all."""

from typing import Any

from marshmallow import Schema, fields

from webapp import database, errors, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import text
from webapp.api.writing import writing
from webapp.evidence_seen import fault_said
from workflows.domain.evidence import EvidenceFile
from workflows.domain.volunteer_files import LARGEST_FILE
from workflows.journal import Actor
from workflows.operations import evidence_files
from workflows.operations.evidence import ENTERED_BY

bp = Blueprint("evidence_files", __name__, "units", "Volunteer service from files")


class VolunteerFile(Schema):
    """A CSV file as text; its first line names the columns 姓名, 日期, 时长（小时）, 服务内容, 组织单位, 证明人."""

    name = text(evidence_files.LONGEST_NAME, load_default="")
    content = text(LARGEST_FILE, least=1, required=True)


class VolunteerRow(Schema):
    """One row, whose case it belongs to, and why it cannot be taken over."""

    line = fields.Integer(required=True, attribute="row.line")
    name = fields.String(required=True, attribute="row.name")
    case_id = fields.Integer(required=True, allow_none=True)
    faults = fields.Function(
        lambda one: [fault_said(fault) for fault in one.faults],
        metadata={"type": "array", "items": {"type": "string"}},
    )


class TakenFile(Schema):
    """A file that was taken over; its content is told by a digest and not taken over again."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    name = fields.String(required=True)
    digest = fields.String(required=True)
    rows = fields.Integer(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.Integer(required=True)


class CheckedFile(Schema):
    """Every row checked; `taken` is the earlier file when the same content was taken over before."""

    digest = fields.String(required=True)
    ok = fields.Boolean(required=True)
    rows = fields.List(fields.Nested(VolunteerRow), required=True)
    taken = fields.Nested(TakenFile, required=True, allow_none=True)


@bp.route("/<id:unit_id>/volunteer-files/check", methods=["POST"])
@identity.signed_in_needed
@bp.arguments(VolunteerFile)
@bp.response(200, CheckedFile)
def check(sent: dict[str, Any], unit_id: int) -> dict[str, Any]:
    """Check every row of a file; nothing is kept."""
    session, actor = database.session(), _keeper(unit_id)
    checked = evidence_files.check(session, unit_id=unit_id, text=sent["content"], actor=actor)
    database.rollback()
    return {**vars(checked), "ok": not checked.wrong}


@bp.route("/<id:unit_id>/volunteer-files", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(VolunteerFile)
@bp.response(201, TakenFile)
def take(sent: dict[str, Any], unit_id: int) -> EvidenceFile:
    """Take over every row or, when one is wrong, none; the same content again answers the earlier file."""
    session, actor = database.session(), _keeper(unit_id)
    return evidence_files.take(session, unit_id=unit_id, name=sent["name"], text=sent["content"], actor=actor)


def _keeper(unit_id: int) -> Actor:
    errors.concerning(unit_id=unit_id)
    return identity.actor(*ENTERED_BY, unit_id=unit_id)
