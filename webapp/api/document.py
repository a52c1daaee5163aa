"""The API and its OpenAPI document: every route is listed, with every answer it may give."""

from copy import deepcopy
from importlib import import_module
from typing import Any

from flask import Flask
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint

from webapp.api.schemas import Problem
from webapp.api.wire import GREATEST_ID, IdConverter, StrictParser

PREFIX = "/api/v1"

GROUPS = (
    "session",
    "units",
    "party_units",
    "party_events",
    "holidays",
    "rule_sets",
    "processes",
    "cases",
    "evidence",
    "evidence_files",
    "lessons",
    "moves",
    "reasons",
    "lawful_days",
    "transfers",
    "recognitions",
    "joint_training",
    "leaving",
    "case_summary",
    "work_items",
    "batches",
    "incidents",
    "quotas",
    "quota_split",
    "head_counts",
    "ratios",
    "quota_changes",
    "quota_checks",
    "quota_corrections",
    "past_shares",
    "recommendations",
    "recommendation_share",
    "stock",
    "numbers",
)
"""The modules beside this one; each holds a blueprint `bp`."""

PROBLEM = "application/problem+json"

READING_PROBLEMS = {
    "401": "Nobody is signed in, or the session has ended.",
    "403": "The person does not exercise the post this needs.",
    "404": "There is no such thing, or it is not for this person to know of it.",
    "409": "A rule forbids the act now; `code`, `rule` and `article` say which.",
    "422": "A parameter or field is wrong; `fields` names it.",
    "503": "Somebody else is acting on the same thing; try again after `Retry-After` seconds.",
}

WRITING_PROBLEMS = {
    "400": "The body cannot be read, or the CSRF token is missing.",
    **READING_PROBLEMS,
    "413": "The body is larger than four megabytes.",
}

DESCRIPTION = """Tuancheng's API. Sign in with `POST /api/v1/session`; the session is a cookie.

Every request that changes something needs the header `X-CSRFToken` with the token of `GET /api/v1/session/csrf-token`
(a new one after signing in; over HTTPS also a `Referer` of the same origin, as browsers send it). Errors are
`application/problem+json` (RFC 9457). An act on a case needs `If-Match` with the `ETag` the caller has seen.
`Idempotency-Key` makes a repeated request have the effect, and the answer, of once.
"""


class Document(Api):
    """flask-smorest's API, answering errors by `webapp.errors` alone."""

    ERROR_SCHEMA = Problem

    def register_blueprint(self, blp: "Blueprint", **options: Any) -> None:
        """Register the group's routes and document them under its tag (blueprints of pages have the same names)."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        blp.register_views_in_doc(self, self._app, self.spec, name=blp.name, parameters=None)
        self.spec.tag({"name": blp.tag, "description": blp.description})

    def _register_error_handlers(self) -> None:
        """Errors are translated once, in `webapp.errors`."""

    def _register_responses(self) -> None:
        content = {PROBLEM: {"schema": Problem}}
        response = {"description": "Any other problem", "content": content}
        self.spec.components.response(self.DEFAULT_ERROR_RESPONSE_NAME, response, lazy=True)


class Blueprint(SmorestBlueprint):
    """One group of routes. Documents the problems each kind of route may answer with."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, tag: str, import_name: str, path: str, description: str) -> None:
        super().__init__(f"api_{tag}", import_name, url_prefix=f"{PREFIX}/{path}", description=description)
        self.tag = tag
        self._prepare_doc_cbks.append(_document_problems)

    def add_url_rule(self, *args: Any, tags: list[str] | None = None, **options: Any) -> None:
        """Register a route under the group's tag."""
        super().add_url_rule(*args, tags=tags or [self.tag], **options)


def register(app: Flask) -> None:
    """Put every group of routes on the application, and the document at /api/v1/openapi.json."""
    app.config.update(
        API_TITLE="Tuancheng",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION}},
    )
    api = Document(app)
    api.register_converter(IdConverter, _document_id)
    for group in GROUPS:
        api.register_blueprint(import_module(f"webapp.api.{group}").bp)


def _document_id(_converter: IdConverter) -> dict[str, Any]:
    return {"type": "integer", "format": "int64", "minimum": 1, "maximum": GREATEST_ID}


def _document_problems(doc: dict[str, Any], doc_info: dict[str, Any], *, method: str, **_rest: Any) -> dict[str, Any]:
    known = READING_PROBLEMS if method in {"get", "head"} else WRITING_PROBLEMS
    responses = doc.setdefault("responses", {})
    for status, description in {**known, **doc_info.get("problems", {})}.items():
        responses.pop(int(status), None)
        responses[status] = {"description": description, "content": {PROBLEM: {"schema": Problem}}}
    doc.setdefault("parameters", []).extend(deepcopy(doc_info.get("headers", [])))
    return doc
