"""Splitting a unit's places: reckon a proposal, change lines with a reason, confirm it; see how each came about."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity, places_kept, split_seen
from webapp.pages import furniture
from webapp.pages.people_shown import names_of
from webapp.pages.units_seen import chosen_unit, own_units
from workflows.domain import head_counts, quotas, ratios, split_proposals, units
from workflows.domain.head_counts import Standing
from workflows.domain.posts import PostKind
from workflows.domain.quotas import Plan
from workflows.domain.split_proposals import Change
from workflows.domain.split_tables import ProposalState, SplitProposal
from workflows.domain.units import Unit
from workflows.errors import InvalidData, Refusal

bp = Blueprint("quota_split", __name__, url_prefix="/quota/split")

READERS = (*furniture.COMMITTEES, PostKind.AUDITOR)


@bp.app_context_processor
def _for_links() -> dict[str, Any]:
    """The page of places links here for who may follow."""
    return {"reads_splits": lambda: identity.holds(*READERS)}


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """The unit's open proposal, or where one is begun; an earlier one by `?proposal=`."""
    session = database.session()
    wanted = request.args.get("proposal", type=int)
    if wanted is None:
        unit = chosen_unit(session, *READERS)
        return _page(unit, split_proposals.open_of(session, quotas.current_plan(session), unit.id))
    return _page(*_seen(wanted))


@bp.post("")
@identity.post_needed(*furniture.COMMITTEES)
def propose() -> Any:
    """Reckon a proposal for the person's own unit."""
    session, unit_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        actor = places_kept.committee_of(unit_id)
        split_proposals.propose(session, quotas.current_plan(session), unit_id, actor, reserve_rate=_rate())
        database.commit()
    except Refusal as refusal:
        return _again(refusal, unit_id)
    flash(gettext("已编制分配方案。请核对每一行，需要改动的说明理由，再确认下达。"), "good")
    return redirect(url_for("quota_split.show", unit=unit_id), code=303)


@bp.post("/<id:proposal_id>")
@identity.post_needed(*furniture.COMMITTEES)
def settle(proposal_id: int) -> Any:
    """Keep the lines as they were sent, and with `act=confirm` hand them down in the same act."""
    session, act = database.session(), request.form.get("act")
    proposal, unit_id = None, 0
    try:
        proposal = split_proposals.get(session, proposal_id)
        unit_id = proposal.unit_id
        actor, version = places_kept.committee_of(unit_id), request.form.get("version", 0, type=int)
        if act == "discard":
            split_proposals.discard(session, proposal_id, actor)
        else:
            changed = split_proposals.change(session, proposal_id, _changes(), actor, version=version)
            if act == "confirm":
                split_proposals.confirm(session, proposal_id, actor, version=changed.version)
        database.commit()
    except Refusal as refusal:
        return _again(refusal, unit_id, proposal_id)
    said = {
        "discard": gettext("方案已作废，没有下达名额。"),
        "confirm": gettext("名额已按方案下达，编号随之划给下级。"),
    }
    flash(said.get(act or "", gettext("已保存。")), "good")
    return redirect(url_for("quota_split.show", unit=unit_id), code=303)


def _rate() -> int | None:
    sent = request.form.get("reserve_rate", "").strip()
    return None if not sent else int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1


def _changes() -> dict[int, Change]:
    """The amount and reason sent for each line; what is no number counts as a wrong amount."""
    found = {}
    for key, sent in request.form.items():
        name, _, unit_id = key.partition("-")
        if name == "amount" and unit_id.isdecimal():
            amount = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else -1
            found[int(unit_id)] = Change(amount, request.form.get(f"reason-{unit_id}", ""))
    return found


def _seen(proposal_id: int) -> tuple[Unit, SplitProposal]:
    proposal = split_proposals.get(database.session(), proposal_id)
    identity.insist_on_sight(proposal.unit_id, "分配方案")
    return units.get(database.session(), proposal.unit_id), proposal


def _again(refusal: Refusal, unit_id: int, proposal_id: int | None = None) -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if isinstance(refusal, InvalidData) and unit_id:
        unit = units.get(database.session(), unit_id)
        proposal = split_proposals.get(database.session(), proposal_id) if proposal_id else None
        answer.set_data(_page(unit, proposal, refusal, request.form))
    return answer


def _page(
    unit: Unit,
    proposal: SplitProposal | None,
    refusal: Refusal | None = None,
    sent: Mapping[str, str] | None = None,
) -> str:
    session = database.session()
    plan = quotas.current_plan(session)
    shared: dict[str, Any] = {
        "unit": unit,
        "own": own_units(session, *READERS),
        "plan": plan,
        "keeps": places_kept.keeps(unit.id),
        "sent": sent or {},
        "refusal": refusal.message(gettext) if refusal else "",
        "errors": {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        "earlier": split_proposals.proposals_of(session, plan, unit.id),
    }
    shared["names"] = names_of(session, [who for each in shared["earlier"] for who in (each.made_by, each.settled_by)])
    if proposal is None:
        return render_template("quota_split/begin.html", **shared, **_beginning(plan, unit))
    lines = split_seen.lines_of(proposal)
    return render_template(
        "quota_split/show.html",
        **shared,
        proposal=proposal,
        editable=shared["keeps"] and proposal.state == ProposalState.OPEN,
        lines=lines,
        given=split_seen.given_out(lines),
        uncounted=sum(1 for line in lines if not line.counted),
        red=sum(1 for line in lines if line.mark is ratios.Mark.RED),
        stale=split_proposals.is_stale(session, proposal),
        editors=names_of(session, [line.row.changed_by for line in lines]),
    )


def _beginning(plan: Plan, unit: Unit) -> dict[str, Any]:
    """What a proposal would be reckoned from."""
    session = database.session()
    below = units.children(session, unit.id)
    standing = Standing(session, unit, head_counts.day_for(plan.year))
    limits = ratios.limits_for(session, unit.id)
    return {
        "available": split_proposals.available(session, plan, unit.id),
        "below": below,
        "counted": sum(1 for each in below if standing.of(each).lines),
        "as_of": head_counts.day_for(plan.year),
        "limits": limits,
        "from_above": unit.parent_id is not None,
    }
