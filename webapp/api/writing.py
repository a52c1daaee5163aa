"""What every writing route shares: one commit, and Idempotency-Key."""

from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any

import orjson
from flask import Response, jsonify, make_response, request
from flask_babel import gettext

from webapp import database, identity
from workflows import idempotency
from workflows.errors import InvalidData, Refusal

LONGEST_KEY = 80

_KEY_HEADER = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    "description": "The same key with the same request has the effect and the answer of once; only success is kept.",
}

_MATCH_HEADER = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string", "pattern": '^(W/)?"[0-9]+"$'},
    "description": "The ETag of the case, work item or incident the caller has seen.",
}


class VersionNeeded(Refusal):
    """The act needs If-Match, so that nobody decides on what he has not seen."""

    code = "version.needed"
    sentence = "请先打开该事项再办理（缺少 If-Match）。"
    rule = "依据已过时的内容不得作出决定"
    kind = "invalid"
    status = 428


def writing(view: Callable[..., Any]) -> Callable[..., Any]:
    """Outermost on a route that changes something: runs it and commits once, or answers what was answered before."""

    @wraps(view)
    def inner(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            answer = make_response(view(*args, **kwargs))
            database.commit()
            return answer
        return _once(_checked(key), lambda: make_response(view(*args, **kwargs)))

    _document(inner, header=_KEY_HEADER)
    return inner


def versioned(view: Callable[..., Any]) -> Callable[..., Any]:
    """The route needs If-Match; the view reads it by `seen_version()`."""

    @wraps(view)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    problems = {
        "412": "Somebody else acted first; the sentence says who, when and what.",
        "428": "If-Match is missing.",
    }
    _document(inner, header=_MATCH_HEADER, problems=problems)
    return inner


def seen_version() -> int:
    """The version named by If-Match; raises VersionNeeded when there is none that could be a version."""
    tags = request.if_match
    # Weak tags count: a proxy that compresses the answer weakens them.
    named = [tag for tag in (*tags.as_set(include_weak=True),) if tag.isdecimal()]
    if len(named) != 1 or len(named[0]) > 9:
        raise VersionNeeded()
    return int(named[0])


def _once(key: str, act: Callable[[], Response]) -> Response:
    session, person_id = database.session(), identity.current_person().id
    digest = idempotency.digest_of_request(request.method, request.path, [_body(), request.headers.get("If-Match")])
    # Claimed before the act: the same request sent twice at once waits here for the first one's commit.
    if not idempotency.claim(session, person_id, key, digest):
        earlier = idempotency.earlier_answer(session, person_id, key, digest)
        if earlier is not None:
            return _repeated(*earlier)
    answer = act()
    idempotency.answer(session, person_id, key, answer.status_code, _kept(answer))
    database.commit()
    return answer


def _kept(answer: Response) -> dict[str, Any]:
    headers = {name: answer.headers[name] for name in ("ETag", "Location") if name in answer.headers}
    return {"body": answer.get_json(silent=True), "headers": headers}


def _repeated(status: int, kept: dict[str, Any]) -> Response:
    answer = jsonify(kept["body"]) if kept["body"] is not None else Response()
    answer.status_code = status
    answer.headers.extend(kept["headers"])
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _body() -> Any:
    data = request.get_data(cache=True)
    try:
        return orjson.loads(data) if data else None
    except ValueError:
        return data.hex()


def _checked(key: str) -> str:
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        sentence = gettext("Idempotency-Key 应为 1 至 80 个字符")
        raise InvalidData(fields={"Idempotency-Key": sentence})
    return key


def _document(view: Any, *, header: dict[str, Any], problems: dict[str, str] | None = None) -> None:
    view._apidoc = deepcopy(getattr(view, "_apidoc", {}))
    view._apidoc.setdefault("headers", []).append(header)
    view._apidoc.setdefault("problems", {}).update(problems or {})
