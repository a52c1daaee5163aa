"""Volunteer service of a branch's candidates from a file: checked row by row, then taken over whole or not at all."""

from base64 import b64decode
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp import database, errors, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import text
from webapp.api.writing import writing
from webapp.evidence_seen import fault_said
from workflows.domain import volunteer_files
from workflows.domain.evidence import EvidenceFile
from workflows.domain.volunteer_files import COLUMNS, LARGEST_FILE
from workflows.domain.workbooks import LARGEST_WORKBOOK, LONGEST_CELL
from workflows.errors import InvalidData
from workflows.journal import Actor
from workflows.operations import evidence_files
from workflows.operations.evidence import ENTERED_BY

bp = Blueprint("evidence_files", __name__, "units", "Volunteer service from files")


class VolunteerFile(Schema):
    """A CSV file as text or a workbook in base64.

    One of its first ten lines names the columns 姓名, 日期, 时长（小时）, 服务内容, 组织单位, 证明人.
    """

    name = text(evidence_files.LONGEST_NAME, load_default="")
    content = text(LARGEST_FILE, least=1, metadata={"description": "A CSV file; this or `workbook`"})
    workbook = text(2 * LARGEST_WORKBOOK, least=1, metadata={"description": "An .xlsx workbook in base64"})
    columns = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(COLUMNS))),
        values=text(LONGEST_CELL),
        load_default=dict,
        metadata={"description": "Under which heading a column stands when it has none of the names in use"},
    )

    @validates_schema
    def one_of_both(self, sent: dict[str, Any], **_: Any) -> None:
        """A file is sent in one of the two ways."""
        if ("content" in sent) == ("workbook" in sent):
            raise ValidationError("请提供 content 或 workbook 之一。", "content")


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
    columns = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "The heading under which each was found"}
    )
    rows = fields.List(fields.Nested(VolunteerRow), required=True)
    taken = fields.Nested(TakenFile, required=True, allow_none=True)


@bp.route("/<id:unit_id>/volunteer-files/check", methods=["POST"])
@identity.signed_in_needed
@bp.arguments(VolunteerFile)
@bp.response(200, CheckedFile)
def check(sent: dict[str, Any], unit_id: int) -> dict[str, Any]:
    """Check every row of a file; nothing is kept."""
    session, actor = database.session(), _keeper(unit_id)
    checked = evidence_files.check(session, unit_id=unit_id, text=_text(sent), actor=actor, columns=sent["columns"])
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
    return evidence_files.take(
        session, unit_id=unit_id, name=sent["name"], text=_text(sent), actor=actor, columns=sent["columns"]
    )


def _text(sent: dict[str, Any]) -> str:
    """The text of what was sent; raises FileUnreadable, WorkbookUnreadable."""
    if "content" in sent:
        return str(sent["content"])
    try:
        return volunteer_files.open_file(b64decode(sent["workbook"], validate=True)).text
    except ValueError as error:
        raise InvalidData(fields={"workbook": "不是 base64 编码的文件"}) from error


def _keeper(unit_id: int) -> Actor:
    errors.concerning(unit_id=unit_id)
    return identity.actor(*ENTERED_BY, unit_id=unit_id)
