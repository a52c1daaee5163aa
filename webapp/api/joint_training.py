"""Joint training: what both sides read of it. Everything done in it is a step or a message of its case."""

from typing import Any

from marshmallow import Schema, fields

from webapp import identity, joint_training_seen
from webapp.api.document import Blueprint
from workflows.domain.joint_training_tables import TrainingState, Verdict
from workflows.domain.two_keys import Side

bp = Blueprint("joint_training", __name__, "joint-training", "Joint training of activists by League and Party")


class TrainingRow(Schema):
    """One training. `next_due_on` is the last day of the next assessment; null before the plan and after the end."""

    id = fields.Integer(required=True, attribute="row.id")
    person_id = fields.Integer(required=True, attribute="row.person_id")
    case_id = fields.Integer(required=True, attribute="row.case_id")
    unit_id = fields.Integer(required=True, attribute="row.unit_id")
    party_unit_id = fields.Integer(required=True, attribute="row.party_unit_id")
    state = fields.Enum(TrainingState, by_value=True, required=True, attribute="row.state")
    label = fields.String(required=True, attribute="state")
    recognised_on = fields.Date(required=True, attribute="row.recognised_on")
    least_months = fields.Integer(required=True, attribute="row.least_months")
    months = fields.Integer(required=True)
    next_due_on = fields.Date(allow_none=True, required=True, attribute="row.next_due_on")
    ready_on = fields.Date(allow_none=True, required=True, attribute="row.ready_on")
    ended_on = fields.Date(allow_none=True, required=True, attribute="row.ended_on")


class TrainingRows(Schema):
    """The trainings in the reader's sight: those that go on first, by the last day of their next assessment."""

    items = fields.List(fields.Nested(TrainingRow), required=True)


class TrainingPlan(Schema):
    """The plan both sides hold to."""

    version = fields.Integer(required=True)
    goals = fields.String(required=True)
    league_part = fields.String(required=True)
    party_part = fields.String(required=True)
    begins_on = fields.Date(required=True)
    ends_on = fields.Date(required=True)
    drafted_on = fields.Date(required=True)
    agreed_on = fields.Date(required=True)


class TrainingMentor(Schema):
    """Who guides the trainee for one side, from a day to another."""

    side = fields.Enum(Side, by_value=True, required=True)
    person_id = fields.Integer(required=True)
    since = fields.Date(required=True)
    until = fields.Date(allow_none=True, required=True)


class TrainingAssessment(Schema):
    """One half-yearly assessment: both opinions and what came of it."""

    number = fields.Integer(required=True)
    due_on = fields.Date(required=True)
    months = fields.Integer(required=True)
    league_view = fields.Enum(Verdict, by_value=True, required=True)
    league_opinion = fields.String(required=True)
    league_on = fields.Date(required=True)
    party_view = fields.Enum(Verdict, by_value=True, required=True)
    party_opinion = fields.String(required=True)
    party_on = fields.Date(required=True)
    result = fields.Enum(Verdict, by_value=True, required=True)
    reason = fields.String(required=True)
    extended_until = fields.Date(allow_none=True, required=True)
    decided_on = fields.Date(required=True)


class TrainingReport(Schema):
    """A report of the trainee's thoughts: its day and title, and no more."""

    reported_on = fields.Date(required=True)
    title = fields.String(required=True)


class TrainingWait(Schema):
    """A step that waits, and for whom."""

    label = fields.String(required=True)
    who = fields.String(required=True)
    due_on = fields.Date(allow_none=True, required=True)


class TrainingLook(Schema):
    """The whole: time counted, plan, mentors, results, reports, and what waits."""

    training = fields.Nested(TrainingRow, required=True)
    earliest_ready = fields.Date(required=True)
    plan = fields.Nested(TrainingPlan, allow_none=True, required=True)
    mentors = fields.List(fields.Nested(TrainingMentor), required=True)
    assessments = fields.List(fields.Nested(TrainingAssessment), required=True)
    reports = fields.List(fields.Nested(TrainingReport), required=True)
    waits = fields.List(fields.Nested(TrainingWait), required=True)


@bp.route("")
@identity.signed_in_needed
@bp.response(200, TrainingRows)
def every() -> dict[str, Any]:
    """The trainings of the units that the person's posts give sight of, League or Party, and those he guides."""
    return {"items": joint_training_seen.listed()}


@bp.route("/<id:training_id>")
@identity.signed_in_needed
@bp.response(200, TrainingLook)
def one(training_id: int) -> dict[str, Any]:
    """Plan, time counted, mentors, the results of every assessment, and what waits: the same for both sides."""
    return joint_training_seen.as_told(joint_training_seen.find(training_id))
