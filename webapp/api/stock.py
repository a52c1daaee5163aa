"""The stock of forms and cards: what lies where, handing on, giving out, spoilt and lost copies, the month's count."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from webapp import database, identity
from webapp.api.document import Blueprint
from webapp.api.schemas import ReasonGiven, amount, one_id, query_id, state_label, text
from webapp.api.writing import writing
from webapp.quota_acts import insist_on_sight
from webapp.stock_acts import giving_out, handover_seen, keeping
from workflows.domain import stock_card_codes, stock_copies, stock_counts, stock_handovers, stock_ledger, stock_waiting
from workflows.domain.stock_copies import StockCopy
from workflows.domain.stock_counts import StockCount
from workflows.domain.stock_handovers import StockHandover
from workflows.domain.stock_ledger import StockAccount, StockKind

bp = Blueprint("stock", __name__, "stock", "Forms and cards in stock")


def _kind() -> fields.Enum:
    return fields.Enum(StockKind, by_value=True, required=True)


class StockOfUnit(Schema):
    """Whose stock."""

    unit_id = query_id(required=True)


class StockBook(Schema):
    """One unit's stock of one paper: blank + transit + bound + void + lost = taken_in - passed_on."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    kind = fields.String(required=True)
    blank = fields.Integer(required=True)
    transit = fields.Integer(required=True)
    bound = fields.Integer(required=True)
    void = fields.Integer(required=True)
    lost = fields.Integer(required=True)
    taken_in = fields.Integer(required=True)
    passed_on = fields.Integer(required=True)
    prefix = fields.String(allow_none=True)


class StockBooks(Schema):
    """The papers the unit keeps a stock of; none before its first receipt."""

    items = fields.List(fields.Nested(StockBook), required=True)


class StockReceipt(Schema):
    """Blank copies from the printer or from outside this system; `document` names the delivery note."""

    unit_id = one_id(required=True)
    kind = _kind()
    amount = amount()
    document = text(200, least=1, required=True)


class CardCode(Schema):
    """The first three digits of the numbers of a base committee's cards."""

    unit_id = one_id(required=True)
    prefix = text(3, least=1, required=True)


class Handover(Schema):
    """Copies signed out by one unit and counted by another."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    from_unit_id = fields.Integer(required=True)
    to_unit_id = fields.Integer(required=True)
    amount = fields.Integer(required=True)
    list_no = fields.String(required=True)
    state = fields.String(required=True)
    label = state_label()
    sent_at = fields.AwareDateTime(required=True)
    counted = fields.Integer(allow_none=True)
    difference = fields.String(required=True)
    settled_at = fields.AwareDateTime(allow_none=True)


class Handovers(Schema):
    """What a unit gave or is given, the latest hundred first."""

    items = fields.List(fields.Nested(Handover), required=True)


class NewHandover(Schema):
    """Blank copies for the unit directly below, or back to the one above."""

    from_unit_id = one_id(required=True)
    to_unit_id = one_id(required=True)
    kind = _kind()
    amount = amount()
    list_no = text(200, load_default="")


class HandoverCounted(Schema):
    """What the receiver counted, and why it is less than was sent."""

    counted = amount(least=0)
    difference = text(400, load_default="")


class PaperGiven(Schema):
    """Whom to give it to."""

    case_id = one_id(required=True)
    kind = _kind()


class NumberedPaper(Schema):
    """One copy with a number; a form bears the number of its holder's place."""

    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    serial = fields.String(required=True)
    copy_no = fields.Integer(required=True)
    case_id = fields.Integer(required=True)
    state = fields.String(required=True)
    label = state_label()
    bound_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    reason = fields.String(required=True)
    document = fields.String(required=True)


class PaperEnded(Schema):
    """A copy that was spoilt and cut, or lost; `document` names the scan or the written statement."""

    unit_id = one_id(required=True)
    serial = text(12, least=1, required=True)
    state = fields.String(required=True, validate=validate.OneOf(["void", "lost"], error="应为 void 或 lost。"))
    reason = text(400, least=1, required=True)
    document = text(200, least=1, required=True)


class NewCount(Schema):
    """This month's count of blank copies."""

    unit_id = one_id(required=True)
    kind = _kind()
    counted = amount(least=0)
    explanation = text(400, load_default="")


class CountMade(Schema):
    """One month's count of one book."""

    id = fields.Integer(required=True)
    account_id = fields.Integer(required=True)
    month = fields.String(required=True)
    expected = fields.Integer(required=True)
    counted = fields.Integer(required=True)
    explanation = fields.String(required=True)
    counted_at = fields.AwareDateTime(required=True)
    confirmed_at = fields.AwareDateTime(allow_none=True)


@bp.route("")
@identity.signed_in_needed
@bp.arguments(StockOfUnit, location="query")
@bp.response(200, StockBooks)
def books(query: dict[str, Any]) -> dict[str, Any]:
    """What lies where in one unit's stock."""
    session, unit = database.session(), insist_on_sight(query["unit_id"])
    found = [stock_ledger.stock_of(session, kind, unit.id) for kind in StockKind]
    return {"items": [account for account in found if account is not None]}


@bp.route("/receipts", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(StockReceipt)
@bp.response(201, StockBook)
def receive(new: dict[str, Any]) -> StockAccount:
    """Enter blank copies that came from outside this system."""
    session, unit = database.session(), insist_on_sight(new["unit_id"])
    actor = keeping(unit.id)
    return stock_handovers.receive(session, new["kind"], unit.id, new["amount"], document=new["document"], actor=actor)


@bp.route("/card-code", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(CardCode)
@bp.response(200, StockBook)
def set_card_code(new: dict[str, Any]) -> StockAccount:
    """Give a base committee's cards the first three digits of their numbers, before the first card is given out."""
    unit = insist_on_sight(new["unit_id"])
    return stock_card_codes.set_card_code(database.session(), unit.id, new["prefix"], actor=keeping(unit.id))


@bp.route("/handovers")
class StockHandovers(MethodView):
    """Handovers between units."""

    @identity.signed_in_needed
    @bp.arguments(StockOfUnit, location="query")
    @bp.response(200, Handovers)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """What a unit gave or is given."""
        session, unit = database.session(), insist_on_sight(query["unit_id"])
        return {"items": stock_handovers.handovers_of(session, unit.id)}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewHandover)
    @bp.response(201, Handover)
    def post(self, new: dict[str, Any]) -> StockHandover:
        """Sign blank copies out; they are on their way until the receiver has signed."""
        session, unit = database.session(), insist_on_sight(new["from_unit_id"])
        actor, kind, list_no = keeping(unit.id), new["kind"], new["list_no"]
        return stock_handovers.hand_over(
            session, kind, unit.id, new["to_unit_id"], new["amount"], list_no=list_no, actor=actor
        )


@bp.route("/handovers/<id:handover_id>/sign", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(HandoverCounted)
@bp.response(200, Handover)
def sign(sent: dict[str, Any], handover_id: int) -> StockHandover:
    """Sign for what was counted, as somebody else than the sender."""
    actor = keeping(handover_seen(handover_id).to_unit_id)
    counted, difference = sent["counted"], sent["difference"]
    return stock_handovers.sign_for(database.session(), handover_id, counted, difference=difference, actor=actor)


@bp.route("/handovers/<id:handover_id>/decline", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(ReasonGiven)
@bp.response(200, Handover)
def decline(sent: dict[str, Any], handover_id: int) -> StockHandover:
    """Send the copies back uncounted, as the receiver."""
    actor = keeping(handover_seen(handover_id).to_unit_id)
    return stock_handovers.decline(database.session(), handover_id, reason=sent["reason"], actor=actor)


@bp.route("/handovers/<id:handover_id>/call-back", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(ReasonGiven)
@bp.response(200, Handover)
def call_back(sent: dict[str, Any], handover_id: int) -> StockHandover:
    """Take the copies back before they are signed for, as the sender."""
    actor = keeping(handover_seen(handover_id).from_unit_id)
    return stock_handovers.call_back(database.session(), handover_id, reason=sent["reason"], actor=actor)


@bp.route("/papers", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(PaperGiven)
@bp.response(201, NumberedPaper)
def give_out(sent: dict[str, Any]) -> StockCopy:
    """Give a candidate the form with his number, or a member the next card; again, the same copy."""
    session, case_id = database.session(), sent["case_id"]
    actor = giving_out(sent["kind"], case_id)
    give = stock_copies.bind_form if sent["kind"] == StockKind.FORM else stock_copies.bind_card
    return give(session, case_id=case_id, actor=actor)


@bp.route("/papers/ended", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(PaperEnded)
@bp.response(200, NumberedPaper)
def end(sent: dict[str, Any]) -> StockCopy:
    """Record that a copy was spoilt and cut, or lost; a form's number waits for a copy for the same person."""
    session, unit = database.session(), insist_on_sight(sent["unit_id"])
    actor = keeping(unit.id)
    copy = stock_waiting.copy_in_use(session, unit.id, sent["serial"])
    finish = stock_copies.spoil if sent["state"] == "void" else stock_copies.lose
    reason, document = sent["reason"], sent["document"]
    return finish(session, copy.kind, case_id=copy.case_id, reason=reason, document=document, actor=actor)


@bp.route("/counts", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(NewCount)
@bp.response(201, CountMade)
def count(new: dict[str, Any]) -> StockCount:
    """Enter this month's count of blank copies; somebody else confirms it."""
    session, unit = database.session(), insist_on_sight(new["unit_id"])
    actor, explanation = keeping(unit.id), new["explanation"]
    return stock_counts.enter(session, new["kind"], unit.id, new["counted"], explanation=explanation, actor=actor)


@bp.route("/counts/<id:count_id>/confirm", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.response(200, CountMade)
def confirm(count_id: int) -> StockCount:
    """Confirm a count that somebody else has made; a shortage is booked as lost, a surplus as found."""
    session = database.session()
    unit_id = session.get_one(StockAccount, stock_counts.get(session, count_id).account_id).unit_id
    insist_on_sight(unit_id)
    return stock_counts.confirm(session, count_id, actor=keeping(unit_id))
