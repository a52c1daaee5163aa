"""Checks of places for a list of candidates: asked for, then read with progress and reasons."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from webapp import database, identity, quota_checks_seen
from webapp.api.document import Blueprint
from webapp.api.schemas import one_id
from webapp.api.writing import writing
from webapp.quota_acts import insist_on_sight
from workflows.domain.quota_checks import LONGEST_LIST, QuotaCheck, Verdict

bp = Blueprint("quota_checks", __name__, "quotas/checks", "Places checked for a list of candidates")


class NewQuotaCheck(Schema):
    """Whom to check: the applications of these cases, or everybody who waits for the pre-review or a place."""

    unit_id = one_id(required=True)
    case_ids = fields.List(
        one_id(), load_default=None, validate=validate.Length(1, LONGEST_LIST, error=f"应为 1 至 {LONGEST_LIST} 件。")
    )


class QuotaCheckLine(Schema):
    """One candidate; `case_id` and `name` are empty for who may not read the case. Nothing was taken."""

    case_id = fields.Integer(allow_none=True, required=True)
    name = fields.String(required=True)
    unit = fields.String(required=True)
    applied_on = fields.Date(required=True, attribute="line.applied_on")
    verdict = fields.String(
        required=True, attribute="line.verdict", validate=validate.OneOf([verdict.value for verdict in Verdict])
    )
    why = fields.String(required=True)
    rule = fields.String(required=True)
    article = fields.String(required=True)


class QuotaCheckSeen(Schema):
    """A check and how far it is; `ended_at` is empty while it is worked on."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    total = fields.Integer(required=True)
    done = fields.Integer(required=True)
    fitting = fields.Integer(required=True)
    asked_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(allow_none=True, required=True)
    items = fields.List(fields.Nested(QuotaCheckLine), required=True)


@bp.route("")
class QuotaChecks(MethodView):
    """All checks."""

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewQuotaCheck)
    @bp.response(202, QuotaCheckSeen)
    def post(self, new: dict[str, Any]) -> Any:
        """Ask for a check as the unit's committee. Read the result at `Location`."""
        insist_on_sight(new["unit_id"])
        check = quota_checks_seen.ask(new["unit_id"], new["case_ids"])
        return _shown(check), 202, {"Location": f"{bp.url_prefix}/{check.id}"}


@bp.route("/<id:check_id>")
@identity.signed_in_needed
@bp.response(200, QuotaCheckSeen)
def one(check_id: int) -> dict[str, Any]:
    """A check of a unit in my sight, with the reason for each candidate."""
    return _shown(quota_checks_seen.seen(check_id))


_COLUMNS = ("id", "unit_id", "total", "done", "fitting", "asked_at", "ended_at")


def _shown(check: QuotaCheck) -> dict[str, Any]:
    items = quota_checks_seen.lines(database.session(), check)
    return {**{name: getattr(check, name) for name in _COLUMNS}, "items": items}
