"""Rules: what holds for a unit and since when it is stricter, the sets side by side, proposing and deciding."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity, rules_seen, rules_told
from webapp.pages import rule_forms
from webapp.pages.people_shown import names_of
from webapp.pages.units_seen import own_units
from workflows import clock
from workflows.domain import rule_sets, rules_in_force, tightening, units
from workflows.domain.rules_in_force import Held, Rules
from workflows.domain.units import Unit
from workflows.errors import Refusal

bp = Blueprint("rule_sets", __name__, url_prefix="/rules")

PAGE = 50


@bp.get("")
@identity.signed_in_needed
def show() -> str:
    """What holds today for the person's unit, or for one below it; what waits for the person's decision."""
    return _page(rules_seen.unit_shown(request.args.get("unit", type=int)))


@bp.get("/sets")
@identity.signed_in_needed
def compare() -> str:
    """All rule sets side by side, with what sources disagree about."""
    sets = list(rule_sets.ALL.values())
    rows = [[each.parameters[name] for each in sets] for name in sets[-1].parameters]
    only = request.args.get("only") == "different"
    return render_template(
        "rule_sets/sets.html",
        sets=sets,
        rows=[row for row in rows if not only or _differs(row)],
        differs=_differs,
        only=only,
        disputes=rule_sets.DISPUTES.values(),
        titles=rule_sets.TITLES,
        told=rules_told,
        in_force=rules_in_force.set_on(database.session(), clock.today()),
    )


@bp.get("/history")
@identity.signed_in_needed
def history() -> str:
    """Everything that was proposed and decided for a unit, newest first."""
    unit = rules_seen.unit_shown(request.args.get("unit", type=int))
    found: list[Held] = []
    if unit is not None:
        found = rules_seen.recorded(unit, before=request.args.get("before", type=int), limit=PAGE + 1)
    return render_template(
        "rule_sets/history.html",
        unit=unit,
        entries=found[:PAGE],
        more=found[PAGE - 1].row.id if len(found) > PAGE else None,
        **_words(found[:PAGE]),
    )


@bp.get("/<id:unit_id>/<parameter>")
@identity.signed_in_needed
def ask(unit_id: int, parameter: str) -> str:
    """The form for tightening one rule of the person's own unit."""
    return rule_forms.page(_own(unit_id), parameter)


@bp.post("/<id:unit_id>/<parameter>")
@identity.signed_in_needed
def propose(unit_id: int, parameter: str) -> Any:
    """Ask the level above for a stricter value."""
    try:
        actor = rules_seen.proposer(unit_id)
        given = rule_forms.sent(unit_id, parameter, request.form)
        row = tightening.propose(database.session(), unit_id=unit_id, parameter=parameter, actor=actor, **given)
        above = units.get(database.session(), row.approver_unit_id).name
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        if refusal.fields and answer.status_code != 303:
            answer.set_data(rule_forms.page(_own(unit_id), parameter, refusal, request.form))
        return answer
    flash(gettext("已报%(unit)s审批。批准后，新开始的案卷按此办理，在办案卷不变。", unit=above), "good")
    return redirect(url_for("rule_sets.show", unit=unit_id), code=303)


@bp.post("/tightenings/<id:tightening_id>/decision")
@identity.signed_in_needed
def decide(tightening_id: int) -> Any:
    """Approve or decline what a unit below has proposed."""
    approve = request.form.get("decision") == "approve"
    try:
        row = rules_seen.one(tightening_id)
        given: dict[str, Any] = {"approve": approve, "answer": request.form.get("answer", "")}
        tightening.decide(database.session(), tightening_id=tightening_id, actor=rules_seen.approver(row), **given)
        database.commit()
    except Refusal as refusal:
        answer = errors.answer_refusal(refusal)
        if refusal.fields and answer.status_code != 303:
            answer.set_data(_page(rules_seen.unit_shown(None), refusal, tightening_id, request.form))
        return answer
    flash(gettext("已批准。新开始的案卷按此办理，在办案卷不变。") if approve else gettext("已答复不批准。"), "good")
    return redirect(url_for("rule_sets.show"), code=303)


@bp.post("/tightenings/<id:tightening_id>/withdrawal")
@identity.signed_in_needed
def withdraw(tightening_id: int) -> Any:
    """Take back a tightening of the person's own unit."""
    row = rules_seen.one(tightening_id)
    unit_id = row.unit_id
    tightening.withdraw(database.session(), tightening_id=tightening_id, actor=rules_seen.proposer(unit_id))
    database.commit()
    flash(gettext("已撤回。新开始的案卷不再按它办理，在办案卷不变。"), "good")
    return redirect(url_for("rule_sets.show", unit=unit_id), code=303)


def _differs(row: list[rule_sets.Parameter]) -> bool:
    return len({(type(each.value), each.value) for each in row}) > 1


def _own(unit_id: int) -> Unit:
    """The unit, when the person may tighten rules there; raises NotFound, NotAuthorised."""
    unit = units.get(database.session(), unit_id)
    if not rules_seen.may_propose(unit):
        tightening.insist_on_proposer(database.session(), rules_seen.proposer(unit_id), unit)
    return unit


def _page(
    unit: Unit | None,
    refusal: Refusal | None = None,
    refused: int | None = None,
    sent: Mapping[str, str] | None = None,
) -> str:
    session, today = database.session(), clock.today()
    rules = _without_unit() if unit is None else rules_in_force.of_unit(session, unit.id)
    waiting = rules_seen.waiting()
    standing = [] if unit is None else [each for each in _recorded(unit) if each.row.until >= today]
    return render_template(
        "rule_sets/show.html",
        unit=unit,
        own=own_units(session),
        rules=rules,
        waiting=waiting,
        standing=standing,
        may_propose=unit is not None and rules_seen.may_propose(unit),
        me=identity.current_person().id,
        today=today,
        refusal=refusal.message(gettext) if refusal else "",
        errors={key: gettext(text) for key, text in refusal.fields.items()} if refusal else {},
        refused=refused,
        sent=sent or {},
        **_words([*waiting, *standing]),
    )


def _recorded(unit: Unit) -> list[Held]:
    """The unit's own that are proposed or hold."""
    states = (rules_in_force.State.PROPOSED, rules_in_force.State.APPROVED)
    found = rules_seen.recorded(unit, limit=PAGE)
    return [each for each in found if each.unit.id == unit.id and each.row.state in states]


def _without_unit() -> Rules:
    rule_set = rules_in_force.set_on(database.session(), clock.today())
    return Rules(rule_set, rules_in_force.strictest(rule_set, []))


def _words(found: list[Held]) -> dict[str, Any]:
    """What every page needs to tell of tightenings: words, names, and the parameters by name."""
    people = [person for each in found for person in (each.row.proposed_by, each.row.decided_by, each.row.withdrawn_by)]
    newest = list(rule_sets.ALL.values())[-1]
    return {"told": rules_told, "names": names_of(database.session(), people), "parameters": newest.parameters}
