"""The OpenAPI document says what stands."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.api.caller import API, document_of
from tests.support.application import ON_SQLITE
from webapp.api.document import PROBLEM


@pytest.fixture(scope="module")
def document(application: Flask) -> dict[str, Any]:
    return document_of(application)


@ON_SQLITE
def test_the_document_is_served_as_openapi_3_1(app: Flask) -> None:
    answer = app.test_client().get(f"{API}/openapi.json")
    assert answer.status_code == 200
    assert answer.json["openapi"] == "3.1.0"


def test_every_route_is_in_the_document(application: Flask, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<[^>]*?(\w+)>", r"{\1}", str(rule)), method.lower())
        for rule in application.url_map.iter_rules()
        if str(rule).startswith(API) and not rule.endpoint.startswith("api-docs")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    listed = {(path, method) for path, item in document["paths"].items() for method in item if method != "parameters"}
    assert routes == listed


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def test_every_operation_says_what_it_is_and_which_problems_it_may_answer(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert "default" in operation["responses"], where
        needed = {"401", "403", "404", "422"} | ({"400", "409", "503"} if method != "get" else set())
        for status in needed:
            assert PROBLEM in operation["responses"][status]["content"], where


def test_acts_on_a_case_or_a_split_need_the_version_seen(document: dict[str, Any]) -> None:
    versioned = {
        path
        for path, _method, operation in operations(document)
        if any(parameter.get("name") == "If-Match" for parameter in operation.get("parameters", []))
    }
    assert versioned == {
        f"{API}/cases/{{case_id}}/messages/{{name}}",
        f"{API}/work-items/{{item_id}}/completion",
        *(f"{API}/incidents/{{incident_id}}/{act}" for act in ("retry", "correct", "skip")),
        *(f"{API}/quotas/splits/{{proposal_id}}/{act}" for act in ("lines", "confirmation")),
    }


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for inner in value.values() for found in references(inner)]
        return [found for inner in value for found in references(inner)] if isinstance(value, list) else []

    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_tags_are_those_of_the_groups(document: dict[str, Any]) -> None:
    listed = {tag["name"] for tag in document["tags"]}
    assert {tag for *_rest, operation in operations(document) for tag in operation["tags"]} == listed


def test_the_reference_page_lists_the_routes_that_stand(document: dict[str, Any]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    told = {
        (path, method.lower())
        for methods, path in re.findall(r"^\| `([A-Z ]+) (/api/v1/\S+)` \|", page, re.MULTILINE)
        for method in methods.split()
    }
    stands = {(path, method) for path, method, _operation in operations(document)}
    assert (sorted(stands - told), sorted(told - stands)) == ([], [])
