"""What a drawing may say of a service step is checked before it is published."""

import pytest

from tests.engine.conftest import Office
from tests.support.drawings import ANY_FORM, bundle, drawing, end, later, properties, service, start, user, way
from workflows.engine import check

SECRET = (
    '{"components":[{"type":"textfield","key":"id_number","label":"证件","properties":{"secret":"true"}},'
    '{"type":"number","key":"count","label":"数量"}]}'
)


def faults(office: Office, step: str) -> list[str]:
    text = drawing(start(), user("ask"), step, end(), way("begin", "ask", "take", "done"), lanes={"书记": ["ask"]})
    return [fault.code for fault in check.faults_in(bundle(text, ask=SECRET, any=ANY_FORM), office.environment)]


def with_properties(**values: str) -> str:
    step = service("take", "shelf.take", count="1")
    inner = properties(**values).removeprefix("<bpmn:extensionElements>").removesuffix("</bpmn:extensionElements>")
    return step.replace("<bpmn:extensionElements>", "<bpmn:extensionElements>" + inner, 1)


@pytest.mark.parametrize(
    "values",
    [
        {"asynchronous": "yes"},
        {"asynchronous": "true", "retries": "21"},
        {"asynchronous": "true", "retries": "-1"},
        {"asynchronous": "true", "retries": "五"},
        {"asynchronous": "true", "may_skip": "maybe"},
        {"retries": "3"},
        {"may_skip": "true"},
    ],
)
def test_a_wrong_property_keeps_the_bundle_from_being_published(office: Office, values: dict[str, str]) -> None:
    assert faults(office, with_properties(**values)) == ["operation.property"]


@pytest.mark.parametrize("values", [{}, {"asynchronous": "false"}, {"asynchronous": "true", "retries": "0"}])
def test_a_right_one_does_not(office: Office, values: dict[str, str]) -> None:
    assert faults(office, with_properties(**values)) == []


@pytest.mark.parametrize("count", ["ask.id_number", "len(ask.id_number)", "ask", '[ask, "ask.count"]'])
def test_an_asynchronous_step_reads_no_secret(office: Office, count: str) -> None:
    step = service("take", "shelf.take", count=count)
    assert faults(office, later(step)) == ["operation.secret"]
    assert faults(office, step) == []


@pytest.mark.parametrize("count", ["ask.count", "ask.id_number_of_pages", "task.ask", '"ask"', "asked"])
def test_what_only_looks_like_a_secret_is_none(office: Office, count: str) -> None:
    assert faults(office, later(service("take", "shelf.take", count=count))) == []
