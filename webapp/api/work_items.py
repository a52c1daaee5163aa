"""The inbox: what waits for me, one work item with its form, and completing it."""

from typing import Any

from marshmallow import Schema, fields, validate

from webapp import database, identity, sight
from webapp.api.cases import Case, shown
from webapp.api.document import Blueprint
from webapp.api.forms import shown as form_shown
from webapp.api.paging import PageQuery
from webapp.api.schemas import ETAG, Decision, Form, WorkItem, etag, query_id, text
from webapp.api.writing import seen_version, versioned, writing
from workflows.domain import units
from workflows.engine import bundles, cases, inbox
from workflows.errors import NotFound
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("work_items", __name__, "work-items", "The inbox: user steps that wait for me")


class InboxQuery(PageQuery):
    """Filters of the inbox."""

    step = text(80, metadata={"description": "One step of a process"})
    unit_id = query_id(metadata={"description": "Cases of this unit and of the units below it"})
    overdue = fields.Boolean()
    title = text(100, metadata={"description": "Part of the subject's name"})
    sort = fields.String(
        load_default="due",
        validate=validate.OneOf(["due", "new"], error="应为 due 或 new。"),
        metadata={"description": "`due`: the earliest due date first; `new`: the newest first"},
    )


class InboxItem(WorkItem):
    """A work item in the inbox, with its subject and the version to send back as If-Match."""

    title = fields.String(required=True, attribute="case.title")
    version = fields.Integer(required=True, attribute="case.version")
    case_unit_id = fields.Integer(required=True, attribute="case.unit_id")


class InboxPage(Schema):
    """One page of the inbox."""

    items = fields.List(fields.Nested(InboxItem), required=True)
    next = fields.String(allow_none=True, required=True, attribute="next_cursor")
    total = fields.Integer(required=True, metadata={"description": f"Counted up to {inbox.MOST_COUNTED}"})
    total_is_exact = fields.Boolean(required=True, attribute="is_counted_out")


class StepCount(Schema):
    """How many items of one step wait."""

    step = fields.String(required=True)
    label = fields.String(required=True)
    count = fields.Integer(required=True)
    overdue = fields.Integer(required=True)


class StepCounts(Schema):
    """The inbox by step."""

    items = fields.List(fields.Nested(StepCount), required=True)


class OpenItem(InboxItem):
    """One work item: its form, and whether I may do it."""

    form = fields.Nested(Form, required=True)
    may_act = fields.Boolean(required=True)
    acting_for_person_id = fields.Integer(allow_none=True, metadata={"description": "For whom, as a substitute"})


@bp.route("")
@identity.signed_in_needed
@bp.arguments(InboxQuery, location="query")
@bp.response(200, InboxPage)
def mine(query: dict[str, Any]) -> inbox.Page:
    """Work items addressed to my posts or to me."""
    session, unit_id = database.session(), query.pop("unit_id", None)
    unit_ids = None if unit_id is None else units.subtree_ids(session, unit_id)
    return inbox.items(session, identity.engine_posts(), identity.current_person().id, unit_ids=unit_ids, **query)


@bp.route("/counts")
@identity.signed_in_needed
@bp.response(200, StepCounts)
def counts() -> dict[str, Any]:
    """How many items wait for me, by step."""
    return {"items": inbox.counts(database.session(), identity.engine_posts(), identity.current_person().id)}


@bp.route("/<id:item_id>")
@identity.signed_in_needed
@bp.response(200, OpenItem, headers=ETAG)
def one(item_id: int) -> Any:
    """One work item with its form. It is gone when somebody has done it."""
    item = sight.work_item(item_id)
    bundle = bundles.parsed(database.session(), item.case.bundle_id)
    form = cases.form_of(ENVIRONMENT, bundle, item.step, cases.data_of(item.case))
    columns = {name: getattr(item, name) for name in WorkItem().fields}
    answer = {
        **columns,
        "case": item.case,
        "form": form_shown(form, item.case.unit_id),
        "may_act": sight.may_act(item),
        "acting_for_person_id": identity.acting_for(item).for_person_id,
    }
    return answer, 200, etag(item.case.version)


@bp.route("/<id:item_id>/completion", methods=["POST"])
@writing
@identity.signed_in_needed
@versioned
@bp.arguments(Decision)
@bp.response(200, Case, headers=ETAG)
def complete(decision: dict[str, Any], item_id: int) -> Any:
    """Do the step. The answer is the case as it stands afterwards."""
    session, seen = database.session(), seen_version()
    try:
        actor = identity.acting_for(sight.addressee(item_id))
    except NotFound as refusal:
        done = inbox.record_of(session, item_id)
        if done is None or isinstance(refusal, identity.OutOfSight):
            raise
        # The engine will say who was quicker; that is for those who may read the case.
        sight.case(done.case_id)
        actor = identity.actor()
    case = cases.complete_step(
        session,
        ENVIRONMENT,
        work_item_id=item_id,
        actor=actor,
        outcome=decision["outcome"],
        content=decision["content"],
        seen_version=seen,
    )
    return shown(case), 200, etag(case.version)
