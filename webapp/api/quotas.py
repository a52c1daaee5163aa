"""Places: the year's plan, the accounts of units, their movements; allotting and giving back."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from webapp import database, identity
from webapp.api.document import Blueprint
from webapp.api.paging import PageQuery, id_after
from webapp.api.schemas import amount, one_id, query_id, text
from webapp.api.writing import writing
from webapp.quota_acts import insist_on_sight, managing
from workflows.domain import quotas
from workflows.domain.posts import PostKind
from workflows.domain.quotas import Plan as PlanRow
from workflows.domain.quotas import QuotaAccount
from workflows.errors import InvalidData, NotFound

bp = Blueprint("quotas", __name__, "quotas", "Places of the year's plan")


class Plan(Schema):
    """The year's plan."""

    id = fields.Integer(required=True)
    year = fields.Integer(required=True)
    total = fields.Integer(required=True)
    rule_set = fields.String(required=True)
    state = fields.String(required=True)


class NewPlan(Schema):
    """A plan to be issued to the region."""

    year = fields.Integer(strict=True, required=True, validate=validate.Range(2016, 2099, error="应为 2016 至 2099。"))
    total = amount()


class AccountQuery(Schema):
    """Whose account."""

    unit_id = query_id(required=True)


class Account(Schema):
    """One unit's line; `…_below` sums the unit and everything that reports to it."""

    unit_id = fields.Integer(required=True)
    unit_name = fields.String(required=True)
    account_id = fields.Integer(allow_none=True)
    allotted = fields.Integer(required=True)
    passed_on = fields.Integer(required=True)
    free = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    used = fields.Integer(required=True)
    expired = fields.Integer(required=True)
    free_below = fields.Integer(required=True)
    reserved_below = fields.Integer(required=True)
    used_below = fields.Integer(required=True)
    expired_below = fields.Integer(required=True)


class Accounts(Schema):
    """The unit's own line first, then the units that report to it."""

    plan = fields.Nested(Plan, required=True)
    items = fields.List(fields.Nested(Account), required=True)


class Movement(Schema):
    """One movement of places; rows are never changed."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    label = fields.Function(lambda movement: movement.kind.label, metadata={"type": "string"})
    from_account = fields.Integer(allow_none=True)
    from_bucket = fields.String(allow_none=True)
    to_account = fields.Integer(required=True)
    to_bucket = fields.String(required=True)
    amount = fields.Integer(required=True)
    case_id = fields.Integer(allow_none=True)
    reason = fields.String()
    person_id = fields.Integer(allow_none=True)
    at = fields.AwareDateTime(required=True)


class Movements(Schema):
    """One page of movements, newest first."""

    items = fields.List(fields.Nested(Movement), required=True)
    next = fields.String(allow_none=True, required=True)


class Share(Schema):
    """How many places one unit gets."""

    unit_id = one_id(required=True)
    amount = amount()


class Allotment(Schema):
    """Places passed on to units that report directly to `from_unit_id`; all or none."""

    from_unit_id = one_id(required=True)
    shares = fields.List(
        fields.Nested(Share), required=True, validate=validate.Length(1, 500, error="应为 1 至 500 个组织。")
    )
    reason = text(400, load_default="")


class Return(Schema):
    """Free places given back to the unit above."""

    unit_id = one_id(required=True)
    amount = amount()
    reason = text(400, load_default="")


@bp.route("/plan")
class CurrentPlan(MethodView):
    """The year's plan."""

    @identity.signed_in_needed
    @bp.response(200, Plan)
    def get(self) -> PlanRow:
        """The plan that is open now."""
        return quotas.current_plan(database.session())

    @writing
    @identity.post_needed(PostKind.REGION_COMMITTEE)
    @bp.arguments(NewPlan)
    @bp.response(201, Plan)
    def post(self, new: dict[str, Any]) -> PlanRow:
        """Issue a year's plan to the region."""
        actor = identity.actor(PostKind.REGION_COMMITTEE)
        return quotas.open_plan(database.session(), new["year"], new["total"], actor)


@bp.route("/accounts")
@identity.signed_in_needed
@bp.arguments(AccountQuery, location="query")
@bp.response(200, Accounts)
def accounts(query: dict[str, Any]) -> dict[str, Any]:
    """A unit's places and those of the units that report to it."""
    insist_on_sight(query["unit_id"])
    return _accounts(database.session(), query["unit_id"])


@bp.route("/accounts/<id:account_id>/movements")
@identity.signed_in_needed
@bp.arguments(PageQuery, location="query")
@bp.response(200, Movements)
def movements(query: dict[str, Any], account_id: int) -> dict[str, Any]:
    """Every movement that touched an account, newest first."""
    session, limit = database.session(), query["limit"]
    account = session.get(QuotaAccount, account_id)
    if account is None:
        raise NotFound(what=gettext("名额账户"))
    insist_on_sight(account.unit_id)
    found = quotas.movements_of(session, account.id, before=id_after(query.get("after")), limit=limit + 1)
    return {"items": found[:limit], "next": str(found[limit - 1].id) if len(found) > limit else None}


@bp.route("/allotments", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(Allotment)
@bp.response(201, Accounts)
def allot(sent: dict[str, Any]) -> dict[str, Any]:
    """Pass places, with the numbers that go with them, to units directly below."""
    session, unit_id = database.session(), sent["from_unit_id"]
    insist_on_sight(unit_id)
    amounts = {share["unit_id"]: share["amount"] for share in sent["shares"]}
    if len(amounts) != len(sent["shares"]):
        raise InvalidData(fields={"shares": gettext("同一组织只能出现一次")})
    actor = managing(unit_id)
    quotas.allot_many(session, quotas.current_plan(session), unit_id, amounts, actor, sent["reason"])
    return _accounts(session, unit_id)


@bp.route("/returns", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(Return)
@bp.response(201, Accounts)
def give_back(sent: dict[str, Any]) -> dict[str, Any]:
    """Give free places whose numbers were never issued back to the unit above."""
    session, unit_id = database.session(), sent["unit_id"]
    insist_on_sight(unit_id)
    actor = managing(unit_id)
    quotas.give_back(session, quotas.current_plan(session), unit_id, sent["amount"], actor, sent["reason"])
    return _accounts(session, unit_id)


def _accounts(session: Session, unit_id: int) -> dict[str, Any]:
    plan = quotas.current_plan(session)
    return {"plan": plan, "items": quotas.overview(session, plan, unit_id)}
