"""A member leaves the League: the committee above the branch records it on the case that admitted him."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from webapp import database, errors, identity, sight
from webapp.pages.form_view import FieldView
from workflows.domain.past_memberships import LONGEST_DOCUMENT, LONGEST_REASON, LeftAs
from workflows.engine.environment import Choice
from workflows.engine.tables import Case
from workflows.errors import InvalidData, NotAuthorised
from workflows.operations import leaving
from workflows.operations.leaving import Leaving

bp = Blueprint("leaving", __name__, url_prefix="/cases/<id:case_id>/leaving")


@bp.get("")
@identity.signed_in_needed
def form(case_id: int) -> str:
    """The empty form, for the committee that records it."""
    case = sight.case(case_id)
    if not ways(case):
        _insist(case)
    return _page(case, {})


@bp.post("")
@identity.signed_in_needed
def record(case_id: int) -> Any:
    """Record it; the membership ends at once."""
    case = sight.case(case_id)
    errors.concerning(case_id=case_id, unit_id=case.unit_id)
    sent = {key: request.form.get(key, "") for key in ("left_as", "left_on", "document", "reason")}
    try:
        told = _told(sent)
        leaving.record(database.session(), case=case, told=told, actor=_actor(case, told))
        database.commit()
    except InvalidData as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        answer.set_data(_page(sight.case(case_id), sent, refusal))
        return answer
    flash(gettext("已登记离团。"), "good")
    return redirect(url_for("cases.show", case_id=case_id), code=303)


def ways(case: Case) -> list[LeftAs]:
    """The ways of leaving the signed-in person may record for the member of the case."""
    return leaving.ways_open_to(database.session(), case, identity.actor())


def _insist(case: Case) -> None:
    """Nobody is shown a form that he may not send."""
    unit_id, kind = leaving.decided_by(database.session(), case.unit_id, LeftAs.RESIGNED)
    if not any(held.unit_id == unit_id and held.kind == kind for held in identity.posts_held()):
        raise NotAuthorised(unit=gettext("上级团委"), post=gettext(kind.label))
    raise leaving.NoMember()


def _actor(case: Case, told: Leaving) -> Any:
    """The person in the post that records this way of leaving; the operation refuses whoever has none."""
    unit_id, kind = leaving.decided_by(database.session(), case.unit_id, told.left_as)
    return identity.actor(kind, unit_id=unit_id)


def _told(sent: dict[str, str]) -> Leaving:
    """What was sent; raises InvalidData that names the way and the day at once, where both are missing."""
    wrong = {} if sent["left_as"] in set(LeftAs) else {"left_as": gettext("请选择一种离团情形")}
    try:
        left_on = date.fromisoformat(sent["left_on"])
    except ValueError:
        raise InvalidData(fields={**wrong, "left_on": gettext("请填写日期")}) from None
    if wrong:
        raise InvalidData(fields=wrong)
    return Leaving(LeftAs(sent["left_as"]), left_on, sent["document"], sent["reason"])


def _page(case: Case, values: dict[str, str], refusal: InvalidData | None = None) -> str:
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    choices = [Choice(str(way), gettext(way.label)) for way in ways(case)]
    fields = [
        FieldView("left_as", gettext("离团情形"), "select", required=True, choices=choices),
        FieldView("left_on", gettext("离团日期"), "date", required=True),
        FieldView("document", gettext("决定或报告"), "textfield", required=True, longest=LONGEST_DOCUMENT),
        FieldView("reason", gettext("情况说明"), "textarea", required=True, longest=LONGEST_REASON),
    ]
    fields[2].help = gettext("名称、文号或存放处")
    for field in fields:
        field.value, field.error = values.get(field.key, ""), wrong.get(field.key, "")
    return render_template(
        "case/leaving.html",
        case=case,
        fields=fields,
        refusal=refusal.message(gettext) if refusal else "",
        errors={field.key: f"{field.label}：{field.error}" for field in fields if field.error},
    )
