"""One translation of what went wrong: RFC 9457 problem+json under /api, a page everywhere else.

A refused act of a signed-in person is kept in the journal, in a transaction of its own after everything else of the
request was undone: which act (path), by whom, why (code, rule, article). What was submitted is not kept.
"""

import logging
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateError
from markupsafe import Markup
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import BuildError

from webapp import database, identity
from webapp.wording import MARSHMALLOW_WORDS, SENTENCES, TITLES
from workflows import journal
from workflows.database import polite_when_busy
from workflows.errors import OWN_PRACTICE, Busy, InvalidData, NotFound, Refusal, Told
from workflows.journal import Event

PROBLEM = "application/problem+json"

STATUS = {"invalid": 422, "forbidden": 403, "missing": 404, "stale": 412, "conflict": 409, "busy": 503}

RETRY_AFTER_SECONDS = 2

logger = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refusal, answer_refusal)
    app.register_error_handler(ValidationError, _answer_validation)
    app.register_error_handler(OperationalError, _answer_operational)
    app.register_error_handler(IntegrityError, _answer_integrity)
    app.register_error_handler(HTTPException, _answer_http)
    app.log_exception = _log  # type: ignore[method-assign]


def concerning(*, case_id: int | None = None, unit_id: int | None = None) -> None:
    """Tell which case or unit this request is about; a refusal is then journalled in that chain."""
    g.concerning = (case_id, unit_id)


def wants_problem() -> bool:
    """Whether this request is answered by problem+json rather than by a page."""
    return request.path.startswith("/api/")


def status_of(refusal: type[Refusal]) -> int:
    """The HTTP status a refusal is answered with: of its kind, unless the class has one of its own."""
    return int(getattr(refusal, "status", STATUS[refusal.kind]))


def answer_refusal(refusal: Refusal) -> Any:
    """The answer to a refused act; nothing of the request remains but the journal entry."""
    database.rollback()
    _keep_on_record(refusal)
    status = status_of(type(refusal))
    if status == HTTPStatus.UNAUTHORIZED and not wants_problem():
        return _to_sign_in()
    answer = _answer(
        status,
        code=refusal.code,
        detail=refusal.message(gettext),
        fact=refusal.fact(gettext),
        remedy=refusal.what_would_pass(gettext),
        rule=gettext(refusal.rule) if refusal.rule else "",
        article=refusal.article,
        basis=_basis(refusal),
        fields=[_wrong_field(refusal, name) for name in refusal.fields],
        faults=[_fault(fault) for fault in getattr(refusal, "faults", [])],
    )
    if isinstance(refusal, Busy):
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _basis(refusal: Refusal) -> str:
    return gettext(refusal.basis) if refusal.basis == OWN_PRACTICE else refusal.basis


def _wrong_field(refusal: Refusal, name: str) -> dict[str, str]:
    """A wrong field with its sentence, the rule behind it, and the article or that there is none."""
    text = refusal.fields[name]
    found = {"field": name, "message": text.said(gettext) if isinstance(text, Told) else gettext(text)}
    if isinstance(refusal, InvalidData):
        (rule, basis), (_, article) = refusal.grounds_of(name), refusal.behind.get(name, ("", ""))
        basis = gettext(basis) if basis == OWN_PRACTICE else basis
        found |= {"rule": gettext(rule), "article": article, "basis": basis}
    return {key: text for key, text in found.items() if text}


def _answer(status: int, *, code: str, detail: str, title: str = "", **members: Any) -> Response:
    problem = {
        "type": f"urn:tuancheng:problem:{code}",
        "title": title or str(TITLES.get(status) or HTTPStatus(status).phrase),
        "status": status,
        "detail": detail,
        "code": code,
        **{name: value for name, value in members.items() if value},
    }
    if wants_problem():
        answer = jsonify(problem)
        answer.mimetype = PROBLEM
    else:
        answer = Response(_page(problem), mimetype="text/html")
    answer.status_code = status
    return answer


def _page(problem: Mapping[str, Any]) -> str:
    try:
        return render_template("errors/refusal.html", problem=problem)
    except TemplateError:  # an API without pages, or a fault in the page itself: the person still reads why
        page = Markup("<!doctype html><meta charset='utf-8'><title>{0}</title><h1>{0}</h1><p>{1}</p>")
        return page.format(problem["title"], problem["detail"])


def _fault(fault: Any) -> dict[str, Any]:
    names = ("code", "element", "label", "line", "message", "file", "path", "way")
    return {name: getattr(fault, name, None) for name in names}


def _to_sign_in() -> Any:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    try:
        where = url_for(identity.SIGN_IN_PAGE, next=wanted)
    except BuildError:  # an API without pages
        where = "/"
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": where})
    return redirect(where, code=303)


def _answer_validation(error: ValidationError) -> Any:
    database.rollback()
    return _answer(422, code="data.invalid", detail=str(SENTENCES[422]), fields=_fields_of(error.normalized_messages()))


def _answer_http(error: HTTPException) -> Any:
    status = error.code or 500
    if status < 400:
        return error
    if error.response is not None:  # whoever refused has said everything
        return error.response
    database.rollback()
    messages = (getattr(error, "data", None) or {}).get("messages")
    fields = _fields_of(_without_location(messages)) if isinstance(messages, Mapping) else []
    if isinstance(error, CSRFError):
        sentence = gettext("页面停留过久，已经失效，刚才的提交没有生效。请重新打开页面办理。")
        return _answer(status, code="csrf", title=gettext("页面已失效"), detail=sentence)
    if isinstance(error, InternalServerError):
        return _answer(500, code="internal", detail=str(SENTENCES[500]))
    detail = str(SENTENCES.get(status) or HTTPStatus(status).phrase)
    code = "data.invalid" if status == 422 else NotFound.code if status == 404 else f"http.{status}"
    answer = _answer(status, code=code, detail=detail, fields=fields)
    for name, value in error.get_headers(request.environ):
        if name in {"Allow", "Retry-After"}:
            answer.headers[name] = value
    return answer


def _answer_operational(error: OperationalError) -> Any:
    try:
        with polite_when_busy():
            raise error
    except Busy as refusal:
        return answer_refusal(refusal)


def _answer_integrity(error: IntegrityError) -> Any:
    database.rollback()
    _log((type(error), error, error.__traceback__))
    sentence = gettext("这项内容与他人刚刚办理的事项冲突，没有生效。请刷新后再办理。")
    return _answer(409, code="conflict", detail=sentence)


def _without_location(messages: Mapping[str, Any]) -> Mapping[str, Any]:
    merged: dict[str, Any] = {}
    for location, inner in messages.items():
        merged.update(inner if isinstance(inner, Mapping) else {location: inner})
    return merged


def _fields_of(messages: Mapping[Any, Any], above: str = "") -> list[dict[str, str]]:
    """marshmallow's nested messages as one line per field: `items.0.version`."""
    found: list[dict[str, str]] = []
    for name, inner in messages.items():
        path = f"{above}.{name}" if above else str(name)
        if isinstance(inner, Mapping):
            found += _fields_of(inner, path)
        else:
            said = inner if isinstance(inner, list) else [inner]
            words = (str(MARSHMALLOW_WORDS.get(str(message), message)) for message in said)
            found.append({"field": path, "message": " ".join(words)})
    return found


def _keep_on_record(refusal: Refusal) -> None:
    hidden = isinstance(refusal, identity.OutOfSight)
    if isinstance(refusal, Busy | identity.SignedOut) or (refusal.kind == "missing" and not hidden):
        return
    if not identity.is_signed_in():
        return
    if request.method in database.READING_METHODS and refusal.kind != "forbidden" and not hidden:
        return
    try:
        with database.writing_apart() as session:
            case_id, unit_id = g.get("concerning", (None, None))
            actor = identity.actor(unit_id=unit_id)
            unit_id = unit_id if unit_id is not None else actor.unit_id
            journal.record(
                session,
                Event.ACT_REFUSED,
                chain=journal.case_chain(case_id) if case_id else journal.unit_chain(unit_id),
                actor=actor,
                code="authority.out_of_sight" if hidden else refusal.code,
                rule=refusal.rule,
                article=refusal.article,
                method=request.method,
                path=request.path,
                fields=sorted(refusal.fields),
            )
    except (Busy, OperationalError):
        current_app.logger.warning("a refused act (%s) could not be journalled: the chain was busy", refusal.code)
        database.rollback()


def _log(exc_info: Any) -> None:
    """Log where it happened. A database's message may quote a minor's data, so only its kind is kept."""
    kind, error, where = exc_info
    said = "" if isinstance(error, DBAPIError) else f": {error}"
    frames = "".join(traceback.format_tb(where))
    logger.error("%s %s failed: %s%s\n%s", request.method, request.url_rule, kind.__name__, said, frames)
