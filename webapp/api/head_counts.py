"""Head counts of units: what stands for a day, and reporting it, by JSON or from a file."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, places_kept
from webapp.api.document import Blueprint
from webapp.api.schemas import one_id, text
from webapp.api.writing import writing
from workflows.domain import units
from workflows.domain.head_counts import LONGEST_SOURCE, STAGES, HeadCountReport, Standing
from workflows.domain.head_counts import Line as LineRow
from workflows.domain.unit_files import LARGEST_FILE
from workflows.domain.units import Field, Unit
from workflows.operations import head_counts as entering

bp = Blueprint("head_counts", __name__, "units", "Head counts: students, members and applicants by class and stage")


class CountedLine(Schema):
    """Students, members and applicants of one stage, graduating or not; `applicants` is null where nobody counted."""

    stage = fields.String(
        required=True, validate=validate.OneOf([str(stage) for stage in STAGES], error="没有这个阶段。")
    )
    is_graduating = fields.Boolean(required=True)
    students = fields.Integer(strict=True, required=True)
    members = fields.Integer(strict=True, required=True)
    applicants = fields.Integer(strict=True, load_default=None, allow_none=True)


class CountsQuery(Schema):
    """For which day, a 31 December."""

    as_of = fields.Date(required=True)


class HeadCounts(Schema):
    """What stands for a unit: its own report (`own`), or the sum of `reports` below it."""

    unit_id = fields.Integer(required=True)
    unit_name = fields.String(required=True)
    lines = fields.List(fields.Nested(CountedLine), required=True)
    youth = fields.Integer(allow_none=True, required=True)
    reports = fields.Integer(required=True)
    own = fields.Boolean(required=True)


class HeadCountsList(Schema):
    """The unit first, then those that report to it directly."""

    items = fields.List(fields.Nested(HeadCounts), required=True)


class NewReport(Schema):
    """What a unit reports; a later report of the same day takes its place."""

    as_of = fields.Date(required=True)
    source = text(LONGEST_SOURCE, required=True)
    lines = fields.List(
        fields.Nested(CountedLine), load_default=list, validate=validate.Length(0, 20, error="应为 0 至 20 行。")
    )
    youth = fields.Integer(strict=True, load_default=None, allow_none=True)


class CountsFile(Schema):
    """A CSV file as text, whose first line names the columns 组织代码, 阶段, 毕业班, 学生数, 团员数, 申请人数."""

    as_of = fields.Date(required=True)
    source = text(LONGEST_SOURCE, required=True)
    content = text(LARGEST_FILE, least=1, required=True)


class Report(Schema):
    """A report as it was kept."""

    id = one_id(required=True)
    unit_id = fields.Integer(required=True)
    as_of = fields.Date(required=True)
    youth = fields.Integer(allow_none=True)
    source = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.Integer(allow_none=True)


class ReportList(Schema):
    """The reports made from a file, one for each unit."""

    items = fields.List(fields.Nested(Report), required=True)


@bp.route("/<id:unit_id>/head-counts")
class OfUnit(MethodView):
    """The head counts of one unit and those directly below it."""

    @identity.signed_in_needed
    @bp.arguments(CountsQuery, location="query")
    @bp.response(200, HeadCountsList)
    def get(self, query: dict[str, Any], unit_id: int) -> dict[str, Any]:
        """What stands for a unit and for each that reports to it directly."""
        session = database.session()
        identity.insist_on_sight(unit_id, gettext("组织"))
        unit = units.get(session, unit_id)
        standing = Standing(session, unit, query["as_of"])
        return {"items": [_shown(each, standing) for each in (unit, *units.children(session, unit_id))]}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewReport)
    @bp.response(201, Report)
    def post(self, sent: dict[str, Any], unit_id: int) -> HeadCountReport:
        """Report the head count of a unit; its own committee does, or one above."""
        identity.insist_on_sight(unit_id, gettext("组织"))
        actor = places_kept.counter_of(unit_id)
        lines = [LineRow(**{**line, "stage": Field(line["stage"])}) for line in sent.pop("lines")]
        return entering.enter(database.session(), unit_id=unit_id, lines=lines, actor=actor, **sent)


@bp.route("/<id:unit_id>/head-counts/files", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(CountsFile)
@bp.response(201, ReportList)
def take_file(sent: dict[str, Any], unit_id: int) -> dict[str, Any]:
    """Report the head counts of the unit and of those below it from a file: every line, or none."""
    identity.insist_on_sight(unit_id, gettext("组织"))
    actor, text_sent = places_kept.counter_of(unit_id), sent.pop("content")
    found = entering.take_file(database.session(), unit_id=unit_id, text=text_sent, actor=actor, **sent)
    return {"items": found}


def _shown(unit: Unit, standing: Standing) -> dict[str, Any]:
    counts = standing.of(unit)
    told = {name: getattr(counts, name) for name in ("lines", "youth", "reports", "own")}
    return {"unit_id": unit.id, "unit_name": unit.name, **told}
