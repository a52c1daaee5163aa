"""Changes of places on their way: asking for more, the waiting line, lateral transfers, additions, the closing."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, errors, identity, quota_acts
from webapp.pages import furniture
from webapp.pages.units_seen import chosen_unit
from workflows.domain import quota_closing, quota_requests, quota_transfers, quotas, units
from workflows.domain.posts import PostKind
from workflows.domain.quota_requests import QuotaRequest
from workflows.domain.quota_transfers import QuotaTransfer
from workflows.domain.units import Unit, UnitKind
from workflows.errors import Refusal

bp = Blueprint("quota_changes", __name__, url_prefix="/quota/changes")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)
ACTORS = (*furniture.COMMITTEES, PostKind.BRANCH_SECRETARY)

Act = Callable[[Session], object]


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """What the unit has asked for and offered, and what waits for its answer."""
    return _page(chosen_unit(database.session()))


@bp.post("/requests")
@identity.post_needed(*ACTORS)
def ask() -> Any:
    """Ask the unit above for more places."""
    unit_id = _number("unit")

    def act(session: Session) -> object:
        plan, actor = quotas.current_plan(session), quota_acts.managing(unit_id)
        return quota_requests.ask(session, plan, unit_id, _number("amount"), _text("reason"), actor)

    return _done(unit_id, act, gettext("已提交追加申请，上级答复后可在本页看到。"))


@bp.post("/requests/<int:request_id>/<any(grant, refuse, forward, withdraw):verb>")
@identity.post_needed(*ACTORS)
def answer(request_id: int, verb: str) -> Any:
    """Grant, refuse or forward a request of a unit below, or withdraw one's own."""
    found = quota_requests.get(database.session(), request_id)
    unit_id = found.unit_id if verb == "withdraw" else found.asked_unit_id

    def act(session: Session) -> object:
        actor, said = quota_acts.managing(unit_id), _text("reason")
        if verb == "grant":
            return quota_requests.grant(session, request_id, _number("amount"), actor, said)
        if verb == "withdraw":
            return quota_requests.withdraw(session, request_id, actor)
        return (quota_requests.refuse if verb == "refuse" else quota_requests.forward)(session, request_id, said, actor)

    told = {
        "grant": gettext("已批准，名额与编号已下达。"),
        "refuse": gettext("已答复不予批准。"),
        "forward": gettext("已转报上级。上级答复后，这份申请回到排队中。"),
        "withdraw": gettext("已撤回申请。"),
    }
    return _done(unit_id, act, told[verb])


@bp.post("/transfers")
@identity.post_needed(*ACTORS)
def offer() -> Any:
    """Offer free places to a unit of another line."""
    unit_id = _number("unit")

    def act(session: Session) -> object:
        plan, actor = quotas.current_plan(session), quota_acts.managing(unit_id)
        return quota_transfers.offer(
            session, plan, unit_id, _number("to_unit_id"), _number("amount"), _text("reason"), actor
        )

    return _done(unit_id, act, gettext("已提出调剂，共同上级确认后名额与编号随之划转。"))


@bp.post("/transfers/<int:transfer_id>/<any(confirm, decline, withdraw):verb>")
@identity.post_needed(*ACTORS)
def settle(transfer_id: int, verb: str) -> Any:
    """Confirm or decline a transfer as the common parent, or withdraw one's own offer."""
    found = quota_transfers.get(database.session(), transfer_id)
    unit_id = found.from_unit_id if verb == "withdraw" else found.over_unit_id

    def act(session: Session) -> object:
        actor, said = quota_acts.managing(unit_id), _text("reason")
        if verb == "confirm":
            return quota_transfers.confirm(session, transfer_id, actor, said)
        if verb == "withdraw":
            return quota_transfers.withdraw(session, transfer_id, actor)
        return quota_transfers.decline(session, transfer_id, said, actor)

    told = {
        "confirm": gettext("已确认，名额与编号已划转。"),
        "decline": gettext("已答复不予确认。"),
        "withdraw": gettext("已撤回调剂。"),
    }
    return _done(unit_id, act, told[verb])


@bp.post("/additions")
@identity.post_needed(PostKind.REGION_COMMITTEE)
def add() -> Any:
    """Add places to the plan during its year."""
    unit_id = _number("unit")

    def act(session: Session) -> object:
        plan, actor = quotas.current_plan(session), quota_acts.managing(unit_id)
        return quotas.add_to_plan(session, plan, _number("amount"), actor, _text("reason"))

    return _done(unit_id, act, gettext("已追加，新名额另有一段编号。"))


@bp.post("/closing")
@identity.post_needed(PostKind.REGION_COMMITTEE)
def close() -> Any:
    """Close the plan for good, and go on to the report of what was left."""
    unit_id, session = _number("unit"), database.session()
    plan = quotas.current_plan(session)
    said = gettext("计划已关闭，未用名额已失效。")
    then = url_for("quota.show", unit=unit_id, year=plan.year)
    return _done(
        unit_id, lambda s: quota_closing.close(s, plan, quota_acts.managing(unit_id), _text("reason")), said, then
    )


def _done(unit_id: int, act: Act, told: str, then: str | None = None) -> Any:
    session = database.session()
    errors.concerning(unit_id=unit_id)
    try:
        act(session)
        database.commit()
    except Refusal as refusal:
        answered = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.kind in ("conflict", "invalid") and answered.status_code != 303:
            answered.set_data(_page(units.get(database.session(), unit_id), refusal))
        return answered
    flash(told, "good")
    return redirect(then or url_for("quota_changes.show", unit=unit_id), code=303)


def _page(top: Unit, refusal: Refusal | None = None) -> str:
    session = database.session()
    plan = quotas.current_plan(session)
    account = quotas.account_of(session, plan.id, top.id)
    made, line = quota_requests.made_by(session, plan, top.id), quota_requests.waiting_at(session, plan, top.id)
    transfers = quota_transfers.concerning(session, plan, top.id)
    return render_template(
        "quota/changes.html",
        plan=plan,
        top=top,
        free=account.free if account else 0,
        keeps=quota_acts.manages(top),
        made=[(each, _standing(session, each)) for each in made],
        waits=any(each.is_open and each.forwards_id is None for each in made),
        line=line,
        transfers=transfers,
        names=_names(session, [*made, *line], transfers),
        takers=[unit for unit in units.children(session, top.parent_id) if unit.id != top.id] if top.parent_id else [],
        is_region=top.kind == UnitKind.REGION,
        closes_from=quota_closing.closes_from(plan),
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        sent=request.form,
        sent_to=request.path if refusal else "",
    )


def _standing(session: Session, request_made: QuotaRequest) -> tuple[int | None, list[QuotaRequest]]:
    """The request's place in its line, and what it was forwarded as."""
    return quota_requests.position(session, request_made), quota_requests.chain_of(session, request_made)[1:]


def _names(session: Session, requests: list[QuotaRequest], transfers: list[QuotaTransfer]) -> dict[int, str]:
    wanted = {unit_id for each in requests for unit_id in (each.unit_id, each.asked_unit_id)}
    chains = [above for each in requests for above in quota_requests.chain_of(session, each)]
    wanted |= {each.asked_unit_id for each in chains}
    wanted |= {unit for each in transfers for unit in (each.from_unit_id, each.to_unit_id, each.over_unit_id)}
    return dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all())


def _number(name: str) -> int:
    return request.form.get(name, 0, type=int)


def _text(name: str) -> str:
    return request.form.get(name, "").strip()
