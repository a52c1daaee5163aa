"""One lesson of a branch for many of its candidates."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from webapp import database, errors, identity
from webapp.api.document import Blueprint
from webapp.api.evidence import Evidence, EvidenceValues
from webapp.api.writing import writing
from workflows.domain.evidence import Evidence as Row
from workflows.journal import Actor
from workflows.operations import lessons
from workflows.operations.evidence import ENTERED_BY
from workflows.operations.lessons import MOST_AT_ONCE, Learner

bp = Blueprint("lessons", __name__, "units", "Lessons of a branch")


class LearnerOfBranch(Schema):
    """A candidate for whom a lesson may be entered."""

    case_id = fields.Integer(required=True)
    name = fields.String(required=True)
    class_name = fields.String(required=True)
    class_hours = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Counted so far; null before the candidate is an activist, when none would count"},
    )


class Lesson(Schema):
    """A lesson and the cases of those who attended."""

    values = fields.Nested(EvidenceValues, required=True)
    attended = fields.List(fields.Integer(strict=True), required=True, validate=validate.Length(1, MOST_AT_ONCE))


@bp.route("/<id:unit_id>/lessons")
class LessonsOfBranch(MethodView):
    """A branch's lessons."""

    @identity.signed_in_needed
    @bp.response(200, LearnerOfBranch(many=True))
    def get(self, unit_id: int) -> list[Learner]:
        """Everybody for whom a lesson may be entered now, activists first."""
        return lessons.learners(database.session(), unit_id, _keeper(unit_id))

    @writing
    @identity.signed_in_needed
    @bp.arguments(Lesson)
    @bp.response(201, Evidence(many=True))
    def post(self, sent: dict[str, Any], unit_id: int) -> list[Row]:
        """Enter a lesson for all who attended, or for none when one of them cannot have it; a row for each."""
        session, actor = database.session(), _keeper(unit_id)
        return lessons.hold(session, unit_id=unit_id, values=sent["values"], attended=sent["attended"], actor=actor)


def _keeper(unit_id: int) -> Actor:
    errors.concerning(unit_id=unit_id)
    return identity.actor(*ENTERED_BY, unit_id=unit_id)
