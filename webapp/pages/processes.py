"""Processes for their keeper: what is published, the editor, checking and publishing a drawing."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import generate_csrf
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import database, errors, headers, identity
from webapp.pages import furniture
from webapp.pages.people_shown import names_of
from workflows.domain.posts import PostKind
from workflows.engine import bundles, check
from workflows.engine.bundles import BundleFiles, BundleUnsound
from workflows.engine.drawing import Fault
from workflows.engine.tables import Bundle, Case
from workflows.errors import InvalidData, NotFound, Refusal, StaleVersion
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("processes", __name__, url_prefix="/processes")

READERS = (*furniture.KEEPERS, PostKind.AUDITOR)
LONGEST_NOTE = 500


@bp.get("")
@identity.post_needed(*READERS)
def every() -> str:
    """All processes in their newest version."""
    session = database.session()
    newest = bundles.all_latest(session)
    return render_template("processes/list.html", newest=newest, running=_running(session))


@bp.get("/<process>")
@identity.post_needed(*READERS)
def show(process: str) -> str:
    """All versions of one process, the steps of the newest, and how many cases run by each."""
    session = database.session()
    versions = _versions(session, process)
    newest = bundles.parsed(session, versions[0].id)
    return render_template(
        "processes/show.html",
        process=process,
        versions=versions,
        newest=newest,
        steps=sorted(newest.steps.values(), key=lambda step: int(step.number or 99)),
        running=_running(session),
        keeps=identity.holds(*furniture.KEEPERS),
        names=names_of(session, [version.published_by for version in versions]),
    )


@bp.get("/<process>/versions/<int:version>/drawing")
@identity.signed_in_needed
def drawing(process: str, version: int) -> Response:
    """A version's drawing as XML, for the viewer and the editor; it holds no personal data."""
    bundle = _version(database.session(), process, version)
    return Response(bundles.parsed(database.session(), bundle.id).drawing.text, mimetype="application/xml")


@bp.get("/<process>/edit")
@identity.post_needed(*furniture.KEEPERS)
def edit(process: str) -> str:
    """The editor, opened on the newest version or on the one named by `?version=`."""
    session = database.session()
    headers.allow_style_attributes()
    newest = bundles.latest(session, process)
    opened = _version(session, process, request.args.get("version", newest.version, type=int))
    return render_template(
        "processes/edit.html",
        process=process,
        opened=opened,
        newest=newest,
        editor=_for_editor(session, opened, newest),
    )


@bp.post("/<process>/check")
@identity.post_needed(*furniture.KEEPERS)
def check_drawing(process: str) -> Any:
    """Every fault of a drawing as it stands in the editor; nothing is kept."""
    try:
        sent = _sent()
        files = _with_drawing(_version(database.session(), process, sent["base"]), sent["xml"])
    except Refusal as refusal:
        return _problem(refusal)
    return jsonify(faults=_as_json(check.known_faults(files, ENVIRONMENT)))


@bp.post("/<process>/versions")
@identity.post_needed(*furniture.KEEPERS)
def publish(process: str) -> Any:
    """Publish the drawing as the next version, or say every fault that keeps it from being published."""
    session = database.session()
    try:
        sent = _sent()
        _check_newest(session, process, sent["newest"])
        if not sent["note"]:
            raise InvalidData(fields={"note": gettext("请填写本次修改的说明")})
        files = _with_drawing(_version(session, process, sent["base"]), sent["xml"])
        actor = identity.actor(*furniture.KEEPERS)
        made = check.publish(session, ENVIRONMENT, files, actor, sent["note"][:LONGEST_NOTE])
        version = made.version
        database.commit()
    except Refusal as refusal:
        return _problem(refusal)
    return jsonify(version=version, location=url_for("processes.show", process=process)), 201


def _check_newest(session: Session, process: str, seen: Any) -> None:
    """Raises StaleVersion when somebody has published since the editor was opened."""
    newest = bundles.latest(session, process)
    if newest.version != seen:
        who = names_of(session, [newest.published_by]).who(newest.published_by)
        when = furniture.moment(newest.published_at)
        raise StaleVersion(who=who, when=when, what=gettext("发布了第 %(n)s 版", n=newest.version))


def _problem(refusal: Refusal) -> Response:
    """The refusal as the editor's script reads it: the sentence, and the faults of an unsound bundle."""
    answer: Response = errors.answer_refusal(refusal)  # undoes the request and keeps the refusal on record
    sentence = " ".join([refusal.message(gettext), *refusal.fields.values()])
    content: dict[str, Any] = {"detail": sentence}
    if isinstance(refusal, BundleUnsound):
        content["faults"] = _as_json(refusal.faults)
    answer.set_data(jsonify(content).get_data())
    answer.mimetype = "application/json"
    return answer


def _sent() -> dict[str, Any]:
    body = request.get_json()
    if not isinstance(body, dict) or not isinstance(body.get("xml"), str) or not isinstance(body.get("base"), int):
        raise InvalidData(fields={"xml": gettext("没有收到流程图")})
    return {
        "xml": body["xml"],
        "base": body["base"],
        "newest": body.get("newest"),
        "note": str(body.get("note") or "").strip(),
    }


def _with_drawing(bundle: Bundle, xml: str) -> BundleFiles:
    """The files of a version with another drawing in the place of its own."""
    files = bundles.files_of(bundle)
    return BundleFiles({**files.files, files.drawing_path: xml})


def _as_json(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    return [fault.as_data() for fault in faults]


def _versions(session: Session, process: str) -> list[Bundle]:
    found = bundles.versions(session, process)
    if not found:
        raise NotFound(what="流程")
    return found


def _version(session: Session, process: str, version: int) -> Bundle:
    found = next((one for one in bundles.versions(session, process) if one.version == version), None)
    if found is None:
        raise NotFound(what="流程版本")
    return found


def _running(session: Session) -> dict[int, int]:
    """How many cases run by each version, by bundle id."""
    query = select(Case.bundle_id, func.count()).where(Case.ended_at.is_(None)).group_by(Case.bundle_id)
    return dict(session.execute(query).all())


def _for_editor(session: Session, opened: Bundle, newest: Bundle) -> dict[str, Any]:
    """What the editor's script needs to know, as JSON in the page."""
    process = opened.process
    return {
        "language": furniture.chosen_language().replace("_", "-"),
        "drawing": url_for("processes.drawing", process=process, version=opened.version),
        "check": url_for("processes.check_drawing", process=process),
        "publish": url_for("processes.publish", process=process),
        "base": opened.version,
        "newest": newest.version,
        "csrf": generate_csrf(),
        "operations": [
            {"name": one.name, "title": one.title, "parameters": list(one.parameters)}
            for one in ENVIRONMENT.operations.values()
        ],
        "decisions": sorted(bundles.parsed(session, opened.id).decisions),
        "words": {
            "checking": gettext("正在检查…"),
            "sound": gettext("检查通过，没有发现问题。"),
            "faulty": gettext("发现 {n} 处问题，已在图上标出。"),
            "publishing": gettext("正在发布…"),
            "refused": gettext("有 {n} 处问题，没有发布。"),
            "drawing": gettext("整张图"),
            "unreachable": gettext("服务器没有回应，请稍后再试。"),
        },
    }
