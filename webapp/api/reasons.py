"""Why a case has not come further: rule, fact, source, article, and what would let it pass."""

from typing import Any

from marshmallow import Schema, fields, validate

from webapp import database, identity, reasons_told, sight
from webapp.api.document import Blueprint
from webapp.api.schemas import WorkItem
from workflows.engine.reasons import why
from workflows.engine.reasons.reason import Condition as ConditionRow
from workflows.engine.reasons.reason import Kind, SourceKind
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("reasons", __name__, "cases", "Reasons: why a case has not come further")


class Record(Schema):
    """The record of a step that a fact was read from."""

    id = fields.Integer(required=True)
    step = fields.String(required=True)
    label = fields.String(required=True)
    person_id = fields.Integer(required=True)
    post_id = fields.Integer(allow_none=True)
    for_person_id = fields.Integer(allow_none=True)
    happened_on = fields.Date(allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)


class Origin(Schema):
    """A value of the rule set: the article behind it, and how sure that is."""

    title = fields.String(required=True)
    article = fields.String(required=True)
    confidence = fields.String(
        required=True, metadata={"description": "`rule`, `seed`, `local` or `unverified`, which is no law"}
    )


class Entry(Schema):
    """Something on record beside the forms that an operation counted, or did not count."""

    label = fields.String(required=True)
    happened_on = fields.Date(required=True)
    counted = fields.Float(required=True, metadata={"description": "In the unit of the fact"})
    note = fields.String(required=True, metadata={"description": "Why it does not count in full"})
    recorded_at = fields.AwareDateTime(required=True)
    person_id = fields.Integer(required=True)
    for_person_id = fields.Integer(allow_none=True)


class Source(Schema):
    """Where a fact comes from."""

    kind = fields.String(required=True, validate=validate.OneOf(list(SourceKind)))
    step = fields.String(required=True)
    label = fields.String(required=True)
    records = fields.List(fields.Nested(Record), required=True)
    entries = fields.List(fields.Nested(Entry), required=True)
    told_at = fields.AwareDateTime(allow_none=True)
    origin = fields.Nested(Origin, allow_none=True)


class Fact(Schema):
    """One fact as it was seen; `value` is null and `secret` true for what is kept secret."""

    name = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.Raw(required=True, allow_none=True)
    unit = fields.String(required=True)
    secret = fields.Boolean(required=True)
    said = fields.Function(reasons_told.fact_said, metadata={"type": "string", "description": "The value in words"})
    source = fields.Nested(Source, required=True)


class Condition(Schema):
    """One thing that must become otherwise."""

    rule = fields.String(required=True, metadata={"description": "The rule that asks for it"})
    label = fields.String(required=True)
    expression = fields.String(required=True)
    test = fields.Function(
        lambda one: "" if _is_secret(one) else one.test, metadata={"type": "string", "description": "As written"}
    )
    kind = fields.String(required=True)
    wanted = fields.Function(
        lambda one: [] if _is_secret(one) else list(one.wanted), metadata={"type": "array", "items": {}}
    )
    said = fields.Function(
        reasons_told.condition_said, metadata={"type": "string", "description": "What it must be, in words"}
    )
    article = fields.String(required=True)
    earliest = fields.Date(allow_none=True)
    facts = fields.List(fields.Nested(Fact), required=True)


class Remedy(Schema):
    """What would let a decision pass: every group has to be met, and one condition of a group suffices."""

    rule = fields.String(required=True, metadata={"description": "The rule that would then answer"})
    groups = fields.List(fields.List(fields.Nested(Condition)), required=True)
    earliest = fields.Date(allow_none=True, metadata={"description": "The latest of the days, as far as known"})


class Way(Schema):
    """One way out of a gateway."""

    flow = fields.String(required=True)
    label = fields.String(required=True)
    condition = fields.String(allow_none=True)


class Gate(Schema):
    """A gateway the case has passed: the way taken and the others."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    taken = fields.Nested(Way, required=True)
    others = fields.List(fields.Nested(Way), required=True)


class Reason(Schema):
    """One thing that keeps the case back, or that ended it early."""

    kind = fields.String(required=True, validate=validate.OneOf(list(Kind)))
    step = fields.String(required=True)
    label = fields.String(required=True)
    heading = fields.Function(reasons_told.heading, metadata={"type": "string", "description": "In a few words"})
    since = fields.AwareDateTime(allow_none=True)
    text = fields.String(required=True, metadata={"description": "The reason as the rule or a person gives it"})
    article = fields.String(required=True)
    is_unverified = fields.Boolean(
        required=True, metadata={"description": "A value behind it was seen in no published text"}
    )
    rule = fields.String(required=True, metadata={"description": "The table's rule, or the rule behind a refusal"})
    rule_number = fields.Integer(required=True)
    decision = fields.String(required=True)
    decision_label = fields.String(required=True)
    code = fields.String(required=True, metadata={"description": "A refusal's code"})
    gate = fields.Nested(Gate, allow_none=True)
    facts = fields.List(fields.Nested(Fact), required=True)
    remedies = fields.List(fields.Nested(Remedy), required=True, metadata={"description": "One of them suffices"})
    earliest = fields.Date(allow_none=True)
    until = fields.AwareDateTime(allow_none=True)
    then = fields.List(
        fields.String(), required=True, metadata={"description": "Steps to be done by people when a wait is over"}
    )
    expression = fields.String(required=True, metadata={"description": "What a timer or a conditional event reads"})


class Reasons(Schema):
    """Everything that keeps a case back, and whose turn it is; without `items` it only waits for people."""

    case_id = fields.Integer(required=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    ended_label = fields.String(allow_none=True)
    items = fields.List(fields.Nested(Reason), required=True)
    next = fields.List(fields.Nested(WorkItem), required=True)


@bp.route("/<id:case_id>/reasons")
@identity.signed_in_needed
@bp.response(200, Reasons)
def reasons(case_id: int) -> dict[str, Any]:
    """Why the case has not come further, or why it ended early."""
    case = sight.case(case_id)
    return {
        "case_id": case.id,
        "ended_at": case.ended_at,
        "ended_label": case.ended_label,
        "items": why.of_case(database.session(), ENVIRONMENT, case),
        "next": sight.open_items(case.id),
    }


def _is_secret(one: ConditionRow) -> bool:
    """Whether a condition would tell what is kept secret."""
    return any(fact.secret for fact in one.facts)
