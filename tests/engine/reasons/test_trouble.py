"""What the worker has not done yet, and what could not go on by itself."""

from tests.engine.at_work import work
from tests.engine.conftest import Office
from tests.engine.reasons.conftest import Reasons
from tests.engine.test_incidents import broken_case
from tests.engine.test_jobs import TAKE, files
from tests.support.drawings import later
from workflows import clock
from workflows.engine.reasons.reason import Kind


def test_a_step_of_the_worker_is_told_until_it_is_done(office: Office, reasons: Reasons) -> None:
    office.start(files(later(TAKE)))
    office.do("ask")
    [reason] = reasons()
    assert (reason.kind, reason.step, reason.until) == (Kind.JOB, "take", None)
    work(office)
    assert reasons() == []


def test_a_step_that_is_tried_again_tells_when(office: Office, reasons: Reasons) -> None:
    office.start(files(later(TAKE)))
    office.left = 0
    office.do("ask")
    assert work(office) == ["put off"]
    [reason] = reasons()
    assert reason.until > clock.now()


def test_an_incident_is_told_with_its_rule_and_the_job_behind_it_is_not(office: Office, reasons: Reasons) -> None:
    incident = broken_case(office)
    [reason] = reasons()
    assert (reason.kind, reason.step, reason.code) == (Kind.INCIDENT, "take", "job.failed")
    assert (reason.label, reason.rule, reason.since) == (incident.label, incident.rule, incident.since)
