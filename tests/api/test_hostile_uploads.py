"""Uploads made to exhaust the server, or of anything but a drawing: a clear refusal, and nothing is stored."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.engine.gate import bombs
from tests.support.application import ADMISSION, ON_SQLITE
from tests.support.cast import Cast
from workflows.domain.people import Person
from workflows.engine import bundles
from workflows.engine.tables import Bundle

pytestmark = ON_SQLITE

FILES = dict(bundles.read_folder(ADMISSION).files)

SMALL_ENOUGH = ("billion_laughs", "external_entity", "many_elements", "yaml_aliases", "deep_json", "slow_pattern")


@pytest.fixture
def he(cast: Cast, signed_in: Callable[[Person], Caller]) -> Caller:
    """The administrator."""
    return signed_in(cast.he)


@pytest.mark.parametrize("name", SMALL_ENOUGH)
def test_a_bomb_is_refused_by_its_code_and_not_stored(
    he: Caller, admission: Bundle, session: Session, name: str
) -> None:
    code, make = bombs.BOMBS[name]
    files = make()
    verdict = he.post("/processes/check", {"files": files})
    assert verdict.status_code == 200
    assert {fault["code"] for fault in verdict.json["faults"]} == {code}
    answer = he.post("/processes/admission/versions", {"files": files})
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json["code"] == "bundle.unsound"
    assert len(bundles.versions(session, "admission")) == len(bundles.all_latest(session)) == 1


def test_a_body_of_fifty_megabytes_is_not_read(he: Caller, admission: Bundle, session: Session) -> None:
    files = {**FILES, "admission.bpmn": FILES["admission.bpmn"] + " " * 50_000_000}
    answer = he.post("/processes/admission/versions", {"files": files})
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert len(bundles.versions(session, "admission")) == 1


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"files":' * 50_000, b"PK\x03\x04" + b"\x00" * 1_000, b"\xff\xfe"])
@pytest.mark.parametrize("path", ["/processes/check", "/processes/admission/versions"])
def test_a_body_that_is_no_bundle_is_refused(he: Caller, admission: Bundle, path: str, body: bytes) -> None:
    for kind in ("application/json", "multipart/form-data; boundary=x", "application/zip"):
        answer = he.post(path, data=body, content_type=kind)
        assert 400 <= answer.status_code < 500
        assert answer.mimetype == "application/problem+json"
        assert answer.json["detail"]


def test_more_files_than_a_bundle_may_have_are_refused(he: Caller, admission: Bundle) -> None:
    files = FILES | {f"notes/{number}.md": "" for number in range(200)}
    assert he.post("/processes/check", {"files": files}).status_code == 422
