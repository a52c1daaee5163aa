"""The branches of a committee: how each is set up, how many members it has on record, and changing the first."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import branches_kept, database, errors, identity, party_kept
from webapp.pages import furniture
from webapp.pages.units_seen import chosen_unit, own_units
from workflows.domain import branches, party_links, units
from workflows.domain.posts import PostKind
from workflows.domain.units import APPROVING, Unit, UnitKind
from workflows.errors import NotFound, Refusal

bp = Blueprint("branches", __name__, url_prefix="/branches")

READERS = (*furniture.AT_A_BRANCH, *furniture.COMMITTEES, PostKind.AUDITOR)
TINY = 3
"""A branch with fewer members cannot hold a lawful meeting by itself (rulebook: joint branch or committee above)."""


@dataclass(frozen=True)
class Line:
    """One branch."""

    unit: Unit
    members: int
    party: Unit | None
    """The Party branch that works with it."""

    @property
    def tiny(self) -> bool:
        """Whether its members on record are too few for a meeting."""
        return 0 < self.members < TINY


@bp.get("")
@identity.post_needed(*READERS)
def show() -> str:
    """The branches of the committee that approves admissions at, or above, a unit."""
    return _page(_committee(database.session(), chosen_unit(database.session())))


@bp.post("/<id:unit_id>")
@identity.post_needed(*furniture.COMMITTEES)
def set_up(unit_id: int) -> Any:
    """Put on record how one branch is set up."""
    session = database.session()
    try:
        actor = branches_kept.keeper(unit_id)
        unit = branches.set_up(
            session,
            unit_id,
            has_committee=request.form.get("has_committee") == "yes",
            is_temporary=request.form.get("is_temporary") == "yes",
            reason=request.form.get("reason", ""),
            actor=actor,
        )
        name, committee = unit.name, units.ancestor(session, unit_id, *APPROVING).id
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.fields and answer.status_code != 303:
            answer.set_data(_page(units.ancestor(database.session(), unit_id, *APPROVING), refusal, unit_id))
        return answer
    flash(gettext("已登记“%(name)s”的设置。", name=name), "good")
    return redirect(url_for("branches.show", unit=committee), code=303)


def _committee(session: Session, unit: Unit) -> Unit:
    if unit.kind in {UnitKind.BRANCH, UnitKind.GENERAL_BRANCH}:
        return units.ancestor(session, unit.id, *APPROVING)
    if unit.kind not in APPROVING:
        below = select(Unit).where(Unit.path.startswith(unit.path, autoescape=True), Unit.kind.in_(APPROVING))
        first = session.scalars(below.order_by(Unit.code)).first()
        if first is None:
            raise NotFound(what=gettext("团支部"))
        return first
    return unit


def _page(committee: Unit, refusal: Refusal | None = None, wrong: int | None = None) -> str:
    session = database.session()
    below = select(Unit).where(Unit.path.startswith(committee.path, autoescape=True), Unit.kind == UnitKind.BRANCH)
    found = list(session.scalars(below.order_by(Unit.code)))
    members = branches.members_of(session, [unit.id for unit in found])
    linked = party_links.party_branches_of(session, found)
    return render_template(
        "branches/show.html",
        committee=committee,
        own=own_units(session),
        lines=[Line(unit, members.get(unit.id, 0), linked.get(unit.id)) for unit in found],
        reads_events=party_kept.reads(committee),
        keeps=branches_kept.keeps(committee),
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        wrong=wrong,
        sent=request.form,
    )
