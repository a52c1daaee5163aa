"""Signing several work items of one step at once, and watching it being done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp import database, errors, identity
from webapp.pages import case_view, dossier
from webapp.pages.due import Due, due
from webapp.pages.form_view import form_view, submitted
from workflows.domain import units
from workflows.engine import batches, bundles
from workflows.engine.batches import BatchMixed
from workflows.engine.tables import Batch, WorkItem
from workflows.errors import InvalidData, NotFound
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("batches", __name__, url_prefix="/batches")


@dataclass(frozen=True)
class Signed:
    """One person on the sign-off page, with the facts a decision needs."""

    item: WorkItem
    version: int
    title: str
    unit: str
    due: Due | None
    facts: list[dossier.Fact]
    latest: dossier.Filed | None
    checked: bool


@bp.get("/new")
@identity.signed_in_needed
def form() -> Any:
    """The chosen people one by one, and one form for all of them; back to the inbox when there is no such choice."""
    chosen = request.args.getlist("item", type=int)
    if not chosen:
        flash(gettext("请先在待办中勾选要办理的人员。"), "soon")
        return redirect(url_for("inbox.show"))
    try:
        return _page(chosen, set(chosen))
    except (NotFound, BatchMixed) as refusal:
        flash(refusal.message(gettext), "soon")
        return redirect(url_for("inbox.show"))


@bp.post("")
@identity.signed_in_needed
def sign() -> Any:
    """Keep the decision for the ticked people; the worker performs it one by one."""
    session = database.session()
    listed, ticked = request.form.getlist("listed", type=int), request.form.getlist("item", type=int)
    items = _items(session, ticked)
    content: dict[str, Any] = {}
    outcome = request.form.get("outcome", "")
    try:
        if not items:
            raise BatchMixed(why=gettext("为空"))
        form_of_step = bundles.parsed(session, items[0].case.bundle_id).form(items[0].step)
        content = submitted(form_of_step, request.form)
        batch = batches.open_batch(
            session,
            ENVIRONMENT,
            chosen=[(item_id, request.form.get(f"version-{item_id}", 0, type=int)) for item_id in ticked],
            actor=identity.acting_for(items[0]),
            outcome=outcome,
            content={key: value for key, value in content.items() if value != ""},
        )
        database.commit()
    except (InvalidData, BatchMixed) as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if _items(database.session(), listed):
            answer.set_data(_page(listed, set(ticked), {**content, "outcome": outcome}, refusal))
        return answer
    return redirect(url_for("batches.show", batch_id=batch.id), code=303)


@bp.get("/<id:batch_id>")
@identity.signed_in_needed
def show(batch_id: int) -> str:
    """How far a batch has come, and what became of each item."""
    batch = batches.progress_of(database.session(), batch_id)
    if batch.person_id != identity.current_person().id:
        raise NotFound(what="批量办理")
    ended = sum(1 for item in batch.items if item.status != "waiting")
    refused = sum(1 for item in batch.items if item.status == "refused")
    return render_template(
        "batch/show.html",
        batch=batch,
        outcome=_outcome_label(batch),
        ended=ended,
        refused=refused,
        running=batch.ended_at is None,
    )


def _outcome_label(batch: Batch) -> str:
    session = database.session()
    case = case_view.case_row(session, batch.items[0].case_id)
    return bundles.parsed(session, case.bundle_id).form(batch.step).outcome_label(batch.outcome)


def _items(session: Session, ids: list[int]) -> list[WorkItem]:
    query = select(WorkItem).where(WorkItem.id.in_(ids)).options(joinedload(WorkItem.case)).order_by(WorkItem.id)
    return [item for item in session.scalars(query) if case_view.may_act(item)]


def _page(
    listed: list[int],
    ticked: set[int],
    values: Mapping[str, Any] | None = None,
    refusal: InvalidData | BatchMixed | None = None,
) -> str:
    session = database.session()
    items = _items(session, listed)
    if not items:
        raise NotFound(what="待办事项（可能已由他人办理）")
    if len({item.step for item in items}) > 1:
        raise BatchMixed(why=gettext("不是同一步骤"))
    bundle = bundles.parsed(session, items[0].case.bundle_id)
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    return render_template(
        "batch/new.html",
        label=items[0].label,
        people=[_signed(session, item, item.id in ticked) for item in items],
        form=form_view(bundle.form(items[0].step), items[0].case.unit_id, values=values, errors=wrong),
        refusal=refusal.message(gettext) if refusal else "",
    )


def _signed(session: Session, item: WorkItem, checked: bool) -> Signed:
    papers = dossier.filed(session, item.case, bundles.parsed(session, item.case.bundle_id))
    return Signed(
        item=item,
        version=item.case.version,
        title=item.case.title,
        unit=units.get(session, item.case.unit_id).name,
        due=due(item.due_on),
        facts=case_view.candidate_facts(session, item.case_id, named=False),
        latest=papers[0] if papers else None,
        checked=checked,
    )
