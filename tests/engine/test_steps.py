"""Tasks: each kind does what its drawing says, in memory and saved in between."""

import pytest

from tests.engine.conftest import Office


@pytest.mark.parametrize("drawing", ["user_task", "manual_task"])
def test_a_task_of_a_person_waits_for_the_person(office: Office, drawing: str) -> None:
    office.begin(drawing)
    assert office.waiting == ["ask"]
    office.do("ask", "yes", on="2020-03-01")
    assert office.ended_at == "done"
    assert office.data["ask"] == {"on": "2020-03-01", "outcome": "yes"}


def test_a_service_task_calls_its_operation_and_keeps_the_result(office: Office) -> None:
    office.begin("service_task")
    office.do("ask", "yes")
    assert office.calls == ["shelf.take"]
    assert office.data["taken"] == {"taken": 1}
    assert office.ended_at == "done"


def test_a_business_rule_task_keeps_the_answer_of_its_table(office: Office) -> None:
    office.begin("business_rule_task")
    office.do("ask", "no")
    assert office.data["fit"] == {"fits": False}
    assert office.waiting == ["sign"]


def test_pools_lanes_and_message_flows_are_read_and_other_pools_do_not_run(office: Office) -> None:
    office.begin("pools_and_lanes")
    assert office.waiting == ["ask"]
    office.do("ask", "yes")
    assert office.ended_at == "done"


def test_data_objects_stores_notes_and_groups_are_for_the_reader(office: Office) -> None:
    office.begin("data_and_notes")
    office.do("ask", "yes")
    assert office.ended_at == "done"
