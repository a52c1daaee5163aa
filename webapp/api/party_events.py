"""What the Party side makes known of people: dated events, entered by it one by one or from its monthly list."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, party_kept
from webapp.api.document import Blueprint
from webapp.api.schemas import one_id, query_id, text
from webapp.api.writing import writing
from workflows.domain import party_events
from workflows.domain.party_event_files import LARGEST_FILE
from workflows.domain.party_events import LONGEST_DOCUMENT, LONGEST_REASON, PartyEventKind
from workflows.domain.people import Person
from workflows.operations import party_events as entering

bp = Blueprint("party_events", __name__, "party-events", "Dated events of the Party side, about people of the League")

MOST = 100


class PartyEventsQuery(Schema):
    """Of which unit, Party or League, and those below it; `after` is the `next` of the page before."""

    unit_id = query_id(required=True)
    kind = fields.Enum(PartyEventKind, by_value=True)
    name = text(80, load_default="")
    after = query_id()
    limit = fields.Integer(load_default=50, validate=validate.Range(1, MOST, error="应为 1 至 100 的整数。"))


class PartyEvent(Schema):
    """One event. A correction names the row it takes the place of (`corrects_id`) and why; `is_struck` ends it."""

    id = fields.Integer(required=True)
    person_id = fields.Integer(required=True)
    person_name = fields.String()
    kind = fields.String(required=True)
    label = fields.String(required=True)
    step = fields.Integer(allow_none=True, metadata={"description": "Of the Party's 25 steps"})
    happened_on = fields.Date(required=True)
    party_unit_id = fields.Integer(required=True)
    league_unit_id = fields.Integer(required=True)
    is_league_member = fields.Boolean(allow_none=True)
    document = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    recorded_by = fields.Integer(required=True)
    file_id = fields.Integer(allow_none=True)
    corrects_id = fields.Integer(allow_none=True)
    is_struck = fields.Boolean(required=True)
    reason = fields.String(allow_none=True)


class PartyEvents(Schema):
    """Events; `next` is what to send as `after` for the following ones, null after the last."""

    items = fields.List(fields.Nested(PartyEvent), required=True)
    next = fields.Integer(allow_none=True, required=True)


class NewPartyEvent(Schema):
    """One event as a row of the monthly list tells it: the person by identity number, or by birth date when known here.

    Units are named by code or full name; left out, they are the only Party branch, and the person's League unit.
    """

    unit_id = one_id(required=True, metadata={"description": "The Party unit whose post enters it"})
    kind = text(40, least=1, required=True)
    happened_on = text(20, least=1, required=True)
    name = text(80, least=1, required=True)
    id_number = text(24, load_default="")
    birth_date = text(20, load_default="")
    party_unit = text(120, load_default="")
    league_unit = text(120, load_default="")
    is_league_member = text(8, load_default="")
    document = text(LONGEST_DOCUMENT, load_default="")


class PartyEventCorrection(Schema):
    """What is right instead, or that the event is struck out; what is left out stays as it was."""

    strike = fields.Boolean(load_default=False)
    reason = text(LONGEST_REASON, required=True)
    happened_on = text(20)
    league_unit = text(120)
    is_league_member = text(8)
    document = text(LONGEST_DOCUMENT)


class PartyListSent(Schema):
    """A monthly list as CSV text, whose heading names the columns 姓名, 身份证号, 出生日期, 事项, 日期 and so on."""

    unit_id = one_id(required=True)
    name = text(LONGEST_DOCUMENT, least=1, required=True)
    content = text(LARGEST_FILE, least=1, required=True)


class PartyListFile(Schema):
    """A list that was taken over: its rows, and how many of them were not on record before."""

    id = fields.Integer(required=True)
    party_unit_id = fields.Integer(required=True)
    name = fields.String(required=True)
    rows = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    recorded_at = fields.AwareDateTime(required=True)


class PartyListCheckedRow(Schema):
    """One row: whether it would add an event, and if it cannot be taken over, why and at which columns."""

    line = fields.Integer(required=True)
    is_new = fields.Boolean(required=True)
    party_unit = fields.String(required=True)
    league_unit = fields.String(required=True)
    fault = fields.String(required=True)
    fields_ = fields.Dict(keys=fields.String(), values=fields.String(), data_key="fields", attribute="fields")


class PartyListChecked(Schema):
    """Every row of a list; nothing was kept."""

    items = fields.List(fields.Nested(PartyListCheckedRow), required=True)


@bp.route("")
class Every(MethodView):
    """Events of a unit."""

    @identity.signed_in_needed
    @bp.arguments(PartyEventsQuery, location="query")
    @bp.response(200, PartyEvents)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """What stands for a Party unit or a League unit and those below it, the latest entered first."""
        unit = party_kept.read_of(query.pop("unit_id"))
        limit, after = query.pop("limit"), query.pop("after", None)
        found = party_events.listed(database.session(), unit, before=after, limit=limit + 1, **query)
        return {
            "items": [_shown(row, person) for row, person in found[:limit]],
            "next": found[limit - 1][0].id if len(found) > limit else None,
        }

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewPartyEvent)
    @bp.response(201, PartyEvent)
    def post(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Enter one event; the secretary of the Party branch or the organiser of the Party committee does."""
        session, unit_id = database.session(), sent.pop("unit_id")
        row = entering.enter(session, party_unit_id=unit_id, values=sent, actor=party_kept.enterer(unit_id))
        return _shown(row, session.get_one(Person, row.person_id))


@bp.route("/<id:event_id>")
@identity.signed_in_needed
@bp.response(200, PartyEvents)
def one(event_id: int) -> dict[str, Any]:
    """An event with every row of its chain, the first one first; what stands is the last, unless it is struck out."""
    session = database.session()
    row = party_events.get(session, event_id)
    if not any(party_kept.reads_id(unit_id) for unit_id in (row.party_unit_id, row.league_unit_id)):
        raise identity.OutOfSight(what=gettext("党组织信息"))
    person = session.get_one(Person, row.person_id)
    chain = [each for each in party_events.of_person(session, row.person_id) if each.kind == row.kind]
    return {"items": [_shown(each, person) for each in chain], "next": None}


@bp.route("/<id:event_id>/corrections", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(PartyEventCorrection)
@bp.response(201, PartyEvent)
def correct(sent: dict[str, Any], event_id: int) -> dict[str, Any]:
    """Put another row in the place of an event, or strike it out; the Party side does."""
    session = database.session()
    earlier = party_events.get(session, event_id)
    reason, is_struck = sent.pop("reason"), sent.pop("strike")
    row = entering.correct(
        session,
        event_id=event_id,
        values=None if is_struck else sent,
        reason=reason,
        actor=party_kept.enterer(earlier.party_unit_id),
    )
    return _shown(row, session.get_one(Person, row.person_id))


@bp.route("/files", methods=["POST"])
@writing
@identity.signed_in_needed
@bp.arguments(PartyListSent)
@bp.response(201, PartyListFile)
def take_file(sent: dict[str, Any]) -> party_events.PartyEventFile:
    """Take a monthly list over: every row, or none. Rows that are on record already add nothing."""
    unit_id = sent["unit_id"]
    return entering.take_file(
        database.session(),
        party_unit_id=unit_id,
        name=sent["name"],
        text=sent["content"],
        actor=party_kept.enterer(unit_id),
    )


@bp.route("/files/check", methods=["POST"])
@identity.signed_in_needed
@bp.arguments(PartyListSent)
@bp.response(200, PartyListChecked)
def check_file(sent: dict[str, Any]) -> dict[str, Any]:
    """Look at a monthly list row by row; nothing is kept."""
    unit_id = sent["unit_id"]
    actor = party_kept.enterer(unit_id)
    rows = entering.check_file(database.session(), party_unit_id=unit_id, text=sent["content"], actor=actor)
    database.rollback()
    return {"items": [_row_shown(row) for row in rows]}


def _row_shown(row: entering.CheckedRow) -> dict[str, Any]:
    wrong = row.refusal.fields if row.refusal else {}
    return {
        "line": row.row.line,
        "is_new": row.is_new,
        "party_unit": row.party_unit,
        "league_unit": row.league_unit,
        "fault": row.refusal.message(gettext) if row.refusal else "",
        "fields": {key: gettext(text) for key, text in wrong.items()},
    }


_NAMES = ("id", "person_id", "kind", "happened_on", "party_unit_id", "league_unit_id", "is_league_member", "document")
_RECORD = ("recorded_at", "recorded_by", "file_id", "corrects_id", "is_struck", "reason")


def _shown(row: party_events.PartyEvent, person: Person) -> dict[str, Any]:
    told = {name: getattr(row, name) for name in (*_NAMES, *_RECORD)}
    return {**told, "person_name": person.name, "label": gettext(row.kind.label), "step": row.kind.step}
