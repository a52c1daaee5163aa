"""Asynchronous service steps: the act goes on without them, the worker does them once, failures are put off."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.engine.at_work import attempt, carry, the_incident, the_job, work
from tests.engine.conftest import SECRETARY, NoneLeft, Office
from tests.support.drawings import (
    ANY_FORM,
    NONE_LEFT,
    YES_NO_FORM,
    boundary,
    bundle,
    drawing,
    end,
    flow,
    later,
    service,
    start,
    stop_subprocess,
    timer,
    user,
    wait,
    way,
)
from workflows import clock, journal
from workflows.engine import cases, incidents, job_rows, jobs, stuck
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Call, Operation
from workflows.engine.job_tables import IncidentStatus, JobStatus, Resolution
from workflows.errors import Busy, InvalidData, Refusal
from workflows.journal import Event

DRAWINGS = Path(__file__).parent / "drawings"
ASYNCHRONOUS = (
    '<spiffworkflow:properties><spiffworkflow:property name="asynchronous" value="true"/></spiffworkflow:properties>'
    '<spiffworkflow:serviceTaskOperator id="shelf.take"'
)
TAKE = service("take", "shelf.take", "taken", count="1")


def files(step: str, *more: str) -> BundleFiles:
    """Ask, then the step, then tell."""
    text = drawing(
        start(),
        user("ask"),
        step,
        user("tell"),
        end(),
        *more,
        way("begin", "ask", "take", "tell", "done"),
        lanes={"书记": ["ask", "tell"]},
    )
    return bundle(text, ask=ANY_FORM, tell=ANY_FORM)


def broken(office: Office, error: Exception) -> None:
    """From now on the operation fails."""

    def fail(_call: Call) -> None:
        raise error

    replace(office, "shelf.take", fail)


def replace(office: Office, name: str, function: Callable[[Call], Any]) -> None:
    known = office.environment.operations
    assert isinstance(known, dict)
    known[name] = Operation(name, "试", function, known[name].parameters)


def test_the_act_goes_on_without_the_step_and_the_worker_does_it(office: Office) -> None:
    office.start(files(later(TAKE)))
    office.do("ask")
    assert (office.calls, office.waiting) == ([], [])
    job = the_job(office)
    assert (job.step, job.operation, job.status, job.attempts) == ("take", "shelf.take", JobStatus.WAITING, 0)
    assert work(office) == ["done"]
    assert office.calls == ["shelf.take"]
    assert office.data["taken"] == {"taken": 1}
    assert office.waiting == ["tell"]
    assert jobs.of_case(office.session, office.case.id) == []
    office.do("tell")
    assert office.ended_at == "done"


def test_what_the_step_names_is_written_on_the_case_and_journalled_for_whose_act_led_to_it(office: Office) -> None:
    office.start(files(later(TAKE)))
    office.do("ask")
    work(office)
    assert office.case.title == "已取"
    called = [e for e in journal.entries_of(office.session, f"case:{office.case.id}") if e.event == "operation:called"]
    assert [(entry.facts["step"], entry.person_id) for entry in called] == [("take", SECRETARY.person_id)]


def test_a_message_that_comes_twice_has_the_effect_of_once(office: Office) -> None:
    office.start(files(later(TAKE)))
    office.do("ask")
    job_id = the_job(office).id
    assert attempt(office, job_id) == "done"
    assert attempt(office, job_id) == "nothing to do"
    assert office.calls == ["shelf.take"]


def test_an_attempt_that_was_overtaken_by_a_later_one_does_nothing(office: Office) -> None:
    office.start(files(later(TAKE)))
    office.do("ask")
    job_id = the_job(office).id
    stalled = jobs.claim(office.session, job_id)
    office.session.commit()
    assert stalled == 1
    with clock.moved_by(jobs.TAKEN_FOR_LOST):
        assert jobs.claim(office.session, job_id) == 2
        assert carry(office, job_id, stalled) == "nothing to do"
        assert jobs.keep_failure(office.session, job_id, stalled, RuntimeError()) is None
        assert carry(office, job_id, 2) == "done"
    assert office.calls == ["shelf.take"]


def test_every_attempt_carries_the_same_key_and_every_round_another(office: Office) -> None:
    keys: list[str] = []

    def note(call: Call) -> None:
        keys.append(call.key)
        if len(keys) == 1:
            raise RuntimeError

    again = drawing(
        start(),
        user("ask"),
        later(service("take", "shelf.take", count="1")),
        end(),
        '<bpmn:exclusiveGateway id="enough" default="out"/>',
        way("begin", "ask", "take", "enough"),
        flow("enough", "ask", 'ask.outcome == "yes"', "back"),
        flow("enough", "done", "", "out"),
        lanes={"书记": ["ask"]},
    )
    office.start(bundle(again, ask=YES_NO_FORM))
    replace(office, "shelf.take", note)
    office.do("ask", "yes")
    assert work(office, longest=2) == ["put off", "done"]
    office.do("ask", "no")
    assert work(office) == ["done"]
    assert keys[0] == keys[1] != keys[2]
    assert all(key.startswith(f"{office.case.id}:") for key in keys)


def test_a_failure_is_put_off_longer_each_time_and_at_the_last_a_person_is_asked(office: Office) -> None:
    office.start(files(later(TAKE)))
    broken(office, RuntimeError("乌云，150102200503080021"))
    office.do("ask")
    assert work(office) == ["put off"]
    job = the_job(office)
    assert (job.attempts, job.last_error, job.run_at - clock.now()) == (1, "RuntimeError", job_rows.wait_after(1))
    assert work(office) == []
    told = []
    for hours in range(1, 9):
        with clock.moved_by(timedelta(hours=2 * hours)):
            told += work(office)
    assert told == ["put off"] * (job_rows.RETRIES - 1) + ["incident"]
    incident = the_incident(office)
    assert (incident.step, incident.code, incident.attempts) == ("take", "job.failed", job_rows.RETRIES + 1)
    assert incidents.message(incident).startswith("后台程序出错（RuntimeError）")
    assert "乌云" not in str(vars(incident))
    assert the_job(office).status == JobStatus.FAILED
    opened = journal.entries_of(office.session, f"case:{office.case.id}")[-1]
    assert (opened.event, opened.person_id, opened.facts["attempts"]) == (Event.INCIDENT_OPENED, None, 6)


@pytest.mark.parametrize("retries, tries", [("0", 1), ("2", 3), ("20", 21)])
def test_the_drawing_may_say_how_often(office: Office, retries: str, tries: int) -> None:
    office.start(files(later(TAKE, retries=retries)))
    broken(office, RuntimeError())
    office.do("ask")
    assert work(office, longest=tries + 3) == ["put off"] * (tries - 1) + ["incident"]


def test_a_refusal_that_waiting_may_cure_is_tried_again(office: Office) -> None:
    office.start(files(later(TAKE)))
    office.left = 0
    office.do("ask")
    assert work(office) == ["put off"]
    office.left = 1
    with clock.moved_by(job_rows.wait_after(1)):
        assert work(office) == ["done"]


def test_a_refusal_of_the_data_asks_a_person_at_once(office: Office) -> None:
    office.start(files(later(TAKE)))
    broken(office, InvalidData(fields={"name": "乌云不是数字"}))
    office.do("ask")
    assert work(office) == ["incident"]
    incident = the_incident(office)
    assert (incident.code, incident.facts, incident.attempts) == ("data.invalid", {"fields": ["name"]}, 1)


def test_a_case_that_somebody_else_acts_on_is_no_failure(office: Office) -> None:
    office.start(files(later(TAKE, retries="0")))
    broken(office, Busy())
    office.do("ask")
    assert work(office) == ["put off"]
    assert the_job(office).attempts == 0


def test_an_error_event_takes_the_refusal_as_it_does_in_the_act(office: Office) -> None:
    more = (boundary("none", "take", NONE_LEFT, interrupting=True), flow("none", "tell"))
    office.start(files(later(TAKE), *more))
    office.left = 0
    office.do("ask")
    assert work(office) == ["done"]
    assert office.waiting == ["tell"]
    assert jobs.of_case(office.session, office.case.id) == []


def test_a_worker_that_died_is_found_by_the_sweep_and_its_attempt_counts(office: Office) -> None:
    office.start(files(later(TAKE, retries="1")))
    office.do("ask")
    [job_id] = jobs.take_due(office.session)
    assert jobs.claim(office.session, job_id) == 1
    office.session.commit()
    assert jobs.take_due(office.session) == []
    with clock.moved_by(jobs.TAKEN_FOR_LOST + timedelta(seconds=1)):
        assert jobs.take_due(office.session) == [job_id]
        assert jobs.claim(office.session, job_id) == 2
    with clock.moved_by(2 * jobs.TAKEN_FOR_LOST + timedelta(seconds=2)):
        assert work(office) == ["given up"]
    assert the_incident(office).code == "job.worker_lost"


def test_a_message_that_was_lost_is_sent_again(office: Office) -> None:
    office.start(files(later(TAKE)))
    office.do("ask")
    [job_id] = jobs.take_due(office.session)
    assert jobs.take_due(office.session) == []
    with clock.moved_by(jobs.TAKEN_FOR_LOST + timedelta(seconds=1)):
        assert jobs.take_due(office.session) == [job_id]
    jobs.untake(office.session, [job_id])
    assert jobs.take_due(office.session) == [job_id]


def test_leaving_the_step_another_way_ends_its_job_and_its_incident(office: Office) -> None:
    office.start(files(later(TAKE, retries="0"), stop_subprocess(end("stopped") + flow("stopping", "stopped"))))
    broken(office, RuntimeError())
    office.do("ask")
    work(office)
    office.send("stop")
    assert office.ended_at == "stopped"
    assert jobs.of_case(office.session, office.case.id) == []
    assert stuck.settle(office.session) == 1
    incident = the_incident(office)
    assert (incident.status, incident.resolution) == (IncidentStatus.RESOLVED, Resolution.OVERTAKEN)


def test_an_interrupting_deadline_takes_the_step_away(office: Office) -> None:
    late = boundary("late", "take", timer("P1D"), interrupting=True)
    office.start(files(later(TAKE), late, flow("late", "tell")))
    office.left = 0
    office.do("ask")
    with clock.moved_by(timedelta(days=2)):
        assert office.timers_fire() == 1
        assert office.waiting == ["tell"]
    assert jobs.of_case(office.session, office.case.id) == []


def test_a_step_after_a_step_is_a_job_of_its_own(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        later(TAKE),
        later(service("note", "shelf.note")),
        wait("rest", timer("P1D")),
        end(),
        way("begin", "ask", "take", "note", "rest", "done"),
        lanes={"书记": ["ask"]},
    )
    office.start(bundle(text, ask=ANY_FORM))
    office.do("ask")
    assert jobs.perform_all(office.session, office.environment, office.case.id) == 2
    assert office.calls == ["shelf.take", "shelf.note"]
    assert office.waiting == ["rest"]


def test_a_step_that_is_last_ends_the_case(office: Office) -> None:
    text = drawing(
        start(), user("ask"), later(TAKE), end(), way("begin", "ask", "take", "done"), lanes={"书记": ["ask"]}
    )
    office.start(bundle(text, ask=ANY_FORM))
    office.do("ask")
    assert office.ended_at is None
    work(office)
    assert office.ended_at == "done"


def test_waits_double_up_to_an_hour() -> None:
    assert [job_rows.wait_after(n).total_seconds() for n in (1, 2, 3)] == [5, 10, 20]
    assert job_rows.wait_after(1000) == job_rows.LONGEST_WAIT


def test_a_busy_refusal_and_a_conflict_do_not_ask_a_person_at_once() -> None:
    assert [incidents.needs_a_person(error) for error in (Busy(), NoneLeft(), RuntimeError())] == [False] * 3
    assert Refusal.kind not in incidents.NOT_BY_WAITING


@pytest.mark.parametrize("at_once", [False, True])
def test_every_instance_of_a_repeated_step_is_a_job_with_a_key_of_its_own(office: Office, at_once: bool) -> None:
    drawn = (DRAWINGS / "multi_instance_service_task.bpmn").read_text("utf-8")
    drawn = drawn.replace('<spiffworkflow:serviceTaskOperator id="shelf.take"', ASYNCHRONOUS, 1)
    drawn = drawn.replace('isSequential="true"', f'isSequential="{str(not at_once).lower()}"')
    keys: list[str] = []

    def take(call: Call) -> dict[str, Any]:
        keys.append(call.key)
        return {"taken": call.parameters["count"]}

    office.given = {"amounts": [1, 2]}
    replace(office, "shelf.take", take)
    office.publish(BundleFiles({"tiny.bpmn": drawn, "forms/wish.form": YES_NO_FORM, "forms/after.form": ANY_FORM}))
    process = "multi_instance_service_task"
    office.case = cases.start(office.session, office.environment, process=process, unit_id=7, actor=SECRETARY)
    office.do("wish", "yes")
    assert len(jobs.of_case(office.session, office.case.id)) == (2 if at_once else 1)
    assert work(office) + work(office) == ["done", "done"]
    assert office.data["all_taken"] == [{"taken": 1}, {"taken": 2}]
    assert len(set(keys)) == 2
    assert office.waiting == ["after"]
