"""A person with a browser that speaks JSON: keeps the cookie, sends the CSRF token."""

import re
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from tests.support.application import PASSWORD

API = "/api/v1"


class Caller:
    """One person's client; paths are given below /api/v1."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def fetch_token(self) -> None:
        self.token = self.get("/session/csrf-token").json["csrf_token"]

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        self.fetch_token()
        answer = self.post("/session", {"login": login, "password": password})
        if answer.status_code == 200:
            self.token = answer.json["csrf_token"]
        return answer

    def get(self, path: str, **query: Any) -> TestResponse:
        return self._documented("get", self.client.get(API + path, query_string=query))

    def post(
        self, path: str, body: Any = None, *, version: int | str | None = None, key: str | None = None, **options: Any
    ) -> TestResponse:
        headers = {"X-CSRFToken": self.token}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        if key is not None:
            headers["Idempotency-Key"] = key
        if "data" not in options:
            options["json"] = body
        return self._documented("post", self.client.post(API + path, headers=headers, **options))

    def delete(self, path: str) -> TestResponse:
        return self._documented("delete", self.client.delete(API + path, headers={"X-CSRFToken": self.token}))

    def _documented(self, method: str, answer: TestResponse) -> TestResponse:
        """Every answer any test gets is one that the document lists for its route."""
        operation = operation_of(self.client.application, answer.request.path, method)
        if operation is not None:
            assert answer.status_code < 500 or answer.status_code == 503
            listed = operation["responses"][str(answer.status_code)]
            assert answer.status_code == 204 or answer.mimetype in listed["content"], answer.mimetype
        return answer


def document_of(app: Flask) -> dict[str, Any]:
    """The OpenAPI document."""
    return app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()  # type: ignore[no-any-return]


def operation_of(app: Flask, path: str, method: str) -> dict[str, Any] | None:
    """What the document says of the route behind a path; None for a path that has none."""
    if app not in _documents:
        _documents[app] = document_of(app)
    try:
        rule, _arguments = app.url_map.bind("").match(path, method=method.upper(), return_rule=True)
    except HTTPException:
        return None
    shape = re.sub(r"<[^>]*?(\w+)>", r"{\1}", str(rule))
    return dict(_documents[app]["paths"][shape][method])


_documents: WeakKeyDictionary[Flask, dict[str, Any]] = WeakKeyDictionary()


def wrong_fields(answer: TestResponse) -> dict[str, str]:
    """The fields a problem names, with what it says of each."""
    return {field["field"]: field["message"] for field in answer.json.get("fields", [])}
