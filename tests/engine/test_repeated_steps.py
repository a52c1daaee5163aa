"""Steps done several times: every instance has a work item and an answer of its own; the answers keep their order."""

import zlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.engine.conftest import Office
from tests.support.drawings import YES_NO_FORM
from workflows import clock
from workflows.engine.running import DrawingAtFault
from workflows.engine.tables import StepRecord, WorkItem


@pytest.fixture
def three(office: Office) -> Office:
    office.given = {"people": ["甲", "乙", "丙"], "amounts": [1, 2]}
    return office


def labels(office: Office) -> list[str]:
    return sorted(office.session.scalars(select(WorkItem.label)))


def test_side_by_side_everybody_is_asked_at_once_and_the_answers_keep_the_order_of_the_list(three: Office) -> None:
    three.begin("parallel_multi_instance")
    assert labels(three) == sorted(["ask（甲）", "ask（乙）", "ask（丙）"])
    three.do("ask", "no", of="丙", on="2020-03-03")
    three.do("ask", "yes", of="甲")
    assert labels(three) == ["ask（乙）"]
    three.do("ask", "yes", of="乙", on="2020-03-02")
    assert three.data["ask"] == [
        {"outcome": "yes"},
        {"on": "2020-03-02", "outcome": "yes"},
        {"on": "2020-03-03", "outcome": "no"},
    ]
    records = three.session.scalars(select(StepRecord).order_by(StepRecord.id)).all()
    assert [(record.label, record.outcome) for record in records] == [
        ("ask（丙）", "no"),
        ("ask（甲）", "yes"),
        ("ask（乙）", "yes"),
    ]
    assert three.waiting == ["after"]


def test_in_turn_the_next_is_asked_when_the_one_before_has_answered(three: Office) -> None:
    three.begin("sequential_multi_instance")
    for person, outcome in (("甲", "yes"), ("乙", "no"), ("丙", "yes")):
        assert labels(three) == [f"ask（{person}）"]
        three.do("ask", outcome)
    assert [answer["outcome"] for answer in three.data["ask"]] == ["yes", "no", "yes"]
    assert three.waiting == ["after"]


@pytest.mark.parametrize("drawing", ["parallel_multi_instance", "sequential_multi_instance"])
def test_an_empty_list_asks_nobody(three: Office, drawing: str) -> None:
    three.given = {"people": []}
    three.begin(drawing)
    assert three.waiting == ["after"]
    assert three.data["ask"] == []


@pytest.mark.parametrize("people", [None, "甲", {"a": 1}, list(range(1001))])
def test_what_is_no_list_of_a_sensible_length_refuses_the_act(three: Office, people: object) -> None:
    three.given = {"people": people}
    with pytest.raises(DrawingAtFault, match="people"):
        three.begin("parallel_multi_instance")


@pytest.mark.parametrize("outcome, asked", [("yes", ["ask（1）", "ask（2）"]), ("no", [])])
def test_a_number_says_how_often(three: Office, outcome: str, asked: list[str]) -> None:
    three.begin("multi_instance_by_number")
    three.do("wish", outcome)
    assert labels(three) == asked
    for label in asked:
        three.do("ask", "yes", of=label[4:-1])
    assert three.ended_at == "done"
    assert len(three.data["ask"]) == len(asked)


def test_a_condition_over_the_answers_so_far_spares_the_others(three: Office) -> None:
    three.begin("multi_instance_until")
    three.do("ask", "no", of="乙")
    assert len(labels(three)) == 2
    three.do("ask", "yes", of="丙")
    assert three.waiting == []
    assert three.ended_at == "done"
    assert [answer["outcome"] for answer in three.data["ask"]] == ["no", "yes"]


def test_a_service_task_is_called_for_every_entry(three: Office) -> None:
    three.left = 5
    three.begin("multi_instance_service_task")
    three.do("wish", "yes")
    assert three.calls == ["shelf.take", "shelf.take"]
    assert three.left == 2
    assert three.data["all_taken"] == [{"taken": 1}, {"taken": 2}]


def test_a_sub_process_keeps_the_answers_of_each_instance_apart(three: Office) -> None:
    three.begin("multi_instance_subprocess")
    asked = three.session.scalars(select(WorkItem.id).where(WorkItem.step == "ask").order_by(WorkItem.id)).all()
    assert len(asked) == 3
    for work_item_id, outcome in zip(asked, ("no", "yes", "no"), strict=True):
        item = three.session.get_one(WorkItem, work_item_id)
        three.complete(item, outcome, on="2020-03-02")
    assert three.waiting == ["explain", "explain"]
    for item in three.session.scalars(select(WorkItem)).all():
        three.complete(item, "yes")
    assert three.data["work"] == [
        {"ask": {"on": "2020-03-02", "outcome": "no"}, "explain": {"outcome": "yes"}},
        {"ask": {"on": "2020-03-02", "outcome": "yes"}},
        {"ask": {"on": "2020-03-02", "outcome": "no"}, "explain": {"outcome": "yes"}},
    ]
    assert "ask" not in three.data
    assert three.waiting == ["after"]


def test_an_event_on_the_border_takes_every_instance_away(three: Office) -> None:
    three.begin("multi_instance_interrupted")
    three.do("ask", "yes", of="甲")
    with clock.moved_by(timedelta(days=3)):
        three.timers_fire()
    assert three.calls == ["shelf.note"]
    assert three.waiting == ["ask", "ask", "late", "remind"]
    with clock.moved_by(timedelta(days=11)):
        three.timers_fire()
    assert three.waiting == []
    assert three.ended_at == "too_late"


def test_the_due_day_of_a_repeated_step_is_that_of_the_deadline_on_its_border(three: Office) -> None:
    three.begin("multi_instance_interrupted")
    due = clock.today() + timedelta(days=10)
    assert {item.due_on for item in three.session.scalars(select(WorkItem))} == {due}


def test_a_loop_asks_again_while_its_condition_holds_but_not_more_often_than_drawn(three: Office) -> None:
    three.begin("standard_loop")
    three.do("ask", "no")
    three.do("ask", "yes")
    assert three.waiting == ["after"]
    three.begin("standard_loop")
    for _ in range(3):
        three.do("ask", "no")
    assert three.waiting == ["after", "after"]
    assert three.data["ask"] == {"outcome": "no"}


def test_a_loop_may_look_before_it_begins(three: Office) -> None:
    three.begin("standard_loop_test_before")
    three.do("wish", "no")
    assert three.waiting == ["after"]
    three.do("after", "yes")
    three.begin("standard_loop_test_before")
    three.do("wish", "yes")
    three.do("ask", "no")
    assert three.waiting == ["ask"]
    three.do("ask", "yes")
    assert three.waiting == ["after"]


@pytest.mark.parametrize("drawing", ["parallel_multi_instance", "multi_instance_subprocess"])
def test_secrets_of_every_instance_are_kept_only_masked(three: Office, drawing: str) -> None:
    secret = YES_NO_FORM.replace("}]}]}", '}]},{"type":"textfield","key":"number","properties":{"secret":"true"}}]}')
    case = three.begin(drawing, ask=secret)
    for item in three.session.scalars(select(WorkItem).where(WorkItem.step == "ask")).all():
        three.complete(item, "yes", number="15021992345678901X")
    assert three.waiting == ["after"]
    assert b"15021992345678901X" not in zlib.decompress(case.state)
    assert "15021992345678901X" not in str([each.content for each in three.session.scalars(select(StepRecord))])
