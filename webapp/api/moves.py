"""Moving running cases to another version of their process: what it would do, doing it, undoing it."""

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp import database, identity
from webapp.api.document import Blueprint
from webapp.api.processes import KEEPERS, READERS
from webapp.api.schemas import one_id, text
from webapp.api.writing import writing
from workflows.engine.moving import listing, move_batches, moves
from workflows.engine.moving.move_batches import LARGEST_BATCH
from workflows.engine.moving.move_tables import CaseMove, MoveBatchItem
from workflows.engine.moving.planning import Plan
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("moves", __name__, "moves", "Running cases moved to another version of their process")

MOST_PREVIEWED = 50
"""A plan replays a case's whole past; fifty take a few seconds."""

MOST_NAMES = 200


class Target(Schema):
    """The version to move to, and what its elements were called before."""

    process = text(60, least=1, required=True)
    version = fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 999_999, error="版本不在允许的范围内。")
    )
    names = fields.Dict(
        keys=text(80, least=1),
        values=text(80, least=1),
        load_default=dict,
        validate=validate.Length(0, MOST_NAMES, error=f"应不超过 {MOST_NAMES} 个。"),
        metadata={"description": "Ids of elements of the old version, and the ids they have in the new one"},
    )
    place = fields.Boolean(
        load_default=False,
        metadata={"description": "Set a case where its past leads in the new version, where that is somewhere else"},
    )


class Preview(Target):
    """The cases to look at."""

    cases = fields.List(
        one_id(), required=True, validate=validate.Length(1, MOST_PREVIEWED, error=f"应为 1 至 {MOST_PREVIEWED} 件。")
    )


class ChosenCase(Schema):
    """A case and the version the administrator saw."""

    id = one_id(required=True)
    version = fields.Integer(
        required=True, strict=True, validate=validate.Range(1, 2**31 - 1, error="版本不在允许的范围内。")
    )


class NewMoves(Target):
    """Cases to be moved, and why."""

    cases = fields.List(
        fields.Nested(ChosenCase),
        required=True,
        validate=validate.Length(1, LARGEST_BATCH, error=f"应为 1 至 {LARGEST_BATCH} 件。"),
    )
    reason = text(moves.LONGEST_REASON, least=moves.LEAST_REASON, required=True)

    @validates_schema(skip_on_field_errors=True)
    def each_once(self, new: dict[str, Any], **_options: Any) -> None:
        """A case chosen twice is a mistake of the sender."""
        if len({case["id"] for case in new["cases"]}) != len(new["cases"]):
            raise ValidationError("同一案卷只能选一次。", "cases")


class Undoing(Schema):
    """Why the move is undone."""

    reason = text(moves.LONGEST_REASON, least=moves.LEAST_REASON, required=True)


class Moment(Schema):
    """A due time before and after; null where there was or will be none."""

    label = fields.String(required=True)
    before = fields.AwareDateTime(allow_none=True, required=True)
    after = fields.AwareDateTime(allow_none=True, required=True)
    passed = fields.Boolean(required=True)


class Asked(Schema):
    """Who is asked for a step before and after; empty where the step did or will not wait."""

    label = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class Refused(Schema):
    """Why a case would not be moved."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    rule = fields.String(required=True)


class CasePlan(Schema):
    """What a move would do to one case; labels are those of the drawing. It names no person's data."""

    case_id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    case_version = fields.Integer(required=True)
    old_version = fields.Integer(required=True)
    new_version = fields.Integer(required=True)
    stands = fields.List(fields.String(), required=True)
    would = fields.List(fields.String(), required=True)
    placed = fields.List(fields.String(), required=True)
    dropped = fields.List(fields.String(), required=True)
    redone = fields.List(fields.String(), required=True)
    lost = fields.List(fields.String(), required=True)
    moments = fields.List(fields.Nested(Moment), required=True)
    asked = fields.List(fields.Nested(Asked), required=True)
    no_longer_awaited = fields.List(fields.String(), required=True)
    jobs_dropped = fields.List(fields.String(), required=True)
    forms_changed = fields.List(fields.String(), required=True)
    at_once = fields.List(fields.String(), required=True)
    incidents = fields.Integer(required=True)
    refusal = fields.Nested(Refused, allow_none=True, required=True)
    can_place = fields.Boolean(required=True)


class CasePlans(Schema):
    """One plan for each case."""

    items = fields.List(fields.Nested(CasePlan), required=True)


class MovedCase(Schema):
    """What became of one case: `waiting`, `done` or `refused` with code and sentence."""

    case_id = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["waiting", "done", "refused"]))
    move_id = fields.Integer(allow_none=True, required=True)
    can_undo = fields.Boolean(required=True)
    undone = fields.Boolean(required=True)
    code = fields.String(allow_none=True)
    message = fields.String(allow_none=True)
    ended_at = fields.AwareDateTime(allow_none=True)


class Moves(Schema):
    """A batch of moves and how far it is."""

    id = fields.Integer(required=True)
    process = fields.String(required=True)
    reason = fields.String(required=True)
    total = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    done = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    items = fields.List(fields.Nested(MovedCase), required=True)


class Move(Schema):
    """One move of one case."""

    id = fields.Integer(required=True)
    case_id = fields.Integer(required=True)
    moved_at = fields.AwareDateTime(required=True)
    undone_at = fields.AwareDateTime(allow_none=True)
    stands = fields.List(fields.String(), required=True)
    would = fields.List(fields.String(), required=True)


@bp.route("/preview", methods=["POST"])
@identity.post_needed(*KEEPERS)
@bp.arguments(Preview)
@bp.response(200, CasePlans)
def preview(sent: dict[str, Any]) -> dict[str, Any]:
    """What moving these cases would do to each, or why it would not be moved. Nothing is changed."""
    session = database.session()
    target = moves.target_of(session, sent["process"], sent["version"])
    how = {"names": sent["names"], "place": sent["place"]}
    return {"items": [shown(plan) for plan in listing.plans(session, ENVIRONMENT, sent["cases"], target, **how)]}


@bp.route("")
class AllMoves(MethodView):
    """All batches of moves."""

    @writing
    @identity.post_needed(*KEEPERS)
    @bp.arguments(NewMoves)
    @bp.response(202, Moves)
    def post(self, new: dict[str, Any]) -> Any:
        """Queue the moving of these cases. Read the result of each at `Location`; what may not be moved is refused."""
        session = database.session()
        made = move_batches.open_batch(
            session,
            target=moves.target_of(session, new["process"], new["version"]),
            chosen=[(case["id"], case["version"]) for case in new["cases"]],
            actor=identity.actor(*KEEPERS),
            reason=new["reason"],
            names=new["names"],
            place=new["place"],
        )
        return _told(made.id), 202, {"Location": f"{bp.url_prefix}/{made.id}"}


@bp.route("/<id:batch_id>")
@identity.post_needed(*READERS)
@bp.response(200, Moves)
def one(batch_id: int) -> dict[str, Any]:
    """A batch of moves, with the result of each case."""
    return _told(batch_id)


@bp.route("/cases/<id:move_id>/undo", methods=["POST"])
@writing
@identity.post_needed(*KEEPERS)
@bp.arguments(Undoing)
@bp.response(200, Move)
def undo(sent: dict[str, Any], move_id: int) -> dict[str, Any]:
    """Put one case back exactly as it was; refused as soon as anything has happened since."""
    actor = identity.actor(*KEEPERS)
    made = moves.undo(database.session(), ENVIRONMENT, move_id=move_id, actor=actor, reason=sent["reason"])
    return _move(made)


def _move(made: CaseMove) -> dict[str, Any]:
    names = ("id", "case_id", "moved_at", "undone_at")
    return {**{name: getattr(made, name) for name in names}, **made.summary}


def shown(plan: Plan) -> dict[str, Any]:
    """A plan as it is sent, with its refusal in words."""
    refusal = plan.refusal
    told = refusal and {"code": refusal.code, "message": refusal.message(gettext), "rule": gettext(refusal.rule)}
    return {**vars(plan), "refusal": told}


def _told(batch_id: int) -> dict[str, Any]:
    session = database.session()
    batch = move_batches.progress_of(session, batch_id)
    statuses = [item.status for item in batch.items]
    counted = {status: statuses.count(status) for status in ("waiting", "done", "refused")}
    made = {move.id: move for move in listing.moves_of(session, [item.case_id for item in batch.items])}
    undoable = listing.can_be_undone(session, list(made.values()))
    items = [_item(item, made.get(item.move_id or 0), undoable) for item in batch.items]
    return {**{name: getattr(batch, name) for name in _COLUMNS}, **counted, "items": items}


_COLUMNS: tuple[str, ...] = ("id", "process", "reason", "total", "created_at", "ended_at")


def _item(item: MoveBatchItem, move: CaseMove | None, undoable: set[int]) -> Mapping[str, Any]:
    return {
        **{name: getattr(item, name) for name in ("case_id", "status", "move_id", "code", "message", "ended_at")},
        "can_undo": move is not None and move.id in undoable,
        "undone": move is not None and move.undone_at is not None,
    }
