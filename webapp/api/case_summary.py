"""A case in one look: what the head of its page and its card on a board say."""

from marshmallow import Schema, fields, validate
from sqlalchemy import select

from webapp import case_summary, database, identity, sight
from webapp.api.document import Blueprint
from webapp.api.lawful_days import LawfulDay
from webapp.case_summary import Summary
from workflows.engine.tables import DueTimer

bp = Blueprint("case_summary", __name__, "cases", "Summary: a case in one look")


class Turn(Schema):
    """A user step that waits, and who must act."""

    work_item_id = fields.Integer(attribute="item.id", required=True)
    step = fields.String(attribute="item.step", required=True)
    label = fields.String(attribute="item.label", required=True)
    number = fields.String(required=True)
    who = fields.String(required=True, metadata={"description": "Post and person"})
    mine = fields.Boolean(required=True)
    due_on = fields.Date(attribute="item.due_on", allow_none=True, required=True)
    papers = fields.List(
        fields.String(), required=True, metadata={"description": "What the form must tell for the case to go on"}
    )


class WaitingFor(Schema):
    """A day that has not come."""

    step = fields.String(required=True)
    label = fields.String(required=True)
    until = fields.Date(required=True)


class Lack(Schema):
    """What the rules ask for and the evidence on record does not yet come to; without `article` it is no law."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    have = fields.Raw(required=True)
    need = fields.Raw(required=True)
    said = fields.String(attribute="missing_said", required=True)
    article = fields.String(required=True)
    confidence = fields.String(required=True)


class CaseSummary(Schema):
    """Where a case stands, what is missing, whose turn it is, from when and until when."""

    case_id = fields.Integer(attribute="case.id", required=True)
    title = fields.String(attribute="case.title", required=True)
    number = fields.Integer(required=True, metadata={"description": "The step it stands at; 0 where none is numbered"})
    of = fields.Integer(attribute="steps", required=True, metadata={"description": "How many steps are numbered"})
    step = fields.String(required=True)
    stage = fields.String(required=True)
    turns = fields.List(fields.Nested(Turn), required=True)
    waits = fields.List(fields.Nested(WaitingFor), required=True)
    lacks = fields.List(fields.Nested(Lack), required=True)
    next_days = fields.List(
        fields.Nested(LawfulDay), attribute="now", required=True, metadata={"description": "Of the steps it stands at"}
    )
    state = fields.String(required=True, validate=validate.OneOf(["", "ended", "overdue", "soon", "early"]))
    said = fields.String(attribute="words", required=True, metadata={"description": "The state in words"})
    place_until = fields.Date(
        attribute="place_until.on",
        dump_default=None,
        allow_none=True,
        required=True,
        metadata={"description": "The last day on which the reserved place is kept; null without one"},
    )
    overdue_since = fields.Date(allow_none=True, required=True)
    ended_label = fields.String(attribute="case.ended_label", allow_none=True, required=True)
    is_troubled = fields.Boolean(attribute="troubled", required=True, metadata={"description": "Has an open incident"})


@bp.route("/<id:case_id>/summary")
@identity.signed_in_needed
@bp.response(200, CaseSummary)
def summary(case_id: int) -> Summary:
    """The case in one look."""
    session, case = database.session(), sight.case(case_id)
    waits = session.scalars(
        select(DueTimer).where(DueTimer.case_id == case_id, DueTimer.attached_to.is_(None)).order_by(DueTimer.due_at)
    ).all()
    return case_summary.of_case(session, case, sight.open_items(case_id), waits)
