"""Incidents: what could not go on by itself; read one, try again, correct what the step reads, skip the step."""

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity, incidents_seen
from webapp.api.document import Blueprint
from webapp.api.paging import PageQuery, id_after
from webapp.api.schemas import etag, text
from webapp.api.writing import seen_version, versioned, writing
from workflows.engine import incidents, repairs
from workflows.engine.job_tables import Incident as IncidentRow
from workflows.engine.job_tables import IncidentKind, IncidentStatus, Resolution
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("incidents", __name__, "incidents", "Incidents: what could not go on by itself")

VERSION = {"ETag": {"description": "The incident's version, for If-Match", "schema": {"type": "string"}}}


class IncidentQuery(PageQuery):
    """Which incidents; `after` is the `next` of the page before."""

    state = fields.String(
        load_default="open", validate=validate.OneOf(["open", "resolved"], error="应为 open 或 resolved。")
    )


class IncidentLine(Schema):
    """An incident. It names the case, the step and what happened, and no person."""

    id = fields.Integer(required=True)
    case_id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(IncidentKind)))
    step = fields.String(required=True)
    label = fields.String(required=True)
    code = fields.String(required=True)
    message = fields.String(required=True)
    rule = fields.String(required=True)
    article = fields.String(required=True)
    attempts = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(list(IncidentStatus)))
    since = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    resolution = fields.String(required=True, allow_none=True, validate=validate.OneOf([*Resolution, None]))


class IncidentList(Schema):
    """One page of incidents, newest first."""

    items = fields.List(fields.Nested(IncidentLine), required=True)
    next = fields.String(allow_none=True, required=True)


class CorrectableStep(Schema):
    """A form the incident's step reads."""

    step = fields.String(required=True)
    label = fields.String(required=True)


class Incident(IncidentLine):
    """One incident, and what the signed-in person may do about it."""

    acts = fields.List(fields.String(validate=validate.OneOf(["retry", "correct", "skip"])), required=True)
    correctable = fields.List(fields.Nested(CorrectableStep), required=True)


class Skip(Schema):
    """Why the step is skipped; the reason is kept."""

    reason = text(repairs.LONGEST_REASON, least=repairs.LEAST_REASON, required=True)


class Correction(Skip):
    """The form of an earlier step filled in anew; secret fields are left out and stay as they are."""

    step = text(80, least=1, required=True)
    content = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), required=True)


@bp.route("")
@identity.signed_in_needed
@bp.arguments(IncidentQuery, location="query")
@bp.response(200, IncidentList)
def every(query: dict[str, Any]) -> dict[str, Any]:
    """Incidents of the units in my sight, newest first; administrators see all."""
    identity.insist_on_post(*incidents_seen.READERS)
    limit = query["limit"]
    found = incidents.listed(
        database.session(),
        incidents_seen.units_in_sight(),
        resolved=query["state"] == "resolved",
        after=id_after(query.get("after")),
        limit=limit + 1,
    )
    more = str(found[limit - 1].id) if len(found) > limit else None
    return {"items": [_line(incident) for incident in found[:limit]], "next": more}


@bp.route("/<id:incident_id>")
@identity.signed_in_needed
@bp.response(200, Incident, headers=VERSION)
def one(incident_id: int) -> Any:
    """One incident."""
    return _shown(incidents_seen.one(incident_id))


@bp.route("/<id:incident_id>/retry", methods=["POST"])
@writing
@identity.signed_in_needed
@versioned
@bp.response(200, Incident, headers=VERSION)
def retry(incident_id: int) -> Any:
    """Try once more, at once. The answer is the incident; read it again for what became of it."""
    actor = incidents_seen.acting(repairs.RETRY, incidents_seen.one(incident_id))
    repairs.retry(database.session(), ENVIRONMENT, incident_id=incident_id, actor=actor, seen_version=seen_version())
    return _shown(incidents_seen.one(incident_id))


@bp.route("/<id:incident_id>/correct", methods=["POST"])
@writing
@identity.signed_in_needed
@versioned
@bp.arguments(Correction)
@bp.response(200, Incident, headers=VERSION)
def correct(correction: dict[str, Any], incident_id: int) -> Any:
    """Submit an earlier step's form anew, with the outcome it had, and try again. Old and new are kept."""
    actor = incidents_seen.acting(repairs.CORRECT, incidents_seen.one(incident_id))
    given = {"incident_id": incident_id, "actor": actor, "seen_version": seen_version(), **correction}
    repairs.correct(database.session(), ENVIRONMENT, **given)
    return _shown(incidents_seen.one(incident_id))


@bp.route("/<id:incident_id>/skip", methods=["POST"])
@writing
@identity.signed_in_needed
@versioned
@bp.arguments(Skip)
@bp.response(200, Incident, headers=VERSION)
def skip(reasoned: dict[str, Any], incident_id: int) -> Any:
    """Let the case go on without the step, where its drawing allows that."""
    actor = incidents_seen.acting(repairs.SKIP, incidents_seen.one(incident_id))
    given = {"incident_id": incident_id, "actor": actor, "seen_version": seen_version(), **reasoned}
    repairs.skip(database.session(), ENVIRONMENT, **given)
    return _shown(incidents_seen.one(incident_id))


_TOLD = frozenset({"message", "rule"})


def _line(incident: IncidentRow) -> dict[str, Any]:
    columns = {name: getattr(incident, name) for name in IncidentLine().fields if name not in _TOLD}
    rule = gettext(incident.rule) if incident.rule else ""
    return {**columns, "message": incidents_seen.message(incident), "rule": rule}


def _shown(incident: IncidentRow) -> Any:
    steps = [{"step": step, "label": record.label} for step, record in incidents_seen.correctable(incident).items()]
    answer = {**_line(incident), "acts": incidents_seen.open_acts(incident), "correctable": steps}
    return answer, 200, etag(incident.version)
