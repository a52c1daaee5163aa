"""One work item: the case's papers, the form, and doing the step."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp import database, errors, identity, sensitive
from webapp.pages import case_view, furniture
from webapp.pages.form_view import form_view, submitted
from workflows.domain.people import Person
from workflows.engine import bundles, cases, inbox
from workflows.engine.forms import Form
from workflows.engine.tables import Case, StepRecord, WorkItem
from workflows.errors import InvalidData, NotFound
from workflows.operations import posts
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("work_items", __name__, url_prefix="/work-items")


@bp.get("/<id:item_id>")
@identity.signed_in_needed
def show(item_id: int) -> Any:
    """The work item; when it has been done meanwhile, who did it and a way to the case."""
    item = inbox.open_item(database.session(), item_id)
    if item is None:
        return _already_done(item_id)
    return _page(item)


@bp.post("/<id:item_id>")
@identity.signed_in_needed
def complete(item_id: int) -> Any:
    """Do the step as the form says."""
    session = database.session()
    item = inbox.open_item(session, item_id)
    if item is None:
        return _already_done(item_id, attempted=True)
    case_id, label, unit_id = item.case_id, item.label, item.case.unit_id
    errors.concerning(case_id=case_id, unit_id=unit_id)
    form = bundles.parsed(session, item.case.bundle_id).form(item.step)
    outcome, content = request.form.get("outcome", ""), submitted(form, request.form)
    try:
        cases.complete_step(
            session,
            ENVIRONMENT,
            work_item_id=item_id,
            actor=identity.acting_for(item),
            outcome=outcome,
            content=content,
            seen_version=request.form.get("version", type=int),
        )
        database.commit()
    except InvalidData as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        again = inbox.open_item(database.session(), item_id)
        if again is not None:
            answer.set_data(_page(again, values={**content, "outcome": outcome}, refusal=refusal))
        return answer
    flash(gettext("已办理：%(step)s（%(outcome)s）。", step=label, outcome=form.outcome_label(outcome)), "good")
    return redirect(_next_place(case_id), code=303)


def _page(item: WorkItem, values: Mapping[str, Any] | None = None, refusal: InvalidData | None = None) -> str:
    session = database.session()
    case = case_view.find(session, item.case_id)
    bundle = bundles.parsed(session, case.bundle_id)
    form = cases.form_of(ENVIRONMENT, bundle, item.step, cases.data_of(case))
    filled = values if values is not None else _earlier(session, item, form)
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    step = bundle.steps[item.step]
    apart = cases.kept_apart(session, bundle, item, identity.current_person().id)
    shared = case_view.shared(session, case)
    return render_template(
        "work_item/show.html",
        item=item,
        step=step,
        form=form_view(form, case.unit_id, values=filled, errors=wrong, days=shared["days"]),
        refusal=refusal.message(gettext) if refusal else "",
        may_act=case_view.may_act(item),
        apart={"message": apart.message(gettext), "rule": gettext(apart.rule)} if apart else None,
        addressed=ENVIRONMENT.directory.describe(session, cases.addressee_of(item)),
        in_place_of=posts.in_place_of(item.lane, item.post_kind),
        acting_for=_acting_for(session, item),
        acting_as=furniture.acts_as([item]).get(item.id, ""),
        seen_version=case.version,
        **shared,
    )


def _earlier(session: Session, item: WorkItem, form: Form) -> dict[str, Any]:
    """What this step was filled with the last time, when it came back; secrets must be typed again."""
    done = [record for record in inbox.history(session, item.case_id) if record.step == item.step]
    content = done[-1].content if done else {}
    if not sensitive.may_read(session, item.case.unit_id):
        content = sensitive.without(form, content)
    secret = {field.key for field in form.fields if field.secret}
    return {key: value for key, value in content.items() if key not in secret and key != "outcome"}


def _acting_for(session: Session, item: WorkItem) -> str:
    """For whom the signed-in person would act, as a substitute."""
    absent = identity.acting_for(item).for_person_id
    person = session.get(Person, absent) if absent else None
    return person.name if person else ""


def _already_done(item_id: int, *, attempted: bool = False) -> Any:
    session = database.session()
    record = inbox.record_of(session, item_id)
    if record is None:
        raise NotFound(what="待办事项")
    case = case_view.find(session, record.case_id)
    return render_template("work_item/done.html", **_told(session, case, record), attempted=attempted), (
        409 if attempted else 200
    )


def _told(session: Session, case: Case, record: StepRecord) -> dict[str, Any]:
    who = session.get(Person, record.person_id)
    return {"case": case, "record": record, "who": who.name if who else "—"}


def _next_place(case_id: int) -> str:
    """The next step of the same case when it is the same person's, else where his work lies."""
    session = database.session()
    for item in case_view.open_items(session, case_id):
        if case_view.may_act(item):
            return url_for("work_items.show", item_id=item.id)
    if identity.holds(*furniture.AT_A_BRANCH):
        return url_for("cases.show", case_id=case_id)
    return url_for("inbox.show")
