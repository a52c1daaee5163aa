"""Signing several work items of one step at once, and watching it being done."""

from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from webapp import database, errors, identity, lawful_days_told, rush_told
from webapp.due import Due, due
from webapp.lawful_days_told import ToldDay
from webapp.pages import case_view, dossier
from webapp.pages.form_view import FieldView, FormView, form_view, own_fields, submitted_for_all, submitted_for_one
from webapp.pages.minutes import step_that_counts
from workflows.domain import units
from workflows.engine import batches, bundles, cases
from workflows.engine.batches import BatchMixed
from workflows.engine.tables import Case, WorkItem
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
    own: list[FieldView]
    """What is filled in for this person alone."""
    days: list[ToldDay]
    """Within which days this step is lawful for him."""


@dataclass
class Typed:
    """What was filled in: for all, and by work item for one alone."""

    outcome: str = ""
    for_all: dict[str, Any] = field(default_factory=dict)
    for_one: dict[int, dict[str, Any]] = field(default_factory=dict)


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
    typed = Typed(outcome=request.form.get("outcome", ""))
    try:
        if not items:
            raise BatchMixed(why=gettext("为空"))
        form_of_step = bundles.parsed(session, items[0].case.bundle_id).form(items[0].step)
        typed.for_all = submitted_for_all(form_of_step, request.form)
        typed.for_one = {item_id: submitted_for_one(form_of_step, request.form, item_id) for item_id in listed}
        batch = batches.open_batch(
            session,
            ENVIRONMENT,
            chosen=[(item_id, request.form.get(f"version-{item_id}", 0, type=int)) for item_id in ticked],
            actor=identity.acting_for(items[0]),
            outcome=typed.outcome,
            content=_filled(typed.for_all),
            own={item_id: _filled(typed.for_one.get(item_id, {})) for item_id in ticked},
        )
        database.commit()
    except (InvalidData, BatchMixed) as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if _items(database.session(), listed):
            answer.set_data(_page(listed, set(ticked), typed, refusal))
        return answer
    return redirect(url_for("batches.show", batch_id=batch.id), code=303)


@bp.get("/<id:batch_id>")
@identity.signed_in_needed
def show(batch_id: int) -> str:
    """How far a batch has come, and what became of each item."""
    session = database.session()
    batch = batches.progress_of(session, batch_id)
    if batch.person_id != identity.current_person().id:
        raise NotFound(what="批量办理")
    bundle = bundles.parsed(session, case_view.case_row(session, batch.items[0].case_id).bundle_id)
    ended = sum(1 for item in batch.items if item.status != "waiting")
    refused = sum(1 for item in batch.items if item.status == "refused")
    return render_template(
        "batch/show.html",
        batch=batch,
        outcome=bundle.form(batch.step).outcome_label(batch.outcome),
        ended=ended,
        refused=refused,
        running=batch.ended_at is None,
        voted=[
            item.case_id for item in batch.items if item.status == "done" and batch.step == step_that_counts(bundle)
        ],
    )


def _items(session: Session, ids: list[int]) -> list[WorkItem]:
    query = select(WorkItem).where(WorkItem.id.in_(ids)).order_by(WorkItem.id)
    query = query.options(joinedload(WorkItem.case).undefer(Case.state))
    return [item for item in session.scalars(query) if case_view.may_act(item)]


def _filled(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value != ""}


def _page(
    listed: list[int], ticked: set[int], typed: Typed | None = None, refusal: InvalidData | BatchMixed | None = None
) -> str:
    session, typed = database.session(), typed or Typed()
    items = _items(session, listed)
    if not items:
        raise NotFound(what="待办事项（可能已由他人办理）")
    if len({item.step for item in items}) > 1:
        raise BatchMixed(why=gettext("不是同一步骤"))
    bundle = bundles.parsed(session, items[0].case.bundle_id)
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    values = {**typed.for_all, "outcome": typed.outcome}
    form = cases.form_of(ENVIRONMENT, bundle, items[0].step, cases.data_of(items[0].case))
    view = form_view(form, items[0].case.unit_id, values=values, errors=wrong)
    return render_template(
        "batch/new.html",
        label=items[0].label,
        people=[
            _signed(session, item, item.id in ticked, own_fields(view, item.id, typed.for_one.get(item.id, {}), wrong))
            for item in items
        ],
        form=view,
        rush=rush_told.for_approval(session, items),
        wrong=_with_names(view, items),
        refusal=refusal.message(gettext) if refusal else "",
    )


def _with_names(view: FormView, items: list[WorkItem]) -> dict[str, str]:
    """What is wrong, with the name of the person where it is his alone."""
    names = {f"-{item.id}": item.case.title for item in items}
    told = {}
    for key, text in view.errors.items():
        whose = next((name for suffix, name in names.items() if key.endswith(suffix)), "")
        told[key] = f"{whose}，{text}" if whose else text
    return told


def _signed(session: Session, item: WorkItem, checked: bool, own: list[FieldView]) -> Signed:
    bundle = bundles.parsed(session, item.case.bundle_id)
    papers = dossier.filed(session, item.case, bundle)
    return Signed(
        item=item,
        version=item.case.version,
        title=item.case.title,
        unit=units.get(session, item.case.unit_id).name,
        due=due(item.due_on),
        facts=case_view.candidate_facts(session, item.case_id, named=False),
        latest=papers[0] if papers else None,
        checked=checked,
        own=own,
        days=[day for day in lawful_days_told.told(bundle, cases.data_of(item.case), [item.step]) if day.is_now],
    )
