"""Incidents: the list, one to read, trying again, correcting what the step reads, skipping the step."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy import select

from webapp import database, errors, identity, incidents_seen
from webapp.pages import case_view
from webapp.pages.form_view import FieldView, form_view, submitted
from workflows.domain.people import Person
from workflows.domain.units import Unit
from workflows.engine import bundles, incidents, mailbox, repairs
from workflows.engine.job_tables import Incident, IncidentKind, IncidentStatus, Resolution
from workflows.errors import InvalidData
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("incidents", __name__, url_prefix="/incidents")

PAGE = 50

KINDS = {
    IncidentKind.JOB: lazy_gettext("后台步骤"),
    IncidentKind.TIMER: lazy_gettext("到期事项"),
    IncidentKind.STUCK: lazy_gettext("无法继续"),
}
STATUSES = {
    IncidentStatus.OPEN: lazy_gettext("待处理"),
    IncidentStatus.RETRYING: lazy_gettext("正在重试"),
    IncidentStatus.RESOLVED: lazy_gettext("已解决"),
}
RESOLUTIONS = {
    Resolution.WENT_ON: lazy_gettext("已继续办理"),
    Resolution.SKIPPED: lazy_gettext("已跳过该步骤"),
    Resolution.OVERTAKEN: lazy_gettext("案卷已由别的途径离开该步骤"),
}


@bp.get("")
@identity.post_needed(*incidents_seen.READERS)
def every() -> Any:
    """What stands open in the units in sight, or what was resolved."""
    session = database.session()
    resolved = request.args.get("state") == "resolved"
    after = request.args.get("after", type=int)
    units = incidents_seen.units_in_sight()
    found = incidents.listed(session, units, resolved=resolved, after=after, limit=PAGE + 1)
    lost = [] if resolved or after else mailbox.unclaimed(session, units, limit=PAGE)
    wanted = {incident.unit_id for incident in found} | {each.unit_id for each in lost}
    return render_template(
        "incidents/list.html",
        rows=[(incident, incidents_seen.message(incident)) for incident in found[:PAGE]],
        lost=lost,
        in_sight={unit_id for unit_id in {each.unit_id for each in lost} if identity.may_see(unit_id)},
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        resolved=resolved,
        unit_names=dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all()),
        statuses=STATUSES,
        resolutions=RESOLUTIONS,
    )


@bp.get("/<id:incident_id>")
@identity.signed_in_needed
def show(incident_id: int) -> Any:
    """One incident, and what may be done about it."""
    return _page(incidents_seen.one(incident_id))


@bp.post("/<id:incident_id>/retry")
@identity.signed_in_needed
def retry(incident_id: int) -> Any:
    """Try once more, at once."""
    actor = incidents_seen.acting(repairs.RETRY, incidents_seen.one(incident_id))
    given: dict[str, Any] = {"incident_id": incident_id, "actor": actor, "seen_version": _seen()}
    repairs.retry(database.session(), ENVIRONMENT, **given)
    database.commit()
    flash(gettext("已安排重试，稍后刷新本页查看结果。"), "good")
    return redirect(url_for("incidents.show", incident_id=incident_id), code=303)


@bp.post("/<id:incident_id>/skip")
@identity.signed_in_needed
def skip(incident_id: int) -> Any:
    """Let the case go on without the step."""
    actor = incidents_seen.acting(repairs.SKIP, incidents_seen.one(incident_id))
    reason = request.form.get("reason", "")
    given: dict[str, Any] = {"incident_id": incident_id, "actor": actor, "seen_version": _seen(), "reason": reason}
    try:
        repairs.skip(database.session(), ENVIRONMENT, **given)
        database.commit()
    except InvalidData as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        answer.set_data(_page(incidents_seen.one(incident_id), reason, refusal))
        return answer
    flash(gettext("已跳过该步骤，案卷继续办理。"), "good")
    return redirect(url_for("incidents.show", incident_id=incident_id), code=303)


@bp.get("/<id:incident_id>/correct/<step>")
@identity.signed_in_needed
def correction(incident_id: int, step: str) -> Any:
    """The form of an earlier step as it was filled in, to be corrected; only for who may correct."""
    incident = incidents_seen.one(incident_id)
    if repairs.CORRECT not in incidents_seen.open_acts(incident):
        return redirect(url_for("incidents.show", incident_id=incident_id))
    return _correction_page(incident, step)


@bp.post("/<id:incident_id>/correct/<step>")
@identity.signed_in_needed
def correct(incident_id: int, step: str) -> Any:
    """Submit the form anew and try again."""
    incident = incidents_seen.one(incident_id)
    actor = incidents_seen.acting(repairs.CORRECT, incident)
    session, reason = database.session(), request.form.get("correction_reason", "")
    known = incidents_seen.correctable(incident)
    bundle = bundles.parsed(session, incident.case.bundle_id)
    content = submitted(repairs.form_of(bundle, step), request.form) if step in known else {}
    given: dict[str, Any] = {
        "actor": actor,
        "step": step,
        "content": content,
        "reason": reason,
        "seen_version": _seen(),
    }
    try:
        repairs.correct(session, ENVIRONMENT, incident_id=incident_id, **given)
        database.commit()
    except InvalidData as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        answer.set_data(_correction_page(incidents_seen.one(incident_id), step, content, reason, refusal))
        return answer
    flash(gettext("已更正并安排重试，稍后刷新本页查看结果。"), "good")
    return redirect(url_for("incidents.show", incident_id=incident_id), code=303)


def _seen() -> int | None:
    return request.form.get("version", type=int)


def _page(incident: Incident, reason: str = "", refusal: InvalidData | None = None) -> str:
    session = database.session()
    sees_case = identity.may_see(incident.unit_id)
    person = session.get(Person, incident.person_id) if incident.person_id else None
    errors_of = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    return render_template(
        "incidents/show.html",
        incident=incident,
        message=incidents_seen.message(incident),
        wrong=_wrong_fields(incident),
        unit=session.get_one(Unit, incident.unit_id),
        acts=incidents_seen.open_acts(incident),
        correctable=incidents_seen.correctable(incident),
        sees_case=sees_case,
        case_title=incident.case.title if sees_case else "",
        who=person.name if person else "",
        reason=_reason_field(gettext("跳过的理由"), "reason", reason, errors_of),
        refusal=refusal.message(gettext) if refusal else "",
        errors=errors_of,
        kinds=KINDS,
        statuses=STATUSES,
        resolutions=RESOLUTIONS,
    )


def _wrong_fields(incident: Incident) -> list[str]:
    """What the forms call the fields that the step refused."""
    bundle = bundles.parsed(database.session(), incident.case.bundle_id)
    forms = [repairs.form_of(bundle, step) for step in incidents_seen.correctable(incident)]
    refused = incident.facts.get("fields", ())
    return list(dict.fromkeys(field.label for form in forms for field in form.fields if field.key in refused))


def _correction_page(
    incident: Incident,
    step: str,
    values: Mapping[str, Any] | None = None,
    reason: str = "",
    refusal: InvalidData | None = None,
) -> str:
    record = incidents_seen.correctable(incident).get(step)
    if record is None:
        raise repairs.NothingToCorrect(step=incident.label)
    session = database.session()
    form = repairs.form_of(bundles.parsed(session, incident.case.bundle_id), step)
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    if refusal and refusal.fields.get("reason") == repairs.REASON_WANTED:  # many forms have a field of that name too
        wrong["correction_reason"] = wrong.pop("reason")
    filled = values if values is not None else record.content
    return render_template(
        "incidents/correct.html",
        incident=incident,
        record=record,
        case=case_view.find(session, incident.case_id),
        form=form_view(form, incident.unit_id, values=filled, errors=wrong),
        reason=_reason_field(gettext("更正的理由"), "correction_reason", reason, wrong),
        refusal=refusal.message(gettext) if refusal else "",
    )


def _reason_field(label: str, key: str, value: str, wrong: Mapping[str, str]) -> FieldView:
    told = gettext("理由与经办人一并留存。")
    return FieldView(
        key=key,
        label=label,
        kind="textarea",
        value=value,
        required=True,
        help=told,
        error=wrong.get(key, ""),
        longest=repairs.LONGEST_REASON,
    )
