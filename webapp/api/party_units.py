"""Party units beside the League's tree: founding, links with League units, and who holds their posts."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from webapp import database, identity, party_kept
from webapp.api.document import Blueprint
from webapp.api.schemas import one_id, text
from webapp.api.units import Unit, UnitList
from webapp.api.writing import writing
from workflows.domain import party_links, party_units
from workflows.domain.party_units import LONGEST_CODE, LONGEST_LOGIN, LONGEST_NAME
from workflows.domain.posts import PostKind
from workflows.domain.units import PARTY, UnitKind
from workflows.domain.units import Unit as UnitRow
from workflows.errors import NotFound

bp = Blueprint("party_units", __name__, "party-units", "Party units, their links with League units, and their posts")


class PartyUnitsQuery(Schema):
    """Words of a code or a name; without any, the Party committees."""

    q = text(LONGEST_NAME, load_default="")


class NewPartyUnit(Schema):
    """A Party committee, or a Party branch under one."""

    kind = fields.Enum(
        UnitKind, by_value=True, required=True, metadata={"description": f"`{PARTY[0]}` or `{PARTY[1]}`"}
    )
    code = text(LONGEST_CODE, required=True)
    name = text(LONGEST_NAME, required=True)
    short_name = text(LONGEST_NAME // 2, load_default="")
    parent_id = one_id(load_default=None, allow_none=True)


class PartyLink(Schema):
    """A Party unit works with a League unit from `since` to `until`, both included."""

    id = fields.Integer(required=True)
    party_unit_id = fields.Integer(required=True)
    league_unit_id = fields.Integer(required=True)
    kind = fields.String(required=True)
    since = fields.Date(required=True)
    until = fields.Date(allow_none=True)


class PartyLinks(Schema):
    """Links, the latest first; ended ones too."""

    items = fields.List(fields.Nested(PartyLink), required=True)


class NewPartyLink(Schema):
    """With which League unit, and since when."""

    league_unit_id = one_id(required=True)
    since = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)


class LastDay(Schema):
    """The last day on which it holds."""

    last_day = fields.Date(required=True)


class PartyPost(Schema):
    """One person in one post at a Party unit."""

    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    kind = fields.String(required=True)
    person_id = fields.Integer(required=True)
    person_name = fields.String()
    since = fields.Date(required=True)
    until = fields.Date(allow_none=True)


class PartyPosts(Schema):
    """Who holds a post at the unit today, or will."""

    items = fields.List(fields.Nested(PartyPost), required=True)


class NewPartyPost(Schema):
    """Whoever has the login; for a new account also name, identity number and a first password."""

    kind = fields.Enum(PostKind, by_value=True, required=True)
    login = text(LONGEST_LOGIN, required=True)
    name = text(80, load_default="")
    id_number = text(24, load_default="")
    first_password = text(200, load_default="")
    since = fields.Date(required=True)
    until = fields.Date(load_default=None, allow_none=True)


@bp.route("")
class Every(MethodView):
    """Party units."""

    @identity.signed_in_needed
    @bp.arguments(PartyUnitsQuery, location="query")
    @bp.response(200, UnitList)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """The Party committees, or every Party unit with some words in its code or name: a hundred at most."""
        return {"items": party_units.listed(database.session(), wanted=query["q"].strip())}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewPartyUnit)
    @bp.response(201, Unit)
    def post(self, sent: dict[str, Any]) -> UnitRow:
        """Found a Party unit; the administrator does."""
        return party_units.found(database.session(), actor=party_kept.keeper(), **sent)


@bp.route("/<id:unit_id>/links")
class Links(MethodView):
    """The links of one Party unit."""

    @identity.signed_in_needed
    @bp.response(200, PartyLinks)
    def get(self, unit_id: int) -> dict[str, Any]:
        """With which League units the Party unit works, or worked."""
        unit = party_units.get(database.session(), unit_id)
        return {"items": party_links.links_of(database.session(), [unit.id])}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewPartyLink)
    @bp.response(201, PartyLink)
    def post(self, sent: dict[str, Any], unit_id: int) -> party_links.PartyLink:
        """Link the Party unit with a League unit; the administrator does."""
        actor = party_kept.keeper(unit_id)
        unit = party_units.get(database.session(), unit_id)
        return party_links.link(database.session(), party_unit_id=unit.id, actor=actor, **sent)


@bp.route("/<id:unit_id>/links/<id:link_id>/end", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(LastDay)
@bp.response(200, PartyLink)
def end_link(sent: dict[str, Any], unit_id: int, link_id: int) -> party_links.PartyLink:
    """End a link; the administrator does."""
    actor, session = party_kept.keeper(unit_id), database.session()
    row = session.get(party_links.PartyLink, link_id)
    if row is None or row.party_unit_id != unit_id:
        raise NotFound(what="党团组织对应关系")
    return party_links.unlink(session, link_id=link_id, actor=actor, **sent)


@bp.route("/<id:unit_id>/posts")
class Posts(MethodView):
    """The posts of one Party unit."""

    @identity.signed_in_needed
    @bp.response(200, PartyPosts)
    def get(self, unit_id: int) -> dict[str, Any]:
        """Who holds a post at the Party unit; for the administrator, the auditor, and who holds one there or above."""
        unit = party_kept.posts_seen_of(unit_id)
        found = party_units.holders(database.session(), [unit.id])
        return {"items": [_shown(post, person.name) for post, person in found]}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewPartyPost)
    @bp.response(201, PartyPost)
    def post(self, sent: dict[str, Any], unit_id: int) -> dict[str, Any]:
        """Put somebody into a post at the Party unit; the administrator does."""
        actor = party_kept.keeper(unit_id)
        made = party_units.appoint(database.session(), unit_id=unit_id, actor=actor, **sent)
        return _shown(made.post, made.person.name)


@bp.route("/<id:unit_id>/posts/<id:post_id>/end", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(LastDay)
@bp.response(200, PartyPost)
def end_post(sent: dict[str, Any], unit_id: int, post_id: int) -> Any:
    """Let a post at the Party unit end; the administrator does."""
    actor = party_kept.keeper(unit_id)
    return party_units.dismiss(database.session(), unit_id=unit_id, post_id=post_id, actor=actor, **sent)


def _shown(post: Any, person_name: str) -> dict[str, Any]:
    names = ("id", "unit_id", "kind", "person_id", "since", "until")
    return {**{name: getattr(post, name) for name in names}, "person_name": person_name}
