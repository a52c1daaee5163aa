"""Corrections of a closed year's book: entered by one person, confirmed by another of the unit above."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import one_id, query_id, text
from webapp.api.writing import writing
from webapp.quota_acts import insist_on_sight, managing
from workflows.domain import quota_corrections, quotas
from workflows.domain.quota_corrections import LONGEST_DOCUMENT, QuotaCorrection
from workflows.errors import NotFound

bp = Blueprint("quota_corrections", __name__, "quotas", "Corrections of the book of a closed year")

MOST_PLACES = 999_999
YEARS = validate.Range(2016, 2100, error="应为 2016 至 2100 的年度。")


class CorrectionsOfUnit(Schema):
    """Whose corrections, in the plan of which year."""

    unit_id = query_id(required=True)
    year = fields.Integer(required=True, validate=YEARS)


class YearCorrection(Schema):
    """A correction; once confirmed, `movements` are its entries in the book."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    from_unit_id = fields.Integer(required=True)
    to_unit_id = fields.Integer(required=True)
    over_unit_id = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    reason = fields.String(required=True)
    document = fields.String(required=True)
    document_on = fields.Date(required=True)
    state = fields.String(required=True)
    label = fields.Function(lambda each: gettext(each.state.label), metadata={"type": "string"})
    entered_at = fields.AwareDateTime(required=True)
    answer = fields.String(required=True)
    settled_at = fields.AwareDateTime(allow_none=True)
    movements = fields.List(fields.Integer(), required=True)


class YearCorrections(Schema):
    """The corrections that touch a unit or those below it, or that it confirms; newest first."""

    items = fields.List(fields.Nested(YearCorrection), required=True)


class NewYearCorrection(Schema):
    """Expired places that belong to another unit, and the paper that shows it; `unit_id` enters it."""

    year = fields.Integer(strict=True, required=True, validate=YEARS)
    unit_id = one_id(required=True)
    from_unit_id = one_id(required=True)
    to_unit_id = one_id(required=True)
    amount = fields.Integer(
        strict=True, required=True, validate=validate.Range(1, MOST_PLACES, error=f"应为 1 至 {MOST_PLACES} 的整数。")
    )
    reason = text(400, least=1, required=True)
    document = text(LONGEST_DOCUMENT, least=2, required=True)
    document_on = fields.Date(required=True)


class CorrectionAnswer(Schema):
    """A word with the confirmation."""

    answer = text(400, load_default="")


class CorrectionDeclined(Schema):
    """Why not."""

    reason = text(400, least=1, required=True)


@bp.route("/corrections")
class QuotaCorrections(MethodView):
    """Corrections of closed years."""

    @identity.signed_in_needed
    @bp.arguments(CorrectionsOfUnit, location="query")
    @bp.response(200, YearCorrections)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The corrections of a year that touch a unit or those below it."""
        session, unit = database.session(), insist_on_sight(query["unit_id"])
        plan = quotas.plan_of_year(session, query["year"])
        return {"items": quota_corrections.within(session, plan, unit)}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewYearCorrection)
    @bp.response(201, YearCorrection)
    def post(self, new: dict[str, Any]) -> QuotaCorrection:
        """Enter a correction; nothing moves before somebody of the unit above confirms it."""
        session, unit = database.session(), insist_on_sight(new["unit_id"])
        actor, plan = managing(unit.id), quotas.plan_of_year(session, new.pop("year"))
        return quota_corrections.enter(session, plan, actor=actor, **new)


@bp.route("/corrections/<id:correction_id>/confirm", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(CorrectionAnswer)
@bp.response(200, YearCorrection)
def confirm(sent: dict[str, Any], correction_id: int) -> QuotaCorrection:
    """Confirm a correction as the unit above, another person than who entered it: the entries are made now."""
    found = _correction(correction_id)
    quota_corrections.confirm(database.session(), correction_id, managing(found.over_unit_id), sent["answer"])
    return found


@bp.route("/corrections/<id:correction_id>/decline", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(CorrectionDeclined)
@bp.response(200, YearCorrection)
def decline(sent: dict[str, Any], correction_id: int) -> QuotaCorrection:
    """Decline a correction as the unit above, with the reason."""
    actor = managing(_correction(correction_id).over_unit_id)
    return quota_corrections.decline(database.session(), correction_id, sent["reason"], actor)


@bp.route("/corrections/<id:correction_id>/withdraw", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.response(200, YearCorrection)
def withdraw(correction_id: int) -> QuotaCorrection:
    """Withdraw a correction that one's own unit entered."""
    actor = managing(_correction(correction_id).unit_id)
    return quota_corrections.withdraw(database.session(), correction_id, actor)


def _correction(correction_id: int) -> QuotaCorrection:
    """The correction, for who may read one of the units concerned; raises NotFound."""
    found = quota_corrections.get(database.session(), correction_id)
    if not any(identity.may_see(each) for each in (found.from_unit_id, found.to_unit_id, found.over_unit_id)):
        raise NotFound(what=gettext("年后更正"))
    return found
