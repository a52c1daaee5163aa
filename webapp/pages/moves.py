"""Moving running cases to another version, for the keeper of processes: what would happen, doing it, undoing it."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from webapp import database, errors, identity
from webapp.pages import furniture, move_view
from webapp.pages.form_view import FieldView
from webapp.pages.people_shown import names_of
from workflows.domain.posts import PostKind
from workflows.engine import bundles, differences
from workflows.engine.moving import listing, move_batches, moves
from workflows.engine.moving.move_batches import LARGEST_BATCH
from workflows.engine.moving.refusals import MoveMixed
from workflows.engine.tables import Bundle
from workflows.errors import InvalidData, NotFound, Refusal
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("moves", __name__, url_prefix="/moves")

READERS = (*furniture.KEEPERS, PostKind.AUDITOR)

AT_ONCE = 20
"""Cases on a page: each plan replays a case's past, some 50 ms."""

LONGEST_NAMES = 4_000


@bp.get("/<process>/changes")
@identity.post_needed(*READERS)
def changes(process: str) -> str:
    """What one version does otherwise than another; by default the newest and the one before."""
    session = database.session()
    versions = _versions(session, process)
    new = _chosen(versions, "to", versions[0])
    before = [one for one in versions if one.version < new.version]
    old = _chosen(versions, "from", before[0] if before else new)
    found = differences.between(bundles.parsed(session, old.id), bundles.parsed(session, new.id))
    elements, flows = move_view.of_elements(found)
    return render_template(
        "moves/changes.html",
        process=process,
        name=new.name,
        versions=versions,
        old=old,
        new=new,
        elements=elements,
        flows=flows,
        kinds=move_view.kinds(),
        aspects=move_view.aspects(),
    )


@bp.get("/<process>")
@identity.post_needed(*furniture.KEEPERS)
def choose(process: str) -> str:
    """Running cases of one version, and what moving each to another would do."""
    session = database.session()
    versions = _versions(session, process)
    running = listing.running_by_version(session)
    new = _chosen(versions, "to", versions[0])
    others = [one for one in versions if one is not new]
    behind = next((one for one in others if running.get(one.id)), others[0] if others else new)
    return _page(versions, _chosen(versions, "from", behind), new, request.args)


@bp.post("/<process>/cases")
@identity.post_needed(*furniture.KEEPERS)
def move(process: str) -> Any:
    """Keep which cases are to be moved; the worker moves them one by one."""
    session = database.session()
    versions = _versions(session, process)
    old, new = (_chosen(versions, name, versions[0], request.form) for name in ("from", "to"))
    try:
        ticked = request.form.getlist("item", type=int)
        chosen = [(case_id, request.form.get(f"version-{case_id}", 0, type=int)) for case_id in ticked]
        if request.form.get("all"):
            chosen = listing.running_cases(session, old.id, limit=LARGEST_BATCH)
        batch = move_batches.open_batch(
            session,
            target=new,
            chosen=chosen,
            actor=identity.actor(*furniture.KEEPERS),
            reason=request.form.get("reason", ""),
            names=_names(request.form.get("names", "")),
            place=bool(request.form.get("place")),
        )
        database.commit()
    except (InvalidData, MoveMixed) as refusal:
        answer = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        versions = _versions(database.session(), process)
        old, new = (_chosen(versions, name, versions[0], request.form) for name in ("from", "to"))
        answer.set_data(_page(versions, old, new, request.form, refusal, set(ticked)))
        return answer
    return redirect(url_for("moves.show", batch_id=batch.id), code=303)


@bp.get("/batches/<id:batch_id>")
@identity.post_needed(*READERS)
def show(batch_id: int) -> str:
    """How far a batch of moves has come, what became of each case, and which may still be put back."""
    session = database.session()
    batch = move_batches.progress_of(session, batch_id)
    target = session.get_one(Bundle, batch.to_bundle_id)
    made = {one.id: one for one in listing.moves_of(session, [item.case_id for item in batch.items])}
    ended = sum(1 for item in batch.items if item.status != "waiting")
    refused = sum(1 for item in batch.items if item.status == "refused")
    return render_template(
        "moves/show.html",
        batch=batch,
        target=target,
        moves=made,
        undoable=listing.can_be_undone(session, list(made.values())) if identity.holds(*furniture.KEEPERS) else set(),
        ended=ended,
        refused=refused,
        running=batch.ended_at is None,
        who=names_of(session, [batch.person_id]).who(batch.person_id),
        longest=moves.LONGEST_REASON,
        least=moves.LEAST_REASON,
    )


@bp.post("/batches/<id:batch_id>/undo/<id:move_id>")
@identity.post_needed(*furniture.KEEPERS)
def undo(batch_id: int, move_id: int) -> Any:
    """Put one case back exactly as it was."""
    actor = identity.actor(*furniture.KEEPERS)
    try:
        reason = request.form.get("reason", "")
        made = moves.undo(database.session(), ENVIRONMENT, move_id=move_id, actor=actor, reason=reason)
        told = gettext("案卷 %(id)s 已恢复到移动之前。", id=made.case_id)
        database.commit()
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
        flash(" ".join([refusal.message(gettext), *(gettext(text) for text in refusal.fields.values())]), "overdue")
    else:
        flash(told, "good")
    return redirect(url_for("moves.show", batch_id=batch_id), code=303)


def _page(
    versions: list[Bundle],
    old: Bundle,
    new: Bundle,
    sent: Mapping[str, Any],
    refusal: InvalidData | MoveMixed | None = None,
    ticked: set[int] | None = None,
) -> str:
    session = database.session()
    wrong = {key: gettext(text) for key, text in refusal.fields.items()} if refusal else {}
    names, plans = str(sent.get("names", ""))[:LONGEST_NAMES], []
    after = int(sent.get("after") or 0) if str(sent.get("after") or 0).isdecimal() else 0
    cases = listing.running_cases(session, old.id, after=after, limit=AT_ONCE + 1)
    place = bool(sent.get("place"))
    if old is not new:
        try:
            ids = [case_id for case_id, _ in cases[:AT_ONCE]]
            plans = listing.plans(session, ENVIRONMENT, ids, new, names=_names(names), place=place)
        except InvalidData as wrong_names:
            wrong |= {key: gettext(text) for key, text in wrong_names.fields.items()}
    return render_template(
        "moves/choose.html",
        process=new.process,
        name=new.name,
        versions=versions,
        old=old,
        new=new,
        running=listing.running_by_version(session),
        plans=[move_view.plan_view(session, plan, ticked) for plan in plans],
        place=place,
        names=names,
        after=after,
        more=cases[AT_ONCE - 1][0] if len(cases) > AT_ONCE else None,
        reason=_reason(str(sent.get("reason", "")), wrong.get("reason", "")),
        wrong=wrong,
        refusal=refusal.message(gettext) if refusal else "",
        largest=LARGEST_BATCH,
    )


def _reason(value: str, wrong: str) -> FieldView:
    return FieldView(
        key="reason",
        label=gettext("移动的理由"),
        kind="textarea",
        value=value,
        required=True,
        help=gettext("理由与经办人一并留存。"),
        error=wrong,
        longest=moves.LONGEST_REASON,
    )


def _names(text: str) -> dict[str, str]:
    """What elements are called in the new version, written one in a line as `old = new`. Raises InvalidData."""
    found = {}
    for line in text[:LONGEST_NAMES].splitlines():
        if line.strip():
            old, equals, new = (part.strip() for part in line.partition("="))
            if not (old and equals and new):
                raise InvalidData(fields={"names": gettext("每行写一项：旧标识 = 新标识")})
            found[old] = new
    return found


def _versions(session: Session, process: str) -> list[Bundle]:
    found = bundles.versions(session, process)
    if not found:
        raise NotFound(what="流程")
    return found


def _chosen(versions: list[Bundle], name: str, default: Bundle, sent: Mapping[str, Any] | None = None) -> Bundle:
    wanted = str((request.args if sent is None else sent).get(name) or "")
    return next((one for one in versions if str(one.version) == wanted), default)
