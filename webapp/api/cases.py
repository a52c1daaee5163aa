"""Cases: start one, list them, read one with its history and journal, send one a message."""

from typing import Any

from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate
from sqlalchemy import bindparam, or_, select

from webapp import database, errors, identity, sensitive, sight
from webapp.api.document import Blueprint
from webapp.api.paging import PageQuery, id_after
from webapp.api.schemas import ETAG, Decision, WorkItem, etag, one_id, query_id, text
from webapp.api.writing import seen_version, versioned, writing
from workflows import journal
from workflows.domain import units
from workflows.domain.units import Unit
from workflows.engine import bundles, cases, inbox
from workflows.engine.inbox import BoardRow
from workflows.engine.tables import Case as CaseRow
from workflows.engine.tables import DueTimer
from workflows.errors import InvalidData, NotFound
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("cases", __name__, "cases", "Cases: executions of a process for one subject")

MOST_UNITS = 5000
"""More units than this are not listed at once; a database takes only so many parameters."""


class NewCase(Schema):
    """A new case; with an outcome its first step is completed in the same act."""

    process = text(60, least=1, required=True)
    unit_id = one_id(required=True)
    outcome = text(40, least=1)
    content = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=dict)


class CaseQuery(PageQuery):
    """Which cases; `after` is the `next` of the page before."""

    unit_id = query_id(metadata={"description": "A unit; without it, the units of my posts"})
    below = fields.Boolean(load_default=True, metadata={"description": "Units below count too"})
    state = fields.String(
        load_default="running", validate=validate.OneOf(["running", "ended"], error="应为 running 或 ended。")
    )


class Wait(Schema):
    """What a case waits for without anybody having to act."""

    step = fields.String(required=True)
    label = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)


class CaseLine(Schema):
    """A case in a list."""

    id = fields.Integer(required=True)
    process = fields.String(required=True)
    unit_id = fields.Integer(required=True)
    title = fields.String(required=True)
    version = fields.Integer(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(allow_none=True)
    ended_label = fields.String(allow_none=True)
    result = fields.String(allow_none=True)
    work_items = fields.List(fields.Nested(WorkItem), required=True)
    waits = fields.List(fields.Nested(Wait), required=True)


class CaseList(Schema):
    """One page of cases, newest first."""

    items = fields.List(fields.Nested(CaseLine), required=True)
    next = fields.String(allow_none=True, required=True)


class Message(Schema):
    """A message the case takes now from who holds the right post."""

    name = fields.String(required=True)
    label = fields.String(required=True)


class Case(CaseLine):
    """One case: where it stands, who must act, what may be sent to it."""

    bundle_version = fields.Integer(required=True)
    done_elements = fields.List(fields.String(), required=True)
    current_elements = fields.List(fields.String(), required=True)
    messages = fields.List(fields.Nested(Message), required=True)


class StepRecord(Schema):
    """One step done: when it happened, when it was recorded, by whom, for whom. Secret fields are masked."""

    id = fields.Integer(required=True)
    step = fields.String(required=True)
    label = fields.String(required=True)
    outcome = fields.String(required=True)
    outcome_label = fields.String(required=True)
    content = fields.Dict(required=True)
    happened_on = fields.Date(allow_none=True)
    recorded_at = fields.AwareDateTime(required=True)
    person_id = fields.Integer(required=True)
    post_id = fields.Integer(allow_none=True)
    for_person_id = fields.Integer(allow_none=True)
    case_version = fields.Integer(required=True)
    corrects_id = fields.Integer(allow_none=True, metadata={"description": "The record this one corrects, which stays"})
    reason = fields.String(allow_none=True, metadata={"description": "Why it was corrected"})


class History(Schema):
    """Every step done, oldest first."""

    items = fields.List(fields.Nested(StepRecord), required=True)


class JournalEntry(Schema):
    """One entry of the case's hash chain; it names people by id only."""

    position = fields.Integer(required=True)
    event = fields.String(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    happened_on = fields.Date(allow_none=True)
    person_id = fields.Integer(allow_none=True)
    post_id = fields.Integer(allow_none=True)
    for_person_id = fields.Integer(allow_none=True)
    unit_id = fields.Integer(allow_none=True)
    facts = fields.Dict(required=True)
    previous = fields.String(required=True)
    digest = fields.String(required=True)


class Journal(Schema):
    """The case's chain, oldest first."""

    chain = fields.String(required=True)
    items = fields.List(fields.Nested(JournalEntry), required=True)


@bp.route("")
class Cases(MethodView):
    """All cases in sight."""

    @identity.signed_in_needed
    @bp.arguments(CaseQuery, location="query")
    @bp.response(200, CaseList)
    def get(self, query: dict[str, Any]) -> dict[str, Any]:
        """Cases of a unit and the units below it, newest first."""
        limit = query["limit"]
        found = inbox.cases_of(
            database.session(),
            _units(query.get("unit_id"), query["below"]),
            ended=query["state"] == "ended",
            after=id_after(query.get("after")),
            limit=limit + 1,
        )
        rows = [_line(row) for row in found[:limit]]
        return {"items": rows, "next": str(found[limit - 1].case.id) if len(found) > limit else None}

    @writing
    @identity.signed_in_needed
    @bp.arguments(NewCase)
    @bp.response(201, Case, headers=ETAG)
    def post(self, new: dict[str, Any]) -> Any:
        """Start a case at a unit where I hold the post its first step needs."""
        session = database.session()
        identity.insist_on_sight(new["unit_id"], gettext("组织"))
        errors.concerning(unit_id=new["unit_id"])
        step, _form = cases.first_step(session, new["process"])
        addressee = ENVIRONMENT.directory.addressee(session, step.lane, new["unit_id"], {})
        case = cases.start(
            session,
            ENVIRONMENT,
            process=new["process"],
            unit_id=new["unit_id"],
            actor=identity.acting_for(addressee),
            outcome=new.get("outcome"),
            content=new["content"],
        )
        return shown(case), 201, {**etag(case.version), "Location": f"{bp.url_prefix}/{case.id}"}


@bp.route("/<id:case_id>")
@identity.signed_in_needed
@bp.response(200, Case, headers=ETAG)
def one(case_id: int) -> Any:
    """One case."""
    case = sight.case(case_id)
    return shown(case), 200, etag(case.version)


@bp.route("/<id:case_id>/history")
@identity.signed_in_needed
@bp.response(200, History)
def history(case_id: int) -> dict[str, Any]:
    """What was submitted at each step."""
    case = sight.case(case_id)
    answers = sensitive.shown(database.session(), case)
    columns = StepRecord().fields.keys()
    records = inbox.history(database.session(), case.id)
    return {"items": [{key: getattr(each, key) for key in columns} | {"content": answers(each)} for each in records]}


@bp.route("/<id:case_id>/journal")
@identity.signed_in_needed
@bp.response(200, Journal)
def chain(case_id: int) -> dict[str, Any]:
    """The case's journal: what was decided, by whom, on which facts."""
    name = journal.case_chain(sight.case(case_id).id)
    return {"chain": name, "items": journal.entries_of(database.session(), name)}


@bp.route("/<id:case_id>/messages/<string(maxlength=80):name>", methods=["POST"])
@writing
@identity.signed_in_needed
@versioned
@bp.arguments(Decision)
@bp.response(200, Case, headers=ETAG)
def send(decision: dict[str, Any], case_id: int, name: str) -> Any:
    """Send a running case a message its drawing awaits, such as a withdrawal."""
    session, case, seen = database.session(), sight.case(case_id), seen_version()
    info = bundles.parsed(session, case.bundle_id).messages.get(name)
    if info is None:
        raise NotFound(what=gettext("办理事项"))
    addressee = sight.sender(session, case, info, cases.data_of(case))
    case = cases.send_message(
        session,
        ENVIRONMENT,
        case_id=case_id,
        message=name,
        actor=identity.acting_for(addressee),
        outcome=decision["outcome"],
        content=decision["content"],
        seen_version=seen,
    )
    return shown(case), 200, etag(case.version)


_WAITS = (
    select(DueTimer).where(DueTimer.case_id == bindparam("case"), DueTimer.attached_to.is_(None)).order_by(DueTimer.id)
)


def shown(case: CaseRow) -> dict[str, Any]:
    """A case as the schema `Case` writes it."""
    session = database.session()
    bundle = bundles.parsed(session, case.bundle_id)
    progress = inbox.progress(session, case.id)
    waits = session.scalars(_WAITS, {"case": case.id})
    messages = cases.messages_awaited(case, bundle)
    return {
        **_line(BoardRow(case, sight.open_items(case.id), list(waits))),
        "bundle_version": bundle.version,
        "done_elements": progress.done,
        "current_elements": progress.current,
        "messages": [{"name": info.name, "label": info.label} for info in messages],
    }


_COLUMNS = ("id", "process", "unit_id", "title", "version", "started_at", "ended_at", "ended_label", "result")


def _line(row: BoardRow) -> dict[str, Any]:
    columns = {name: getattr(row.case, name) for name in _COLUMNS}
    return {**columns, "work_items": row.items, "waits": row.waits}


def _units(unit_id: int | None, below: bool) -> list[int]:
    session = database.session()
    if unit_id is not None:
        units.get(session, unit_id)
        errors.concerning(unit_id=unit_id)
        identity.insist_on_sight(unit_id, gettext("组织"))
    own = {held.unit_id for held in identity.posts_held()}
    tops = [unit_id] if unit_id is not None else [each for each in sorted(own) if identity.may_see(each)]
    if not below or not tops:
        return tops
    paths = session.scalars(select(Unit.path).where(Unit.id.in_(tops)))
    inside = or_(*(Unit.path.startswith(path, autoescape=True) for path in paths))
    found = list(session.scalars(select(Unit.id).where(inside).limit(MOST_UNITS + 1)))
    if len(found) > MOST_UNITS:
        raise InvalidData(fields={"unit_id": gettext("范围过大，请选择一个下级组织")})
    return found
