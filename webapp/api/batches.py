"""Batches: one decision for several work items of the same step, performed one by one by the worker."""

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp import database, identity, sight
from webapp.api.document import Blueprint
from webapp.api.schemas import Decision, one_id
from webapp.api.writing import writing
from workflows.engine import batches
from workflows.engine.batches import LARGEST_BATCH
from workflows.engine.tables import Batch as BatchRow
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("batches", __name__, "batches", "One decision for several work items")

GREATEST_VERSION = 2**31 - 1


class ChosenItem(Schema):
    """A work item and the case version its reader saw."""

    id = one_id(required=True)
    version = fields.Integer(
        required=True, strict=True, validate=validate.Range(1, GREATEST_VERSION, error="版本不在允许的范围内。")
    )
    content = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=dict)
    """What differs from item to item: fields that the form marks `each`."""


class NewBatch(Decision):
    """The decision and the items it is for; all of one step."""

    items = fields.List(
        fields.Nested(ChosenItem),
        required=True,
        validate=validate.Length(1, LARGEST_BATCH, error=f"应为 1 至 {LARGEST_BATCH} 项。"),
    )

    @validates_schema(skip_on_field_errors=True)
    def each_once(self, new: dict[str, Any], **_options: Any) -> None:
        """An item chosen twice is a mistake of the sender."""
        if len({item["id"] for item in new["items"]}) != len(new["items"]):
            raise ValidationError("同一事项只能选一次。", "items")


class BatchItem(Schema):
    """What became of one item: `waiting`, `done` or `refused` with code and sentence."""

    work_item_id = fields.Integer(required=True)
    case_id = fields.Integer(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["waiting", "done", "refused"]))
    code = fields.String(allow_none=True)
    message = fields.String(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


class Batch(Schema):
    """A batch and how far it is."""

    id = fields.Integer(required=True)
    step = fields.String(required=True)
    label = fields.String(required=True)
    outcome = fields.String(required=True)
    total = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    done = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    items = fields.List(fields.Nested(BatchItem), required=True)


@bp.route("")
class Batches(MethodView):
    """All batches."""

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewBatch)
    @bp.response(202, Batch)
    def post(self, new: dict[str, Any]) -> Any:
        """Queue one decision for several work items. Read the result of each at `Location`."""
        session = database.session()
        chosen = [(item["id"], item["version"]) for item in new["items"]]
        first = sight.work_items([item_id for item_id, _version in chosen])[0]
        made = batches.open_batch(
            session,
            ENVIRONMENT,
            chosen=chosen,
            actor=identity.acting_for(first),
            outcome=new["outcome"],
            content=new["content"],
            own={item["id"]: item["content"] for item in new["items"] if item["content"]},
        )
        answer = _shown(batches.progress_of(session, made.id))
        return answer, 202, {"Location": f"{bp.url_prefix}/{made.id}"}


@bp.route("/<id:batch_id>")
@identity.signed_in_needed
@bp.response(200, Batch)
def one(batch_id: int) -> dict[str, Any]:
    """A batch I opened, with the result of each item."""
    batch = batches.progress_of(database.session(), batch_id)
    if batch.person_id != identity.current_person().id:
        raise identity.OutOfSight(what="批量办理")
    return _shown(batch)


_COLUMNS = ("id", "step", "label", "outcome", "total", "created_at", "ended_at", "items")


def _shown(batch: BatchRow) -> dict[str, Any]:
    statuses = [item.status for item in batch.items]
    counted = {status: statuses.count(status) for status in ("waiting", "done", "refused")}
    return {**{name: getattr(batch, name) for name in _COLUMNS}, **counted}
