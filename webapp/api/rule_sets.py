"""Rule sets, what holds for a unit on a day, and tightening a rule for a subtree."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, rules_seen, rules_told
from webapp.api.document import Blueprint
from webapp.api.paging import PageQuery, id_after
from webapp.api.schemas import text
from webapp.api.writing import writing
from workflows import clock
from workflows.domain import rule_sets, rules_in_force, tightening
from workflows.domain.rule_sets import Confidence
from workflows.domain.rule_sets import RuleSet as Preset
from workflows.domain.rules_in_force import LONGEST_REASON, Held, State
from workflows.domain.strictness import Direction

bp = Blueprint("rule_sets", __name__, "rules", "Rule sets and what units have tightened")

ANY_VALUE = {"type": ["boolean", "integer", "string"]}
LONGEST_NAME = 60


def _value(**options: Any) -> fields.Raw:
    """A value of a rule: a boolean, a whole number, or a text (a word, a span such as P30D, a share)."""
    return fields.Raw(metadata=ANY_VALUE, **options)


class RuleParameter(Schema):
    """One threshold of a rule set. `article` is empty where no published text stands behind the value."""

    name = fields.String(required=True)
    title = fields.Function(rules_told.title, metadata={"type": "string"}, required=True)
    value = _value(required=True)
    text = fields.Function(lambda each: rules_told.value(each, each.value), metadata={"type": "string"}, required=True)
    unit = fields.String(required=True)
    article = fields.Function(rules_told.basis, metadata={"type": "string"}, required=True)
    confidence = fields.Enum(
        Confidence,
        by_value=True,
        required=True,
        metadata={"description": "`unverified` and `own` are no law: a default, or this product's own choice"},
    )
    confidence_label = fields.Function(rules_told.tag, metadata={"type": "string"}, required=True)
    tighten = fields.Enum(Direction, by_value=True, required=True, attribute="direction")
    limit = _value(required=True, allow_none=True)
    disputes = fields.List(fields.String(), required=True)
    notes = fields.Function(rules_told.notes, metadata={"type": "array", "items": {"type": "string"}}, required=True)


class RuleSetHead(Schema):
    """A rule set and the days of the plans that are worked under it."""

    name = fields.String(required=True)
    title = fields.Function(lambda each: gettext(each.title), metadata={"type": "string"}, required=True)
    plans_from = fields.Date(required=True)
    plans_until = fields.Date(required=True, allow_none=True)


class RuleSet(RuleSetHead):
    """A rule set with all its parameters."""

    parameters = fields.Function(
        lambda each: RuleParameter(many=True).dump(each.parameters.values()),
        metadata={"type": "array", "items": {"$ref": "#/components/schemas/RuleParameter"}},
        required=True,
    )


class RuleSetList(Schema):
    """All rule sets, oldest first."""

    items = fields.List(fields.Nested(RuleSetHead), required=True)


class Tightening(Schema):
    """A stricter value for a unit and everything below it, from `since` to `until`, both included."""

    id = fields.Integer(required=True, attribute="row.id")
    unit_id = fields.Integer(required=True, attribute="row.unit_id")
    unit_name = fields.String(required=True, attribute="unit.name")
    parameter = fields.String(required=True, attribute="row.parameter")
    value = _value(required=True, attribute="row.value")
    reason = fields.String(required=True, attribute="row.reason")
    since = fields.Date(required=True, attribute="row.since")
    until = fields.Date(required=True, attribute="row.until")
    state = fields.Enum(State, by_value=True, required=True, attribute="row.state")
    approver_unit_id = fields.Integer(required=True, attribute="row.approver_unit_id")
    proposed_by = fields.Integer(required=True, attribute="row.proposed_by")
    proposed_at = fields.AwareDateTime(required=True, attribute="row.proposed_at")
    decided_by = fields.Integer(required=True, allow_none=True, attribute="row.decided_by")
    decided_at = fields.AwareDateTime(required=True, allow_none=True, attribute="row.decided_at")
    answer = fields.String(required=True, attribute="row.answer")
    withdrawn_by = fields.Integer(required=True, allow_none=True, attribute="row.withdrawn_by")
    withdrawn_on = fields.Date(required=True, allow_none=True, attribute="row.withdrawn_on")


class TighteningList(Schema):
    """Tightenings, newest first."""

    items = fields.List(fields.Nested(Tightening), required=True)
    next = fields.String(allow_none=True)


class Waiting(Schema):
    """What waits for the caller's decision, in the order it was proposed."""

    items = fields.List(fields.Nested(Tightening), required=True)


class RuleInForce(Schema):
    """What holds for one parameter; `tightened_by` is null where the rule set's own value holds."""

    parameter = fields.Nested(RuleParameter, required=True)
    value = _value(required=True)
    text = fields.Function(
        lambda each: rules_told.value(each.parameter, each.value), metadata={"type": "string"}, required=True
    )
    tightened_by = fields.Nested(Tightening, required=True, allow_none=True, attribute="by")


class RulesInForce(Schema):
    """Everything that holds for a unit on a day. Cases that began before keep what held then."""

    unit_id = fields.Integer(required=True)
    on = fields.Date(required=True)
    rule_set = fields.Nested(RuleSetHead, required=True)
    items = fields.List(fields.Nested(RuleInForce), required=True)


class DayQuery(Schema):
    """For which day."""

    on = fields.Date(metadata={"description": "Without it, today"})


class NewTightening(Schema):
    """What a unit asks of the level above it."""

    parameter = text(LONGEST_NAME, least=1, required=True)
    value = _value(required=True)
    reason = text(LONGEST_REASON, least=1, required=True)
    since = fields.Date(required=True)
    until = fields.Date(required=True)


_DECISIONS = validate.OneOf(["approve", "decline"], error="应为 approve 或 decline。")


class TighteningDecision(Schema):
    """Yes or no; a no needs an answer."""

    decision = fields.String(required=True, validate=_DECISIONS)
    answer = text(LONGEST_REASON, load_default="")


@bp.route("/sets")
@identity.signed_in_needed
@bp.response(200, RuleSetList)
def every() -> dict[str, Any]:
    """All rule sets, oldest first."""
    return {"items": list(rule_sets.ALL.values())}


@bp.route("/sets/<name>")
@identity.signed_in_needed
@bp.response(200, RuleSet)
def one(name: str) -> Preset:
    """One rule set: every parameter with its value, article, confidence, and how it may be tightened."""
    return rule_sets.get(name)


@bp.route("/units/<id:unit_id>")
@identity.signed_in_needed
@bp.arguments(DayQuery, location="query")
@bp.response(200, RulesInForce)
def in_force(query: dict[str, Any], unit_id: int) -> dict[str, Any]:
    """What holds for a unit on a day; for units the caller belongs to or sees."""
    rules_seen.unit_named(unit_id)
    day = query.get("on") or clock.today()
    rules = rules_in_force.of_unit(database.session(), unit_id, day)
    return {"unit_id": unit_id, "on": day, "rule_set": rules.rule_set, "items": list(rules.values.values())}


@bp.route("/units/<id:unit_id>/tightenings")
class Tightenings(MethodView):
    """What a unit, and the units above and below it, have tightened."""

    @identity.signed_in_needed
    @bp.arguments(PageQuery, location="query")
    @bp.response(200, TighteningList)
    def get(self, query: dict[str, Any], unit_id: int) -> dict[str, Any]:
        """Tightenings that concern a unit, newest first; of units above only those that were approved."""
        limit = query["limit"]
        found = rules_seen.recorded(
            rules_seen.unit_named(unit_id), before=id_after(query.get("after")), limit=limit + 1
        )
        return {"items": found[:limit], "next": str(found[limit - 1].row.id) if len(found) > limit else None}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewTightening)
    @bp.response(201, Tightening)
    def post(self, new: dict[str, Any], unit_id: int) -> Held:
        """Ask the level above for a stricter value; the committee of that unit does. Loosening is refused."""
        actor = rules_seen.proposer(unit_id)
        return rules_seen.held(tightening.propose(database.session(), unit_id=unit_id, actor=actor, **new))


@bp.route("/tightenings")
@identity.signed_in_needed
@bp.response(200, Waiting)
def waiting() -> dict[str, Any]:
    """What waits for the caller's decision."""
    return {"items": rules_seen.waiting()}


@bp.route("/tightenings/<id:tightening_id>/decision", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(TighteningDecision)
@bp.response(200, Tightening)
def decide(given: dict[str, Any], tightening_id: int) -> Held:
    """Approve or decline; not by the person who proposed. Cases that begin afterwards keep the stricter value."""
    row = rules_seen.one(tightening_id)
    return rules_seen.held(
        tightening.decide(
            database.session(),
            tightening_id=tightening_id,
            approve=given["decision"] == "approve",
            answer=given["answer"],
            actor=rules_seen.approver(row),
        )
    )


@bp.route("/tightenings/<id:tightening_id>/withdrawal", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.response(200, Tightening)
def withdraw(tightening_id: int) -> Held:
    """Take back a tightening of the caller's own unit; it no longer counts from today on."""
    row = rules_seen.one(tightening_id)
    actor = rules_seen.proposer(row.unit_id)
    return rules_seen.held(tightening.withdraw(database.session(), tightening_id=tightening_id, actor=actor))
