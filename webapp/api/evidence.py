"""Evidence of training of a case's candidate: what is on record, what it comes to, entering and correcting it."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from webapp import database, evidence_seen, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import text
from webapp.api.writing import writing
from workflows.domain import evidence_forms
from workflows.domain.evidence import LONGEST_REASON, SHORTEST_REASON
from workflows.domain.evidence import Evidence as Row
from workflows.domain.evidence_count import Why
from workflows.domain.evidence_forms import (
    LONGEST_DOCUMENT,
    LONGEST_LESSON,
    LONGEST_NAME,
    LONGEST_SERVICE,
    LONGEST_TEXT,
    Kind,
    Mode,
    Result,
)
from workflows.operations import evidence

bp = Blueprint("evidence", __name__, "cases", "Evidence of training of a case's candidate")


class EvidenceValues(Schema):
    """What is written down of one piece of evidence; which of it a kind needs, the refusal says by field."""

    happened_on = fields.Date(required=True)
    topic = text(LONGEST_TEXT)
    minutes = fields.Integer(
        strict=True,
        validate=validate.Range(1, LONGEST_LESSON, error=evidence_forms.NOT_MINUTES),
        metadata={"description": "Minutes of a lesson"},
    )
    hours = fields.Float(
        validate=validate.Range(0.1, LONGEST_SERVICE, error=evidence_forms.NOT_HOURS),
        metadata={"description": "Hours of volunteer service, to a tenth"},
    )
    mode = fields.String(validate=validate.OneOf(list(Mode), error=evidence_forms.NOT_A_CHOICE))
    conductor = text(LONGEST_NAME, metadata={"description": "Teacher, organiser, assessor, talker or recommender"})
    witness = text(LONGEST_NAME)
    result = fields.String(validate=validate.OneOf(list(Result), error=evidence_forms.NOT_A_CHOICE))
    document = text(LONGEST_DOCUMENT, metadata={"description": "Name or registry number of the paper"})


class NewEvidence(EvidenceValues):
    """One piece of evidence to be entered."""

    kind = fields.String(required=True, validate=validate.OneOf(list(Kind), error=evidence_forms.NOT_A_CHOICE))


class EvidenceCorrection(Schema):
    """What takes the place of a row, or null to strike it out; and why."""

    values = fields.Nested(EvidenceValues, required=True, allow_none=True)
    reason = text(LONGEST_REASON, least=SHORTEST_REASON, required=True)


class Evidence(Schema):
    """One row of the ledger. Rows are never changed: `corrected_by` names the one that stands in its place."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(Kind)))
    happened_on = fields.Date(required=True)
    topic = fields.String(required=True)
    minutes = fields.Integer(allow_none=True)
    mode = fields.String(allow_none=True)
    conductor = fields.String(required=True)
    witness = fields.String(required=True)
    result = fields.String(allow_none=True)
    document = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.Integer(required=True)
    for_person_id = fields.Integer(allow_none=True)
    file_id = fields.Integer(allow_none=True, metadata={"description": "The file it was taken over from"})
    corrects_id = fields.Integer(allow_none=True)
    is_struck = fields.Boolean(required=True, metadata={"description": "It strikes out the row it corrects"})
    reason = fields.String(allow_none=True)


class EvidenceLine(Schema):
    """One row with what it counts for."""

    row = fields.Nested(Evidence, required=True)
    stands = fields.Boolean(required=True)
    counted = fields.Integer(
        required=True, metadata={"description": "Class hours of a lesson, minutes of a service, else 1 or 0"}
    )
    why = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf(list(Why)),
        metadata={"description": "Why it does not count, or not in full"},
    )


class EvidenceRequirement(Schema):
    """One total against what the rules of the case ask for."""

    name = fields.String(required=True)
    have = fields.Raw(required=True, metadata={"description": "A number, or true or false"})
    need = fields.Raw(required=True, metadata={"description": "A number, or true or false"})
    is_required = fields.Boolean(required=True, metadata={"description": "False: it is only recorded"})
    is_met = fields.Boolean(required=True)
    article = fields.String(required=True)
    confidence = fields.String(required=True)


class EvidenceOnFile(Schema):
    """All evidence of a case's candidate, as if it were assessed today."""

    case_id = fields.Integer(required=True)
    since = fields.Date(required=True, allow_none=True, metadata={"description": "Lessons count from this day on"})
    until = fields.Date(required=True)
    items = fields.List(fields.Nested(EvidenceLine), required=True)
    requirements = fields.List(fields.Nested(EvidenceRequirement), required=True)
    may_enter = fields.Boolean(required=True)
    differs_now = fields.Boolean(
        required=True, metadata={"description": "The last assessment would be counted otherwise today"}
    )


@bp.route("/<id:case_id>/evidence")
class EvidenceOfCase(MethodView):
    """The evidence of a case's candidate."""

    @identity.signed_in_needed
    @bp.response(200, EvidenceOnFile)
    def get(self, case_id: int) -> dict[str, Any]:
        """Every row of a case's candidate, what it counts for, and the totals against the rules."""
        seen = evidence_seen.of_case(case_id)
        counted = {each.row.id: each for each in seen.on_file.counted.rows}
        lines = [(row, counted.get(row.id)) for row in seen.on_file.rows]
        return {
            "case_id": case_id,
            "since": seen.on_file.frame.since,
            "until": seen.on_file.frame.until,
            "items": [
                {"row": row, "stands": one is not None, "counted": one.counted if one else 0, "why": one and one.why}
                for row, one in lines
            ],
            "requirements": seen.requirements,
            "may_enter": seen.may_enter,
            "differs_now": seen.on_file.differs_now,
        }

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewEvidence)
    @bp.response(201, Evidence)
    def post(self, new: dict[str, Any], case_id: int) -> Row:
        """Enter evidence: the branch secretary, the organisation commissioner or the candidate's mentor does."""
        case = evidence_seen.case_in_sight(case_id)
        kind, actor = Kind(new.pop("kind")), evidence_seen.keeper(case)
        return evidence.enter(database.session(), case=case, kind=kind, values=new, actor=actor)


@bp.route("/<id:case_id>/evidence/<id:entry_id>/correction", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(EvidenceCorrection)
@bp.response(201, Evidence)
def correct(correction: dict[str, Any], case_id: int, entry_id: int) -> Row:
    """Put a row in the place of another, or strike that out; the earlier one stays to be read."""
    case = evidence_seen.case_in_sight(case_id)
    actor = evidence_seen.keeper(case)
    return evidence.correct(database.session(), case=case, entry_id=entry_id, actor=actor, **correction)
