"""Cases: the list, one case to read, and the messages a person may send it."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select

from webapp import database, errors, identity, memberships_told, rush_told, sight
from webapp.pages import case_view, furniture, leaving, new_case, reasons
from webapp.pages.form_view import form_view, submitted
from webapp.pages.minutes import step_that_counts
from webapp.pages.units_seen import chosen_unit, units_below
from workflows.domain import postings, transfers
from workflows.domain.posts import OF_THE_PARTY, PostKind
from workflows.domain.units import Unit
from workflows.engine import bundles, cases, inbox, incidents
from workflows.engine.bundles import MessageInfo, ParsedBundle
from workflows.errors import InvalidData, NotFound
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("cases", __name__, url_prefix="/cases")

PAGE = 50

TRANSFER = "transfer_requested"
"""The message by which a branch asks another one to take its candidate over."""


@bp.get("")
@identity.post_needed(*furniture.AT_A_BRANCH, *furniture.COMMITTEES, *OF_THE_PARTY, PostKind.AUDITOR)
def every() -> Any:
    """The cases of the units below one of the person's posts, running or ended."""
    session = database.session()
    ended = request.args.get("state") == "ended"
    top = chosen_unit(session)
    ids = units_below(session, top)
    rows = inbox.cases_of(session, ids, ended=ended, after=request.args.get("after", type=int), limit=PAGE + 1)
    wanted = {row.case.unit_id for row in rows}
    unit_names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all())
    return render_template(
        "case/list.html",
        rows=rows[:PAGE],
        rush=rush_told.for_reader(session),
        more=rows[PAGE - 1].case.id if len(rows) > PAGE else None,
        ended=ended,
        troubled={incident.case_id for incident in incidents.of_cases(session, [row.case.id for row in rows])},
        top=top,
        unit_names=unit_names,
        sees_transfers=identity.holds(*furniture.AT_A_BRANCH, *furniture.COMMITTEES),
    )


@bp.get("/<id:case_id>")
@identity.signed_in_needed
def show(case_id: int) -> Any:
    """One case, to read."""
    session = database.session()
    case = case_view.find(session, case_id)
    shared = case_view.shared(session, case)
    counting = step_that_counts(bundles.parsed(session, case.bundle_id))
    voted = any(one.step == counting for one in shared["filed"])
    return render_template(
        "case/show.html",
        **shared,
        voted=voted,
        posted=bool(postings.of_case(session, case_id)),
        may_leave=bool(leaving.ways(case)),
        before=memberships_told.case_before(session, case_id),
        hands_over=_hands_over(shared) or bool(transfers.of_case(session, case_id)),
        begun_here=new_case.about_candidate(case),
        reasons=reasons.told(session, case, shared["progress"]),
    )


def _hands_over(shared: dict[str, Any]) -> bool:
    """Whether the person may ask for a transfer now: he prints the hand-over record before he does."""
    return any(offer.name == TRANSFER for offer in shared["offers"])


@bp.route("/<id:case_id>/messages/<message>", methods=["GET", "POST"])
@identity.signed_in_needed
def message(case_id: int, message: str) -> Any:
    """The form of a message to the case, such as a withdrawal, and sending it."""
    session = database.session()
    case = case_view.find(session, case_id)
    errors.concerning(case_id=case_id, unit_id=case.unit_id)
    info = bundles.parsed(session, case.bundle_id).messages.get(message)
    if info is None:
        raise NotFound(what=gettext("办理事项"))
    if request.method == "GET":
        if not any(
            offer.name == message for offer in case_view.offers(session, case, bundles.parsed(session, case.bundle_id))
        ):
            raise cases.MessageNotAwaited(what=info.label)
        return _message_page(case_id, message)
    form = bundles.parsed(session, case.bundle_id).form(info.step)
    content = submitted(form, request.form)
    addressee = sight.sender(session, case, info, cases.data_of(case))
    try:
        cases.send_message(
            session,
            ENVIRONMENT,
            case_id=case_id,
            message=message,
            actor=identity.acting_for(addressee),
            content=content,
            outcome=request.form.get("outcome", "submit"),
            seen_version=request.form.get("version", type=int),
        )
        database.commit()
    except InvalidData as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        answer.set_data(_message_page(case_id, message, content, refusal))
        return answer
    flash(gettext("已办理：%(step)s。", step=info.label), "good")
    return redirect(url_for("cases.show", case_id=case_id), code=303)


def _ends_the_case(bundle: ParsedBundle, info: MessageInfo) -> bool:
    """Whether the message takes away all that runs, as a withdrawal does; others only add something to the case."""
    return bundle.drawing.nodes[info.step].kind == "startEvent" and info.interrupting


def _message_page(
    case_id: int, message: str, values: dict[str, Any] | None = None, refusal: InvalidData | None = None
) -> str:
    session = database.session()
    case = case_view.find(session, case_id)
    bundle = bundles.parsed(session, case.bundle_id)
    info = bundle.messages[message]
    form = cases.form_of(ENVIRONMENT, bundle, info.step, cases.data_of(case))
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    return render_template(
        "case/message.html",
        case=case,
        info=info,
        ends=_ends_the_case(bundle, info),
        form=form_view(form, case.unit_id, values=values, errors=wrong),
        refusal=refusal.message(gettext) if refusal else "",
        seen_version=case.version,
    )
