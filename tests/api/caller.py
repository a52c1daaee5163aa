"""A person with a browser that speaks JSON: keeps the cookie, sends the CSRF token."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "Spring-2020!"

API = "/api/v1"


class Caller:
    """One person's client; paths are given below /api/v1."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def fetch_token(self) -> None:
        self.token = self.client.get(f"{API}/session/csrf-token").json["csrf_token"]

    def sign_in(self, login: str, password: str = PASSWORD) -> TestResponse:
        self.fetch_token()
        answer = self.post("/session", {"login": login, "password": password})
        if answer.status_code == 200:
            self.token = answer.json["csrf_token"]
        return answer

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(API + path, query_string=query)

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
        return self.client.post(API + path, headers=headers, **options)

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(API + path, headers={"X-CSRFToken": self.token})


def wrong_fields(answer: TestResponse) -> dict[str, str]:
    """The fields a problem names, with what it says of each."""
    return {field["field"]: field["message"] for field in answer.json.get("fields", [])}
