"""Beginning a case: the first step's form of a process, filled in for one of the person's units."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity
from webapp.pages import case_view, furniture
from webapp.pages.form_view import form_view, submitted
from webapp.pages.units_seen import own_units
from workflows.domain import members, rules_in_force
from workflows.domain.members import CandidateStatus
from workflows.domain.units import Unit
from workflows.engine import bundles, cases, form_words
from workflows.engine.bundles import StepInfo
from workflows.engine.forms import Field
from workflows.engine.tables import Case
from workflows.errors import InvalidData, NotAuthorised, Refusal
from workflows.operations import corrections, joint_training, recognitions, recommendations
from workflows.operations.wiring import ENVIRONMENT

ABOUT = (corrections.ABOUT, recommendations.ABOUT, recognitions.ABOUT, joint_training.ABOUT)
"""Sources of choices that name somebody, or something of his, on record."""

bp = Blueprint("new_case", __name__, url_prefix="/processes/<process>/new")


@bp.get("")
@identity.post_needed(*furniture.AT_A_BRANCH)
def form(process: str) -> str:
    """The form, empty but for the person it is about, and what is chosen for him, when his page led here."""
    if about_whom(process) is None:
        return _page(process)
    _, form_of_step = cases.first_step(database.session(), process)
    chosen = [field.key for field in form_of_step.fields if field.kind == "select" and field.key in request.args]
    return _page(process, {key: request.args[key] for key in chosen})


@bp.post("")
@identity.post_needed(*furniture.AT_A_BRANCH)
def begin(process: str) -> Any:
    """Begin the case and do its first step in one act."""
    session = database.session()
    unit_id = _unit_id(process)
    errors.concerning(unit_id=unit_id)
    step, form_of_step = cases.first_step(session, process)
    outcome, content = request.form.get("outcome", ""), submitted(form_of_step, request.form)
    addressee = ENVIRONMENT.directory.addressee(session, step.lane, unit_id, {})
    try:
        case = cases.start(
            session,
            ENVIRONMENT,
            process=process,
            unit_id=unit_id,
            actor=identity.acting_for(addressee),
            outcome=outcome,
            content=content,
        )
        database.commit()
    except InvalidData as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        answer.set_data(_page(process, {**content, "outcome": outcome}, refusal))
        return answer
    flash(gettext("已登记：%(name)s。", name=case.title or step.label), "good")
    mine = [item for item in case_view.open_items(session, case.id) if case_view.may_act(item)]
    where = url_for("work_items.show", item_id=mine[0].id) if mine else url_for("cases.show", case_id=case.id)
    return redirect(where, code=303)


def branches_for(process: str) -> list[Unit]:
    """The person's branches at which he may do the first step of the process."""
    session = database.session()
    step, _ = cases.first_step(session, process)
    return [unit for unit in own_units(session, *furniture.AT_A_BRANCH) if _may_begin(step, unit)]


def about_whom(process: str) -> str | None:
    """The field of the first step that chooses somebody on record; None for a process that is about nobody yet."""
    field = _field_about(process)
    return field.key if field else None


def _field_about(process: str) -> Field | None:
    _, form_of_step = cases.first_step(database.session(), process)
    return next((field for field in form_of_step.fields if field.choice_source in ABOUT), None)


def about_candidate(case: Case) -> list[tuple[str, str]]:
    """What the person may begin about the candidate of a case: names and addresses."""
    session = database.session()
    candidate = members.of_case(session, case.id)
    if candidate is None or candidate.status not in (CandidateStatus.APPLYING, CandidateStatus.ADMITTED):
        return []
    found, is_member = [], candidate.status == CandidateStatus.ADMITTED
    for bundle in bundles.all_latest(session):
        about = _field_about(bundle.process)
        if about is None or about.choice_source in (recognitions.ABOUT, joint_training.ABOUT):
            continue
        if about.choice_source == recommendations.ABOUT and not is_member:
            continue
        whom = about.key
        if candidate.unit_id in [unit.id for unit in branches_for(bundle.process)]:
            chosen: dict[str, Any] = {"process": bundle.process, "unit": candidate.unit_id, whom: candidate.person_id}
            found.append((bundle.name, url_for("new_case.form", **chosen)))
    return found


def _may_begin(step: StepInfo, unit: Unit) -> bool:
    try:
        addressee = ENVIRONMENT.directory.addressee(database.session(), step.lane, unit.id, {})
    except Refusal:  # such as a post of the Party at a branch that no Party branch works with
        return False
    return identity.acting_for(addressee).unit_id is not None


def _unit_id(process: str) -> int:
    branches = [unit.id for unit in branches_for(process)]
    wanted = request.values.get("unit", type=int) or next(iter(branches), None)
    if wanted is None or wanted not in branches:
        raise NotAuthorised(unit=gettext("该团支部"), post=gettext("团支部书记"))
    return wanted


def _page(process: str, values: Mapping[str, Any] | None = None, refusal: InvalidData | None = None) -> str:
    session = database.session()
    step, form_of_step = cases.first_step(session, process)
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    unit_id = _unit_id(process)
    told = form_words.told(form_of_step, rules_in_force.for_a_case(session, unit_id)[0], ENVIRONMENT.value_in_words)
    return render_template(
        "board/new.html",
        process=bundles.latest(session, process),
        step=step,
        about_somebody=about_whom(process) is not None,
        branches=branches_for(process),
        unit_id=unit_id,
        form=form_view(told, unit_id, values=values, errors=wrong),
        refusal=refusal.message(gettext) if refusal else "",
    )
