"""Rounds of recommendation and their places, and who of a branch may be recommended."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity, recommendations_seen
from webapp.pages import furniture, new_case
from webapp.pages.units_seen import chosen_unit, own_units
from workflows.domain import recommendation_rounds, units
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import Product, RoundState
from workflows.domain.units import APPROVING, Unit
from workflows.errors import NotFound, Refusal
from workflows.operations import eligible_members

bp = Blueprint("recommendations", __name__, url_prefix="/recommendations")

READERS = (*furniture.AT_A_BRANCH, PostKind.GRASSROOTS_COMMITTEE, PostKind.COUNTY_COMMITTEE)
NOMINATING = (*furniture.AT_A_BRANCH, PostKind.GRASSROOTS_COMMITTEE)
"""Who reads which members may be recommended: the branch and the committee that approves its list."""


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """The rounds of the committee at, or above, a unit."""
    return _page(_committee(chosen_unit(database.session(), *READERS)))


@bp.post("/rounds")
@identity.post_needed(PostKind.GRASSROOTS_COMMITTEE)
def begin() -> Any:
    """Open a round; its places are proposed, and not taken before they are confirmed."""
    session, committee_id = database.session(), request.form.get("unit", 0, type=int)
    try:
        actor = recommendations_seen.keeper(committee_id)
        opened = recommendation_rounds.open_round(
            session,
            committee_id=committee_id,
            product=_product(request.form.get("product", "")),
            term=request.form.get("term", ""),
            basis=request.form.get("basis", ""),
            share=recommendations_seen.share_of(session, committee_id),
            actor=actor,
        )
        database.commit()
    except Refusal as refusal:
        return _again(refusal, committee_id)
    flash(gettext("已开批次“%(term)s”，请核对各支部名额后确认。", term=opened.term), "good")
    return redirect(url_for("recommendations.show", unit=committee_id), code=303)


@bp.post("/rounds/<id:round_id>")
@identity.post_needed(PostKind.GRASSROOTS_COMMITTEE)
def settle(round_id: int) -> Any:
    """Keep the places that were sent; then confirm or close the round, where that is asked for."""
    session, act = database.session(), request.form.get("act", "")
    committee_id = recommendations_seen.seen_round(round_id).committee_id
    try:
        actor = recommendations_seen.keeper(committee_id)
        if act in ("save", "confirm"):
            recommendation_rounds.set_places(session, round_id, _sent_places(), actor)
        if act == "confirm":
            recommendation_rounds.confirm(session, round_id, actor)
        if act == "close":
            recommendation_rounds.close(session, round_id, actor)
        database.commit()
    except Refusal as refusal:
        return _again(refusal, committee_id, round_id)
    said = {"confirm": gettext("名额已确认，各支部可以推荐。"), "close": gettext("批次已结束。")}
    flash(said.get(act, gettext("名额已保存。")), "good")
    return redirect(url_for("recommendations.show", unit=committee_id), code=303)


@bp.get("/branches/<id:unit_id>")
@identity.post_needed(*NOMINATING)
def branch(unit_id: int) -> str:
    """Who of a branch may be recommended today and who not, with the reasons."""
    session, unit = database.session(), recommendations_seen.seen_branch(unit_id)
    product = _product(request.args.get("product", Product.ACTIVIST.value))
    verdicts = eligible_members.of_branch(session, unit_id, product)
    running = recommendation_rounds.open_for(session, unit_id, product)
    places = recommendation_rounds.places_in(session, running.id, unit_id) if running else None
    begins = eligible_members.PROCESS
    return render_template(
        "recommendations/branch.html",
        unit=unit,
        product=product,
        products=list(Product),
        eligible=[each for each in verdicts if not each.reasons],
        others=[each for each in verdicts if each.reasons],
        running=running,
        places=places,
        begins=begins if unit in new_case.branches_for(begins) else None,
    )


def _product(word: str) -> Product:
    if word not in set(Product):
        raise NotFound(what=gettext("推荐类别"))
    return Product(word)


def _sent_places() -> dict[int, int]:
    """The numbers that were sent for the branches; what is no number becomes one that is refused at its field."""
    sent = {}
    for key, value in request.form.items():
        unit = key.removeprefix("places_")
        if key != unit and unit.isdecimal() and len(unit) < 18:
            sent[int(unit)] = int(value) if value.isdecimal() and len(value) < 7 else -1
    return sent


def _committee(unit: Unit) -> Unit:
    """The committee a page is about; above the committees the first one below."""
    if unit.kind in APPROVING or unit.kind in recommendations_seen.BRANCHES:
        return recommendations_seen.committee_of(unit)
    below = recommendation_rounds.committees_below(database.session(), unit)
    if not below:
        raise NotFound(what=gettext("基层团委"))
    return below[0]


def _committees() -> list[Unit]:
    """The committees whose rounds the person may choose among: his own, and those below a county of his."""
    session = database.session()
    own = own_units(session, PostKind.GRASSROOTS_COMMITTEE, PostKind.COUNTY_COMMITTEE)
    found = {each.id: each for unit in own for each in recommendation_rounds.committees_below(session, unit)}
    return list(found.values())


def _again(refusal: Refusal, committee_id: int, round_id: int | None = None) -> Any:
    answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    if answer.status_code in (409, 422):
        answer.set_data(_page(units.get(database.session(), committee_id), refusal, round_id))
    return answer


def _page(committee: Unit, refusal: Refusal | None = None, wrong: int | None = None) -> str:
    session = database.session()
    rounds = recommendations_seen.rounds_of(session, committee)
    running = [each for each in rounds if each.row.state != RoundState.CLOSED]
    taken_up = {each.row.product for each in running}
    return render_template(
        "recommendations/show.html",
        committee=committee,
        own=_committees(),
        running=running,
        past=[each for each in rounds if each.row.state == RoundState.CLOSED],
        keeps=recommendations_seen.keeps(committee),
        reads_members=identity.holds(*NOMINATING),
        open_products=[product for product in Product if product not in taken_up],
        share=recommendations_seen.share_of(session, committee.id),
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        wrong=wrong,
        sent=request.form,
    )
