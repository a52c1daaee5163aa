"""Rounds of recommendation for Party membership, who may be recommended, and the recommendations made."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, recommendations_seen
from webapp.api.document import Blueprint
from webapp.api.schemas import one_id, query_id, state_label, text
from webapp.api.writing import writing
from workflows.domain import recommendation_rounds, recommendations, units
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import LONGEST_BASIS, LONGEST_TERM, Product
from workflows.errors import NotFound
from workflows.operations import eligible_members

bp = Blueprint("recommendations", __name__, "recommendations", "Recommendations for Party membership and their rounds")

READERS = (
    PostKind.BRANCH_SECRETARY,
    PostKind.ORG_COMMISSIONER,
    PostKind.GRASSROOTS_COMMITTEE,
    PostKind.COUNTY_COMMITTEE,
)
NOMINATING = READERS[:3]


def _product(**options: Any) -> fields.String:
    told = validate.OneOf([each.value for each in Product], error="应为 activist 或 target。")
    return fields.String(validate=told, **options)


class RoundQuery(Schema):
    """Whose rounds: a committee's, or those that concern a branch."""

    unit_id = query_id(required=True)


class NewRound(Schema):
    """A round to be opened; the share of members comes from the rules."""

    unit_id = one_id(required=True)
    product = _product(required=True)
    term = text(LONGEST_TERM, least=1, required=True)
    basis = text(LONGEST_BASIS, least=1, required=True)


class BranchPlaces(Schema):
    """One branch's places: what its share came to, what the committee gave, what is taken."""

    unit_id = fields.Integer(required=True, attribute="row.unit_id")
    unit_name = fields.String(required=True, attribute="unit.name")
    members = fields.Integer(required=True, attribute="row.members")
    proposed = fields.Integer(required=True, attribute="row.proposed")
    places = fields.Integer(required=True, attribute="row.places")
    taken = fields.Integer(required=True, attribute="row.taken")


class Round(Schema):
    """A round with the places of the branches the caller may see."""

    id = fields.Integer(required=True, attribute="row.id")
    committee_id = fields.Integer(required=True, attribute="row.committee_id")
    product = fields.String(required=True, attribute="row.product")
    term = fields.String(required=True, attribute="row.term")
    basis = fields.String(required=True, attribute="row.basis")
    share = fields.Integer(required=True, attribute="row.share", metadata={"description": "In per cent of members"})
    state = fields.String(required=True, attribute="row.state")
    opened_on = fields.Date(required=True, attribute="row.opened_on")
    confirmed_at = fields.AwareDateTime(allow_none=True, attribute="row.confirmed_at")
    closed_at = fields.AwareDateTime(allow_none=True, attribute="row.closed_at")
    branches = fields.List(fields.Nested(BranchPlaces), required=True, attribute="lines")


class RoundList(Schema):
    """Rounds, the latest first."""

    items = fields.List(fields.Nested(Round), required=True)


class PlacesOf(Schema):
    """How many places a branch is to have."""

    unit_id = one_id(required=True)
    places = fields.Integer(strict=True, required=True, validate=validate.Range(0, 9999, error="应为0至9999的整数。"))


class PlacesChanged(Schema):
    """Branches whose places change, all or none."""

    branches = fields.List(
        fields.Nested(PlacesOf), required=True, validate=validate.Length(1, 500, error="应为 1 至 500 个支部。")
    )


class EligibilityQuery(Schema):
    """Which branch, and as what."""

    unit_id = query_id(required=True)
    product = _product(load_default=Product.ACTIVIST.value)


class ReasonNot(Schema):
    """Why a member may not be recommended: the row of the table, in words, and what it rests on."""

    rule = fields.String(required=True)
    text = fields.String(required=True)
    article = fields.String(required=True)


class Member(Schema):
    """A member of the branch; without reasons somebody who may be nominated."""

    person_id = fields.Integer(required=True, attribute="person.id")
    name = fields.String(required=True, attribute="person.name")
    is_eligible = fields.Function(lambda each: not each.reasons, metadata={"type": "boolean"})
    reasons = fields.List(fields.Nested(ReasonNot), required=True)


class MemberList(Schema):
    """Every member of the branch, by name."""

    items = fields.List(fields.Nested(Member), required=True)


class Recommendation(Schema):
    """One recommendation; `unit_id` is the branch that made it."""

    id = fields.Integer(required=True)
    person_id = fields.Integer(required=True)
    product = fields.String(required=True)
    unit_id = fields.Integer(required=True)
    round_id = fields.Integer(allow_none=True)
    case_id = fields.Integer(allow_none=True)
    state = fields.String(required=True)
    state_label = state_label()
    recommended_on = fields.Date(allow_none=True)
    passed_on = fields.Date(allow_none=True)
    party_unit_id = fields.Integer(allow_none=True)
    determined_on = fields.Date(allow_none=True)
    valid_until = fields.Date(allow_none=True)
    reason = fields.String()


class RecommendationList(Schema):
    """Recommendations, in the order in which they were listed."""

    items = fields.List(fields.Nested(Recommendation), required=True)


@bp.route("/rounds")
class Rounds(MethodView):
    """The rounds of a committee."""

    @identity.post_needed(*READERS)
    @bp.arguments(RoundQuery, location="query")
    @bp.response(200, RoundList)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The rounds of the committee at, or above, a unit, with the places the caller may see."""
        session = database.session()
        identity.insist_on_sight(query["unit_id"], gettext("组织"))
        committee = recommendations_seen.committee_of(units.get(session, query["unit_id"]))
        return {"items": recommendations_seen.rounds_of(session, committee)}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewRound)
    @bp.response(201, Round)
    def post(self, new: dict[str, Any]) -> recommendations_seen.Round:
        """Open a round: places are proposed by the share, and cannot be taken before they are confirmed."""
        session, actor = database.session(), recommendations_seen.keeper(new["unit_id"])
        opened = recommendation_rounds.open_round(
            session,
            committee_id=new["unit_id"],
            product=Product(new["product"]),
            term=new["term"],
            basis=new["basis"],
            share=recommendations_seen.share_of(session, new["unit_id"]),
            actor=actor,
        )
        return recommendations_seen.shown(session, opened)


@bp.route("/rounds/<id:round_id>")
@identity.post_needed(*READERS)
@bp.response(200, Round)
def one(round_id: int) -> recommendations_seen.Round:
    """One round."""
    return recommendations_seen.shown(database.session(), recommendations_seen.seen_round(round_id))


@bp.route("/rounds/<id:round_id>/places", methods=["POST"])
@writing
@identity.post_needed(*READERS)
@bp.arguments(PlacesChanged)
@bp.response(200, Round)
def change(sent: dict[str, Any], round_id: int) -> recommendations_seen.Round:
    """Give branches other numbers of places, never more than the share of their members nor less than is taken."""
    session, actor = database.session(), _keeper_of(round_id)
    wanted = {each["unit_id"]: each["places"] for each in sent["branches"]}
    return recommendations_seen.shown(session, recommendation_rounds.set_places(session, round_id, wanted, actor))


@bp.route("/rounds/<id:round_id>/confirmation", methods=["POST"])
@writing
@identity.post_needed(*READERS)
@bp.response(200, Round)
def confirm(round_id: int) -> recommendations_seen.Round:
    """Let the branches take their places from now on."""
    session, actor = database.session(), _keeper_of(round_id)
    return recommendations_seen.shown(session, recommendation_rounds.confirm(session, round_id, actor))


@bp.route("/rounds/<id:round_id>/close", methods=["POST"])
@writing
@identity.post_needed(*READERS)
@bp.response(200, Round)
def close(round_id: int) -> recommendations_seen.Round:
    """End a round; what is under way goes on with the place it has."""
    session, actor = database.session(), _keeper_of(round_id)
    return recommendations_seen.shown(session, recommendation_rounds.close(session, round_id, actor))


@bp.route("/rounds/<id:round_id>/recommendations")
@identity.post_needed(*READERS)
@bp.response(200, RecommendationList)
def made(round_id: int) -> dict[str, Any]:
    """The recommendations of a round by branches the caller may see."""
    session = database.session()
    rows = recommendations.of_round(session, recommendations_seen.seen_round(round_id).id)
    return {"items": [row for row in rows if identity.may_see(row.unit_id)]}


@bp.route("/eligibility")
@identity.post_needed(*NOMINATING)
@bp.arguments(EligibilityQuery, location="query")
@bp.response(200, MemberList)
def eligibility(query: dict[str, Any]) -> dict[str, Any]:
    """Who of a branch may be recommended today and who not, with every reason the record tells."""
    unit = recommendations_seen.seen_branch(query["unit_id"])
    return {"items": eligible_members.of_branch(database.session(), unit.id, Product(query["product"]))}


@bp.route("/<id:recommendation_id>")
@identity.post_needed(*READERS)
@bp.response(200, Recommendation)
def record(recommendation_id: int) -> Any:
    """One recommendation, for the branch that made it, the branch where the person is now, and those above."""
    session = database.session()
    row = recommendations.get(session, recommendation_id)
    if not identity.may_see(row.unit_id) and not _is_here(row.person_id):
        raise NotFound(what=gettext("推荐"))
    return row


def _is_here(person_id: int) -> bool:
    unit_id = recommendations_seen.unit_of(person_id)
    return unit_id is not None and identity.may_see(unit_id)


def _keeper_of(round_id: int) -> Any:
    return recommendations_seen.keeper(recommendations_seen.seen_round(round_id).committee_id)
