"""The lawful days of a case: from when and until when each step still to come may be done, and by which rule."""

from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from webapp import database, identity, lawful_days_told, sight
from webapp.api.document import Blueprint
from workflows.domain.lawful_dates import Day as DayName
from workflows.engine import bundles, cases
from workflows.engine.tables import DueTimer

bp = Blueprint("lawful_days", __name__, "cases", "Lawful days: the earliest and the latest day of each step to come")


class Bound(Schema):
    """One end of the lawful days of a step."""

    on = fields.Date(required=True)
    rule = fields.String(required=True)
    article = fields.String(required=True, metadata={"description": "Empty where no published text was seen"})
    why = fields.String(required=True, metadata={"description": "From which day it is counted"})
    tag = fields.String(required=True, metadata={"description": "What must be said of it: local practice, unverified"})
    is_estimate = fields.Boolean(
        required=True, metadata={"description": "Whether the day it is counted from is still to come"}
    )


class LawfulDay(Schema):
    """The lawful days of one step. `latest` counts deadlines too; only `barred_after` forbids."""

    day = fields.String(required=True, validate=validate.OneOf(list(DayName)))
    label = fields.String(required=True)
    is_now = fields.Boolean(required=True)
    earliest = fields.Nested(Bound, allow_none=True, required=True)
    latest = fields.Nested(Bound, allow_none=True, required=True)
    barred_after = fields.Date(allow_none=True, required=True)
    proposed = fields.Date(required=True, metadata={"description": "The nearest lawful day from today on"})
    state = fields.String(required=True, validate=validate.OneOf(["", "early", "overdue", "closed"]))


class LawfulDays(Schema):
    """The steps the case stands at first, then those after them."""

    items = fields.List(fields.Nested(LawfulDay), required=True)


@bp.route("/<id:case_id>/lawful-days")
@identity.signed_in_needed
@bp.response(200, LawfulDays)
def lawful_days(case_id: int) -> dict[str, Any]:
    """The earliest and the latest lawful day of every step still to come."""
    session, case = database.session(), sight.case(case_id)
    bundle = bundles.parsed(session, case.bundle_id)
    waits = session.scalars(select(DueTimer.step).where(DueTimer.case_id == case_id, DueTimer.attached_to.is_(None)))
    nodes = [*(item.step for item in sight.open_items(case_id)), *waits]
    return {"items": lawful_days_told.told(bundle, cases.data_of(case), nodes)}
