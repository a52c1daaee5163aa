"""Proposals to split a unit's places: reckon one, change its lines, confirm or discard it."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, places_kept, split_seen
from webapp.api.document import Blueprint
from webapp.api.schemas import ETAG, etag, one_id, query_id, text
from webapp.api.writing import seen_version, versioned, writing
from workflows.domain import quotas, split_proposals
from workflows.domain.split_proposals import Change
from workflows.domain.split_tables import LONGEST_REASON, SplitProposal

bp = Blueprint("quota_split", __name__, "quotas/splits", "Proposals to split places over the units below")


class SplitQuery(Schema):
    """Whose proposals."""

    unit_id = query_id(required=True)


class NewSplit(Schema):
    """A proposal to be reckoned; without `reserve_rate` the rule set's own."""

    unit_id = one_id(required=True)
    reserve_rate = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 100, error="应为0至100的整数。")
    )


class SplitHead(Schema):
    """One proposal without its lines."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    state = fields.String(required=True)
    total = fields.Integer(required=True)
    reserve = fields.Integer(required=True)
    left_over = fields.Integer(required=True)
    as_of = fields.Date(required=True)
    version = fields.Integer(required=True)
    made_by = fields.Integer(allow_none=True)
    made_at = fields.AwareDateTime(required=True)
    settled_by = fields.Integer(allow_none=True)
    settled_at = fields.AwareDateTime(allow_none=True)


class SplitRatio(Schema):
    """The ratio of members to students in the graduating classes of a stage."""

    label = fields.String(required=True)
    now = fields.String(required=True)
    limit = fields.Integer(required=True)
    mark = fields.String(required=True)


class SplitShare(Schema):
    """One unit's line: the figures, what was reckoned from them, what stands now, and the way there in sentences."""

    unit_id = fields.Integer(required=True, attribute="row.unit_id")
    unit_name = fields.String(required=True, attribute="unit.name")
    students = fields.Integer(required=True, attribute="row.students")
    members = fields.Integer(required=True, attribute="row.members")
    applicants = fields.Integer(allow_none=True, attribute="row.applicants")
    had = fields.Integer(required=True, attribute="row.had")
    last_year = fields.Integer(allow_none=True, attribute="row.last_year")
    need = fields.Integer(required=True, attribute="row.need")
    weight = fields.Integer(required=True, attribute="row.weight", metadata={"description": "In hundredths"})
    ceiling = fields.Integer(allow_none=True, attribute="row.ceiling")
    exact = fields.String(required=True, attribute="row.exact", metadata={"description": "A fraction n/d"})
    proposed = fields.Integer(required=True, attribute="row.proposed")
    amount = fields.Integer(required=True, attribute="row.amount")
    reason = fields.String(required=True, attribute="row.reason")
    changed_by = fields.Integer(allow_none=True, attribute="row.changed_by")
    ratios = fields.List(fields.Nested(SplitRatio), required=True)
    mark = fields.String(required=True)
    way = fields.List(fields.String(), required=True)


class Split(SplitHead):
    """One proposal with its lines; `stale` when the account has moved since it was reckoned."""

    stale = fields.Boolean(required=True)
    lines = fields.List(fields.Nested(SplitShare), required=True)


class SplitList(Schema):
    """The unit's proposals in the open plan, newest first, and how many places it could split now."""

    available = fields.Integer(required=True)
    items = fields.List(fields.Nested(SplitHead), required=True)


class SplitLineChange(Schema):
    """What a line is to be; the reason is needed where it differs from what was reckoned."""

    unit_id = one_id(required=True)
    amount = fields.Integer(strict=True, required=True, validate=validate.Range(0, error="应为不小于0的整数"))
    reason = text(LONGEST_REASON, load_default="")


class SplitChanges(Schema):
    """Lines to be changed, all or none."""

    lines = fields.List(
        fields.Nested(SplitLineChange), required=True, validate=validate.Length(1, 500, error="应为 1 至 500 个组织。")
    )


@bp.route("")
class Splits(MethodView):
    """The proposals of a unit."""

    @identity.signed_in_needed
    @bp.arguments(SplitQuery, location="query")
    @bp.response(200, SplitList)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """A unit's proposals, and how many places it could split."""
        session, unit_id = database.session(), query["unit_id"]
        identity.insist_on_sight(unit_id, gettext("组织"))
        plan = quotas.current_plan(session)
        return {
            "available": split_proposals.available(session, plan, unit_id),
            "items": split_proposals.proposals_of(session, plan, unit_id),
        }

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewSplit)
    @bp.response(201, Split, headers=ETAG)
    def post(self, new: dict[str, Any]) -> Any:
        """Reckon a proposal; nothing moves."""
        session, unit_id = database.session(), new["unit_id"]
        identity.insist_on_sight(unit_id, gettext("组织"))
        actor = places_kept.committee_of(unit_id)
        plan = quotas.current_plan(session)
        made = split_proposals.propose(session, plan, unit_id, actor, reserve_rate=new["reserve_rate"])
        return _shown(made, 201)


@bp.route("/<id:proposal_id>")
@identity.signed_in_needed
@bp.response(200, Split, headers=ETAG)
def one(proposal_id: int) -> Any:
    """One proposal with its lines."""
    return _shown(_seen(proposal_id))


@bp.route("/<id:proposal_id>/lines", methods=["POST"])
@writing
@identity.signed_in_needed
@versioned
@bp.arguments(SplitChanges)
@bp.response(200, Split, headers=ETAG)
def change(sent: dict[str, Any], proposal_id: int) -> Any:
    """Change lines, all or none; each change is kept with who made it and why."""
    actor = places_kept.committee_of(_seen(proposal_id).unit_id)
    changes = {each["unit_id"]: Change(each["amount"], each["reason"]) for each in sent["lines"]}
    version = seen_version()
    return _shown(split_proposals.change(database.session(), proposal_id, changes, actor, version=version))


@bp.route("/<id:proposal_id>/confirmation", methods=["POST"])
@writing
@identity.signed_in_needed
@versioned
@bp.response(200, Split, headers=ETAG)
def confirm(proposal_id: int) -> Any:
    """Hand every line down with its numbers, all or none."""
    actor = places_kept.committee_of(_seen(proposal_id).unit_id)
    split_proposals.confirm(database.session(), proposal_id, actor, version=seen_version())
    return _shown(_seen(proposal_id))


@bp.route("/<id:proposal_id>/discard", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.response(200, Split, headers=ETAG)
def discard(proposal_id: int) -> Any:
    """Put a proposal aside; it stays to be read."""
    actor = places_kept.committee_of(_seen(proposal_id).unit_id)
    return _shown(split_proposals.discard(database.session(), proposal_id, actor))


def _seen(proposal_id: int) -> SplitProposal:
    found = split_proposals.get(database.session(), proposal_id)
    identity.insist_on_sight(found.unit_id, gettext("分配方案"))
    return found


def _shown(proposal: SplitProposal, status: int = 200) -> Any:
    columns = {name: getattr(proposal, name) for name in SplitHead().fields}
    stale = split_proposals.is_stale(database.session(), proposal)
    answer = {**columns, "stale": stale, "lines": split_seen.lines_of(proposal)}
    return answer, status, etag(proposal.version)
