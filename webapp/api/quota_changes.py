"""Changes of the plan on its way: requests for more, lateral transfers, additions during the year, the closing."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields

from webapp import database, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import ReasonGiven, amount, one_id, query_id, state_label, text
from webapp.api.writing import writing
from webapp.quota_acts import insist_on_sight, managing
from workflows.domain import quota_closing, quota_requests, quota_transfers, quotas
from workflows.domain.posts import PostKind
from workflows.domain.quota_requests import QuotaRequest
from workflows.domain.quota_transfers import QuotaTransfer
from workflows.errors import NotFound

bp = Blueprint("quota_changes", __name__, "quotas", "PlaceRequests for places, lateral transfers, additions, closing")


class PlacesOfUnit(Schema):
    """Whose requests or transfers."""

    unit_id = query_id(required=True)


class PlaceRequest(Schema):
    """A request for more places; `granted` of `amount` so far, `position` in the line while it is open."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    asked_unit_id = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    granted = fields.Integer(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    label = state_label()
    position = fields.Function(
        lambda each: quota_requests.position(database.session(), each), metadata={"type": ["integer", "null"]}
    )
    forwards_id = fields.Integer(allow_none=True)
    asked_at = fields.AwareDateTime(required=True)
    answer = fields.String(required=True)
    answered_at = fields.AwareDateTime(allow_none=True)


class PlaceRequests(Schema):
    """What the unit has asked for, newest first, and the line of those below it, first come first."""

    made = fields.List(fields.Nested(PlaceRequest), required=True)
    waiting = fields.List(fields.Nested(PlaceRequest), required=True)


class NewPlaceRequest(Schema):
    """More places for a unit, asked of the unit above it."""

    unit_id = one_id(required=True)
    amount = amount()
    reason = text(400, least=1, required=True)


class PlacesGranted(Schema):
    """All or a part of what was asked for."""

    amount = amount()
    answer = text(400, load_default="")


class AnswerGiven(Schema):
    """A word with the confirmation."""

    answer = text(400, load_default="")


class PlaceTransfer(Schema):
    """An offer of places to a unit of another line; `over_unit_id` confirms."""

    id = fields.Integer(required=True)
    from_unit_id = fields.Integer(required=True)
    to_unit_id = fields.Integer(required=True)
    over_unit_id = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    reason = fields.String(required=True)
    state = fields.String(required=True)
    label = state_label()
    offered_at = fields.AwareDateTime(required=True)
    answer = fields.String(required=True)
    answered_at = fields.AwareDateTime(allow_none=True)


class PlaceTransfers(Schema):
    """The offers a unit has made, receives or decides, newest first."""

    items = fields.List(fields.Nested(PlaceTransfer), required=True)


class NewPlaceTransfer(Schema):
    """Places offered sideways."""

    from_unit_id = one_id(required=True)
    to_unit_id = one_id(required=True)
    amount = amount()
    reason = text(400, least=1, required=True)


class PlanAddition(Schema):
    """Places added to the plan during its year."""

    amount = amount()
    reason = text(400, least=1, required=True)


class PlanEnlarged(Schema):
    """The plan after the addition."""

    year = fields.Integer(required=True)
    total = fields.Integer(required=True)


class PlanClosing(Schema):
    """What was left of the plan when it was closed."""

    total = fields.Integer(required=True)
    used = fields.Integer(required=True)
    reserved = fields.Integer(required=True)
    expired = fields.Integer(required=True)
    requests_lapsed = fields.Integer(required=True)
    transfers_lapsed = fields.Integer(required=True)


@bp.route("/requests")
class QuotaRequests(MethodView):
    """PlaceRequests for more places."""

    @identity.signed_in_needed
    @bp.arguments(PlacesOfUnit, location="query")
    @bp.response(200, PlaceRequests)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """What a unit has asked for, and who waits for its answer."""
        session, unit = database.session(), insist_on_sight(query["unit_id"])
        plan = quotas.current_plan(session)
        return {
            "made": quota_requests.made_by(session, plan, unit.id),
            "waiting": quota_requests.waiting_at(session, plan, unit.id),
        }

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewPlaceRequest)
    @bp.response(201, PlaceRequest)
    def post(self, new: dict[str, Any]) -> QuotaRequest:
        """Ask the unit above for more places."""
        session, unit = database.session(), insist_on_sight(new["unit_id"])
        actor = managing(unit.id)
        return quota_requests.ask(session, quotas.current_plan(session), unit.id, new["amount"], new["reason"], actor)


@bp.route("/requests/<id:request_id>/grant", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(PlacesGranted)
@bp.response(200, PlaceRequest)
def grant(sent: dict[str, Any], request_id: int) -> QuotaRequest:
    """PlacesGranted all or a part; what is not granted stays in the line."""
    request = _request(request_id)
    actor = managing(request.asked_unit_id)
    quota_requests.grant(database.session(), request_id, sent["amount"], actor, sent["answer"])
    return request


@bp.route("/requests/<id:request_id>/refuse", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(ReasonGiven)
@bp.response(200, PlaceRequest)
def refuse(sent: dict[str, Any], request_id: int) -> QuotaRequest:
    """Refuse what is left of a request, with the reason."""
    actor = managing(_request(request_id).asked_unit_id)
    return quota_requests.refuse(database.session(), request_id, sent["reason"], actor)


@bp.route("/requests/<id:request_id>/forward", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(ReasonGiven)
@bp.response(201, PlaceRequest)
def forward(sent: dict[str, Any], request_id: int) -> QuotaRequest:
    """Put what is left of a request to the next unit above; answers the new request."""
    actor = managing(_request(request_id).asked_unit_id)
    return quota_requests.forward(database.session(), request_id, sent["reason"], actor)


@bp.route("/requests/<id:request_id>/withdraw", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.response(200, PlaceRequest)
def withdraw(request_id: int) -> QuotaRequest:
    """Withdraw what is left of a request of one's own unit."""
    actor = managing(_request(request_id).unit_id)
    return quota_requests.withdraw(database.session(), request_id, actor)


@bp.route("/transfers")
class QuotaTransfers(MethodView):
    """Lateral transfers."""

    @identity.signed_in_needed
    @bp.arguments(PlacesOfUnit, location="query")
    @bp.response(200, PlaceTransfers)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The offers a unit has made, receives or decides."""
        session, unit = database.session(), insist_on_sight(query["unit_id"])
        return {"items": quota_transfers.concerning(session, quotas.current_plan(session), unit.id)}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewPlaceTransfer)
    @bp.response(201, PlaceTransfer)
    def post(self, new: dict[str, Any]) -> QuotaTransfer:
        """Offer free places to a unit of another line."""
        session, unit = database.session(), insist_on_sight(new["from_unit_id"])
        actor = managing(unit.id)
        plan = quotas.current_plan(session)
        return quota_transfers.offer(session, plan, unit.id, new["to_unit_id"], new["amount"], new["reason"], actor)


@bp.route("/transfers/<id:transfer_id>/confirm", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(AnswerGiven)
@bp.response(200, PlaceTransfer)
def confirm(sent: dict[str, Any], transfer_id: int) -> QuotaTransfer:
    """Confirm an offer as the common parent: places and numbers move now."""
    found = _transfer(transfer_id)
    quota_transfers.confirm(database.session(), transfer_id, managing(found.over_unit_id), sent["answer"])
    return found


@bp.route("/transfers/<id:transfer_id>/decline", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(ReasonGiven)
@bp.response(200, PlaceTransfer)
def decline(sent: dict[str, Any], transfer_id: int) -> QuotaTransfer:
    """Decline an offer as the common parent, with the reason."""
    actor = managing(_transfer(transfer_id).over_unit_id)
    return quota_transfers.decline(database.session(), transfer_id, sent["reason"], actor)


@bp.route("/transfers/<id:transfer_id>/withdraw", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.response(200, PlaceTransfer)
def take_back(transfer_id: int) -> QuotaTransfer:
    """Withdraw an offer of one's own unit."""
    actor = managing(_transfer(transfer_id).from_unit_id)
    return quota_transfers.withdraw(database.session(), transfer_id, actor)


@bp.route("/additions", methods=["POST"])
@writing
@identity.post_needed(PostKind.REGION_COMMITTEE)
@bp.arguments(PlanAddition)
@bp.response(201, PlanEnlarged)
def add(sent: dict[str, Any]) -> quotas.Plan:
    """Add places to the open plan (年中追加); they bring a block of numbers of their own."""
    session, actor = database.session(), identity.actor(PostKind.REGION_COMMITTEE)
    plan = quotas.current_plan(session)
    quotas.add_to_plan(session, plan, sent["amount"], actor, sent["reason"])
    return plan


@bp.route("/closing", methods=["POST"])
@writing
@identity.post_needed(PostKind.REGION_COMMITTEE)
@bp.arguments(ReasonGiven)
@bp.response(200, PlanClosing)
def close(sent: dict[str, Any]) -> quota_closing.Closing:
    """Close the open plan for good (年终关闭): what is free expires; answers what was left."""
    session, actor = database.session(), identity.actor(PostKind.REGION_COMMITTEE)
    return quota_closing.close(session, quotas.current_plan(session), actor, sent["reason"])


def _request(request_id: int) -> QuotaRequest:
    """The request, for who may read the unit that asks or is asked; raises NotFound."""
    found = quota_requests.get(database.session(), request_id)
    if not (identity.may_see(found.unit_id) or identity.may_see(found.asked_unit_id)):
        raise NotFound(what=gettext("追加申请"))
    return found


def _transfer(transfer_id: int) -> QuotaTransfer:
    """The offer, for who may read one of the units concerned; raises NotFound."""
    found = quota_transfers.get(database.session(), transfer_id)
    if not any(identity.may_see(each) for each in (found.from_unit_id, found.to_unit_id, found.over_unit_id)):
        raise NotFound(what=gettext("横向调剂"))
    return found
