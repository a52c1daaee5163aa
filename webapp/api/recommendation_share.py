"""The share of recommended people among those the Party accepts: figures by unit, and the people behind them."""

from typing import Any

from marshmallow import Schema, fields, validate

from webapp import database, identity, party_kept
from webapp import recommendation_share_seen as seen
from webapp.api.document import Blueprint
from webapp.api.schemas import query_id
from workflows import clock
from workflows.domain import ratios
from workflows.domain import recommendation_share as share

bp = Blueprint("recommendation_share", __name__, "recommendation-share", "Share of recommended people (推优率)")

MOST = 100
_YEAR = validate.Range(share.FIRST_YEAR, 9999, error="应为 2000 至 9999 的年份。")


class ShareQuery(Schema):
    """Of which unit, Party or League, and of which year (the present one unless told)."""

    unit_id = query_id(required=True)
    year = fields.Integer(validate=_YEAR)


class SharePeopleQuery(ShareQuery):
    """Which of the people; `after` is the `next` of the page before."""

    group = fields.String(load_default="open", validate=validate.OneOf(list(seen.GROUPS)))
    after = query_id()
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST, error="应为 1 至 100 的整数。"))


class ShareFigures(Schema):
    """Persons by what they count as; `share` and `target_share` are of `accepted`, rounded to a tenth only here."""

    accepted = fields.Integer(required=True)
    recommended = fields.Integer(required=True)
    as_target = fields.Integer(required=True)
    without = fields.Integer(required=True)
    to_be_heard = fields.Integer(required=True)
    heard = fields.Integer(required=True)
    everybody = fields.Integer(required=True)
    share = fields.Function(lambda one: ratios.percent(one.share), metadata={"type": "string"})
    target_share = fields.Function(lambda one: ratios.percent(one.target_share), metadata={"type": "string"})


class ShareLine(Schema):
    """One unit with its figures."""

    unit_id = fields.Integer(required=True, attribute="unit.id")
    unit_name = fields.String(required=True, attribute="unit.name")
    figures = fields.Nested(ShareFigures, required=True, attribute="share")


class ShareOverview(Schema):
    """The unit, those directly below it, and what is counted at the unit itself; the whole is their sum.

    `reached` compares the exact share with the aim in per cent; null when nobody was accepted.
    """

    year = fields.Integer(required=True)
    aim = fields.Integer(required=True)
    aim_article = fields.String(required=True)
    reached = fields.Boolean(required=True, allow_none=True)
    whole = fields.Nested(ShareLine, required=True)
    below = fields.List(fields.Nested(ShareLine), required=True)
    here = fields.Nested(ShareFigures, required=True)


class SharePerson(Schema):
    """One accepted person: what he counts as, why no recommendation counts, and who has to do what about it."""

    event_id = fields.Integer(required=True, attribute="accepted.event.id")
    person_id = fields.Integer(required=True, attribute="accepted.person.id")
    name = fields.String(required=True, attribute="accepted.person.name")
    age = fields.Integer(required=True)
    accepted_on = fields.Date(required=True, attribute="accepted.event.happened_on")
    league_unit_id = fields.Integer(required=True, attribute="accepted.league.id")
    party_unit_id = fields.Integer(required=True, attribute="accepted.party.id")
    counted = fields.String(required=True, attribute="accepted.counted")
    label = fields.String(required=True)
    why = fields.String(required=True)
    who = fields.String(required=True)
    work = fields.String(required=True)


class SharePeople(Schema):
    """One page of people, in the order in which they were entered."""

    items = fields.List(fields.Nested(SharePerson), required=True)
    next = fields.Integer(required=True, allow_none=True)


@bp.route("")
@identity.signed_in_needed
@bp.arguments(ShareQuery, location="query")
@bp.response(200, ShareOverview)
def show(query: dict[str, Any]) -> dict[str, Any]:
    """How many of the young members whom the Party accepted in a year were recommended, by unit."""
    session, unit = database.session(), party_kept.read_of(query["unit_id"])
    year = query.get("year", clock.today().year)
    limits = share.limits_of(session, year)
    found = share.overview(session, unit, year, limits)
    return {
        "year": year,
        "aim": limits.goal.value,
        "aim_article": limits.goal.article,
        "reached": found.whole.share.reaches(limits.aim),
        "whole": found.whole,
        "below": found.below,
        "here": found.here,
    }


@bp.route("/people")
@identity.signed_in_needed
@bp.arguments(SharePeopleQuery, location="query")
@bp.response(200, SharePeople)
def people(query: dict[str, Any]) -> dict[str, Any]:
    """The accepted people of a unit: those without a good recommendation (`open`), the denominator, or everybody."""
    session, unit = database.session(), party_kept.read_of(query["unit_id"])
    year, limit = query.get("year", clock.today().year), query["limit"]
    limits, only = share.limits_of(session, year), seen.GROUPS[query["group"]]
    found = share.people_of(session, unit, year, limits, only=only, after=query.get("after", 0), limit=limit + 1)
    return {
        "items": seen.people(session, found[:limit]),
        "next": found[limit - 1].event.id if len(found) > limit else None,
    }
