"""What nobody should send: everything is answered by a problem, nothing by a failure."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.caller import Caller
from tests.support.cast import Cast

Apply = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b'"\\ud800"', b"NaN", b'{"login": NaN}', b"[" * 100_000, b"1" * 5000, b"null", b"[]"],
    ids=["empty", "half", "bytes", "surrogate", "nan", "nan field", "deep", "long number", "null", "list"],
)
def test_bodies_that_are_no_json_object(anybody: Caller, data: bytes) -> None:
    answer = anybody.post("/session", data=data, content_type="application/json")
    assert answer.status_code in {400, 422}
    assert answer.json["detail"]


def test_a_body_of_another_kind(anybody: Caller) -> None:
    answer = anybody.post("/session", data=b"login=x&password=y", content_type="text/plain")
    assert answer.status_code == 422


def test_a_body_too_large(anybody: Caller) -> None:
    answer = anybody.post("/session", {"login": "x" * 5_000_000, "password": "y"})
    assert answer.status_code == 413


@pytest.mark.parametrize("login", ["\x00", "a\x00b", "😀" * 20, "%s", "' OR 1=1 --", "\u202e", "\n"])
def test_strange_logins(anybody: Caller, login: str) -> None:
    answer = anybody.post("/session", {"login": login, "password": "x"})
    assert answer.status_code == 422


def test_a_nul_is_refused_wherever_it_comes(apply: Apply, saren: Caller) -> None:
    case = apply()
    [item] = case["work_items"]
    body = {"outcome": "return", "content": {"received_on": "2020-06-01", "reason": "缺少\x00签名"}}
    answer = saren.post(f"/work-items/{item['id']}/completion", body, version=case["version"])
    assert answer.status_code == 422
    assert saren.get("/work-items", title="\x00").status_code == 422
    assert saren.get("/cases", after="%00").status_code == 422


@pytest.mark.parametrize(
    "content",
    [
        {"received_on": []},
        {"received_on": {"a": 1}},
        {"received_on": 5},
        {"received_on": "2020-13-45"},
        {"received_on": "9" * 5000},
        {"received_on": True},
        {"__proto__": "x"},
        {"": "x"},
    ],
)
def test_strange_form_content_names_the_field(apply: Apply, saren: Caller, content: dict[str, Any]) -> None:
    case = apply()
    [item] = case["work_items"]
    body = {"outcome": "accept", "content": {"received_on": "2020-06-01", **content}}
    answer = saren.post(f"/work-items/{item['id']}/completion", body, version=case["version"])
    assert answer.status_code == 422
    assert answer.json["fields"]


@pytest.mark.parametrize("outcome", ["", "x", "accept ", 5, None, ["accept"], "x" * 41])
def test_an_outcome_that_is_not_offered(apply: Apply, saren: Caller, outcome: Any) -> None:
    case = apply()
    [item] = case["work_items"]
    body = {"outcome": outcome, "content": {"received_on": "2020-06-01"}}
    answer = saren.post(f"/work-items/{item['id']}/completion", body, version=case["version"])
    assert answer.status_code == 422
    assert [field["field"] for field in answer.json["fields"]] == ["outcome"]


def test_a_process_that_is_not_published(saren: Caller, cast: Cast) -> None:
    answer = saren.post("/cases", {"process": "none", "unit_id": cast.branch.id})
    assert answer.status_code == 404


def test_another_method(saren: Caller) -> None:
    answer = saren.client.put("/api/v1/cases", headers={"X-CSRFToken": saren.token})
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert answer.json["code"] == "http.405"
