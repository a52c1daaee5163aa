"""Service steps run in the transaction of the act; their refusals are offered to the drawing."""

import pytest

from tests.engine.conftest import NoneLeft, Office
from tests.support.drawings import ANY_FORM, NONE_LEFT, boundary, bundle, drawing, end, flow, service, start, user, way

TAKE = service("take", "shelf.take", "taken", count="1")


def test_the_result_is_kept_under_its_variable_and_names_the_case(office: Office) -> None:
    text = drawing(start(), user("ask"), TAKE, end(), way("begin", "ask", "take", "done"), lanes={"书记": ["ask"]})
    case = office.start(bundle(text, ask=ANY_FORM))
    office.do("ask")
    assert office.data["taken"] == {"taken": 1}
    assert case.title == "已取"
    assert office.ended_at == "done"


def test_a_refusal_without_an_error_event_refuses_the_whole_step(office: Office) -> None:
    text = drawing(start(), user("ask"), TAKE, end(), way("begin", "ask", "take", "done"), lanes={"书记": ["ask"]})
    office.left = 0
    case = office.start(bundle(text, ask=ANY_FORM))
    version = case.version
    with pytest.raises(NoneLeft):
        office.do("ask")
    office.session.rollback()
    assert (office.waiting, case.version) == (["ask"], version)
    office.left = 1
    office.do("ask")
    assert office.ended_at == "done"


def test_a_refusal_with_an_error_event_takes_the_way_of_the_error(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        TAKE,
        boundary("none", "take", NONE_LEFT, interrupting=True),
        user("wait_for_more"),
        end(),
        way("begin", "ask", "take", "done"),
        flow("none", "wait_for_more"),
        flow("wait_for_more", "take"),
        lanes={"书记": ["ask", "wait_for_more"]},
    )
    office.left = 0
    office.start(bundle(text, ask=ANY_FORM, wait_for_more=ANY_FORM))
    office.do("ask")
    assert office.waiting == ["wait_for_more"]
    office.do("wait_for_more")
    assert office.waiting == ["wait_for_more"]
    office.left = 1
    office.do("wait_for_more")
    assert office.ended_at == "done"
    assert office.calls == ["shelf.take"] * 3
