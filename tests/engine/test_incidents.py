"""What a person can do about a case that cannot go on: try again, correct what the step reads, skip it."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from tests.engine.at_work import the_incident, the_job, work
from tests.engine.conftest import DEPUTY, SECRETARY, STRANGER, NoneLeft, Office
from tests.engine.test_jobs import TAKE, broken, files, replace
from tests.support.drawings import (
    ANY_FORM,
    both,
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
    xor,
)
from workflows import clock, journal
from workflows.engine import bundles, cases, incidents, repairs, stuck
from workflows.engine.cases import DutiesNotSeparated
from workflows.engine.environment import Addressee, Call
from workflows.engine.job_tables import Incident, IncidentStatus, Resolution
from workflows.engine.running import DrawingAtFault
from workflows.engine.tables import Case, DueTimer, StepRecord
from workflows.errors import InvalidData, NotAuthorised, NotFound, Refusal, StaleVersion
from workflows.journal import SYSTEM, Event

FORM = (
    '{"components":[{"type":"datetime","subtype":"date","key":"on","label":"日期"},'
    '{"type":"number","key":"count","label":"数量","validate":{"min":0}},'
    '{"type":"textfield","key":"id_number","label":"证件","validate":{"required":true,"minLength":8},'
    '"properties":{"secret":"true"}}]}'
)
READS = service("take", "shelf.take", "taken", count="ask.count")


def broken_case(office: Office, step: str = TAKE, **properties: str) -> Incident:
    """A case whose asynchronous step has just become an incident, because the program fails."""
    office.start(files(later(step, retries="0", **properties)))
    allow(office)
    broken(office, RuntimeError())
    office.do("ask")
    work(office)
    return the_incident(office)


def allow(office: Office) -> None:
    """Whoever is in the post may repair."""
    object.__setattr__(office.environment, "repairers", lambda _session, _act, unit_id: [Addressee(unit_id, "post")])


def mend(office: Office) -> None:
    replace(office, "shelf.take", office._take)


def retry(office: Office, **more: object) -> None:
    given = {"incident_id": the_incident(office).id, "actor": DEPUTY, **more}
    repairs.retry(office.session, office.environment, **given)
    office.session.commit()


def correct(office: Office, step: str = "ask", reason: str = "数量登记有误", **content: object) -> None:
    given = {"incident_id": the_incident(office).id, "actor": DEPUTY, "step": step, "reason": reason}
    repairs.correct(office.session, office.environment, content=content, **given)
    office.session.commit()


def skip(office: Office, reason: str = "已在线下办理") -> None:
    given = {"incident_id": the_incident(office).id, "actor": DEPUTY, "reason": reason}
    repairs.skip(office.session, office.environment, **given)
    office.session.commit()


def events(office: Office) -> list[str]:
    return [entry.event for entry in journal.entries_of(office.session, f"case:{office.case.id}")]


def test_a_retry_succeeds_when_the_cause_is_gone(office: Office) -> None:
    broken_case(office)
    mend(office)
    retry(office)
    assert the_incident(office).status == IncidentStatus.RETRYING
    assert work(office) == ["done"]
    incident = the_incident(office)
    assert (incident.status, incident.resolution) == (IncidentStatus.RESOLVED, Resolution.WENT_ON)
    assert incident.person_id == DEPUTY.person_id
    assert office.waiting == ["tell"]
    assert [event for event in events(office) if event.startswith("incident")] == [
        Event.INCIDENT_OPENED,
        Event.INCIDENT_RETRIED,
        Event.INCIDENT_RESOLVED,
    ]


def test_a_retry_that_fails_opens_the_same_incident_again_at_once(office: Office) -> None:
    before = broken_case(office).version
    retry(office)
    assert work(office) == ["incident"]
    incident = the_incident(office)
    assert (incident.status, incident.attempts) == (IncidentStatus.OPEN, 2)
    assert incident.version > before


def test_nobody_retries_twice_at_the_same_time(office: Office) -> None:
    broken_case(office)
    retry(office)
    with pytest.raises(repairs.IncidentClosed):
        retry(office)


def test_who_looked_at_an_older_incident_must_look_again(office: Office) -> None:
    seen = broken_case(office).version
    retry(office)
    work(office)
    with pytest.raises(StaleVersion, match="李二"):
        retry(office, seen_version=seen)


def test_only_who_holds_the_post_may_repair(office: Office) -> None:
    broken_case(office, may_skip="true")
    incident_id = the_incident(office).id
    given = {"incident_id": incident_id, "actor": STRANGER}
    session, environment = office.session, office.environment
    with pytest.raises(NotAuthorised):
        repairs.retry(session, environment, **given)
    with pytest.raises(NotAuthorised):
        repairs.skip(session, environment, reason="已在线下办理", **given)
    with pytest.raises(NotAuthorised):
        repairs.correct(session, environment, step="ask", content={}, reason="登记有误", **given)
    assert not repairs.may(session, environment, repairs.RETRY, the_incident(office), STRANGER)


def test_where_nobody_may_repair_there_is_nothing_to_find(office: Office) -> None:
    broken_case(office)
    object.__setattr__(office.environment, "repairers", lambda *_: [])
    with pytest.raises(NotFound):
        retry(office)
    with pytest.raises(NotFound):
        incidents.find(office.session, 999)


def wrong_count(office: Office) -> None:
    """The step reads a count that is more than there is."""
    text = drawing(
        start(),
        user("ask"),
        later(READS, retries="0"),
        user("tell", apart_from="ask"),
        end(),
        way("begin", "ask", "take", "tell", "done"),
        lanes={"书记": ["ask", "tell"]},
    )
    office.start(bundle(text, ask=FORM, tell=ANY_FORM))
    allow(office)
    office.do("ask", on="2020-03-01", count=5, id_number="12345678")
    assert work(office) == ["incident"]


def test_a_correction_keeps_old_and_new_and_the_step_succeeds(office: Office) -> None:
    wrong_count(office)
    bundle_ = bundles.parsed(office.session, office.case.bundle_id)
    assert list(repairs.last_records(office.session, bundle_, the_incident(office))) == ["ask"]
    assert [field.key for field in repairs.form_of(bundle_, "ask").fields] == ["on", "count"]
    correct(office, on="2020-03-01", count=1)
    old, new = office.session.scalars(select(StepRecord).order_by(StepRecord.id)).all()
    assert (old.content["count"], new.content["count"]) == (5, 1)
    assert (new.corrects_id, new.reason, new.outcome, new.person_id) == (old.id, "数量登记有误", "submit", 2)
    assert new.content["id_number"] == "******78"
    assert office.data["ask"]["id_number"] == "******78"
    assert work(office) == ["done"]
    assert office.data["taken"] == {"taken": 1}
    [noted] = [
        entry
        for entry in journal.entries_of(office.session, f"case:{office.case.id}")
        if entry.event == Event.INCIDENT_CORRECTED
    ]
    assert (noted.facts["fields"], noted.facts["record"], noted.facts["instead_of"]) == (["count"], new.id, old.id)
    assert "数量登记有误" not in str(noted.facts)


def test_a_correction_is_validated_like_the_form(office: Office) -> None:
    wrong_count(office)
    with pytest.raises(InvalidData) as refused:
        correct(office, count=-1, id_number="87654321")
    assert set(refused.value.fields) == {"count", "id_number"}


def test_a_correction_needs_a_reason(office: Office) -> None:
    wrong_count(office)
    with pytest.raises(InvalidData) as refused:
        correct(office, reason=" 错 ", count=1)
    assert list(refused.value.fields) == ["reason"]


def test_only_what_the_step_reads_can_be_corrected(office: Office) -> None:
    wrong_count(office)
    with pytest.raises(repairs.NothingToCorrect):
        correct(office, step="tell", on="2020-03-01")


def test_who_corrects_a_step_has_done_it_and_must_not_do_what_is_kept_apart(office: Office) -> None:
    wrong_count(office)
    correct(office, count=1)
    work(office)
    with pytest.raises(DutiesNotSeparated):
        office.do("tell", actor=DEPUTY)


def test_who_did_what_is_kept_apart_must_not_correct(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        user("tell", apart_from="ask"),
        later(READS, retries="0"),
        end(),
        way("begin", "ask", "tell", "take", "done"),
        lanes={"书记": ["ask", "tell"]},
    )
    office.start(bundle(text, ask=FORM, tell=ANY_FORM))
    allow(office)
    office.do("ask", count=5, id_number="12345678")
    office.do("tell", actor=DEPUTY)
    work(office)
    with pytest.raises(DutiesNotSeparated):
        correct(office, count=1)


def test_a_step_that_may_be_skipped_is_skipped_with_a_reason(office: Office) -> None:
    broken_case(office, may_skip="true")
    with pytest.raises(InvalidData):
        skip(office, reason="")
    skip(office)
    incident = the_incident(office)
    assert (incident.resolution, incident.reason) == (Resolution.SKIPPED, "已在线下办理")
    assert office.waiting == ["tell"]
    assert "taken" not in office.data
    assert events(office)[-2:] == [Event.INCIDENT_SKIPPED, Event.INCIDENT_RESOLVED]
    assert "operation:called" not in events(office)


def test_a_step_that_may_not_be_skipped_says_so(office: Office) -> None:
    broken_case(office)
    with pytest.raises(repairs.SkipNotAllowed, match="take"):
        skip(office)


def test_a_skip_that_leads_nowhere_changes_nothing(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        later(TAKE, retries="0", may_skip="true"),
        xor("enough"),
        end(),
        end("other"),
        way("begin", "ask", "take", "enough"),
        flow("enough", "done", "taken.taken > 0"),
        flow("enough", "other", "taken.taken < 0"),
        lanes={"书记": ["ask"]},
    )
    office.start(bundle(text, ask=ANY_FORM))
    allow(office)
    broken(office, RuntimeError())
    office.do("ask")
    work(office)
    with pytest.raises(DrawingAtFault):
        skip(office)
    office.session.rollback()
    assert the_incident(office).status == IncidentStatus.OPEN
    assert the_job(office).step == "take"


def timer_case(office: Office) -> DueTimer:
    """A wait whose next step refuses."""
    text = drawing(
        start(),
        user("ask"),
        wait("rest", timer("P1D")),
        TAKE,
        end(),
        way("begin", "ask", "rest", "take", "done"),
        lanes={"书记": ["ask"]},
    )
    office.start(bundle(text, ask=ANY_FORM))
    allow(office)
    office.left = 0
    office.do("ask")
    return office.session.scalars(select(DueTimer)).one()


def hold(office: Office, timer_row: DueTimer) -> Incident:
    incident = repairs.hold_timer(office.session, office.environment, timer_row.id, NoneLeft())
    office.session.commit()
    assert incident is not None
    return incident


def test_a_timer_with_an_incident_waits_for_a_person(office: Office) -> None:
    timer_row = timer_case(office)
    with clock.moved_by(timedelta(days=2)):
        hold(office, timer_row)
        assert cases.due_timers(office.session) == []
        office.left = 1
        retry(office)
        assert office.timers_fire() == 1
        assert stuck.settle(office.session) == 1
    assert office.ended_at == "done"
    assert the_incident(office).status == IncidentStatus.RESOLVED


def test_a_timer_is_not_skipped(office: Office) -> None:
    hold(office, timer_case(office))
    with pytest.raises(repairs.SkipNotAllowed):
        skip(office)


STUCK = drawing(
    start(),
    user("ask"),
    xor("which", default="left"),
    user("first"),
    user("second"),
    both("together"),
    end(),
    way("begin", "ask", "which"),
    flow("which", "first", "", "left"),
    flow("which", "second", "false", "right"),
    flow("first", "together"),
    flow("second", "together"),
    flow("together", "done"),
    stop_subprocess(end("stopped") + flow("stopping", "stopped")),
    lanes={"书记": ["ask", "first", "second"]},
)


def stuck_case(office: Office) -> Case:
    bundles.store(office.session, bundle(STUCK, ask=ANY_FORM, first=ANY_FORM, second=ANY_FORM), [], SYSTEM, "")
    office.case = cases.start(office.session, office.environment, process="tiny", unit_id=7, actor=SECRETARY)
    allow(office)
    office.do("ask")
    office.do("first")
    return office.session.scalars(select(Case).options(undefer(Case.state))).one()


def test_a_case_that_nothing_moves_is_found_once_and_named(office: Office) -> None:
    case = stuck_case(office)
    [incident] = stuck.find(office.session, stuck.suspects(office.session))
    assert (incident.case_id, incident.code, incident.step) == (case.id, "case.stuck", "together")
    assert stuck.find(office.session, stuck.suspects(office.session)) == []
    assert stuck.settle(office.session) == 0


def test_a_case_that_waits_for_anything_is_not_stuck(office: Office) -> None:
    office.start(files(later(TAKE)))
    assert stuck.find(office.session, stuck.suspects(office.session)) == []
    office.do("ask")
    assert stuck.find(office.session, stuck.suspects(office.session)) == []
    work(office)
    office.do("tell")
    assert office.ended_at == "done"
    assert stuck.find(office.session, stuck.suspects(office.session)) == []


def test_a_retry_of_a_stuck_case_says_that_it_is_stuck_still(office: Office) -> None:
    stuck_case(office)
    stuck.find(office.session, stuck.suspects(office.session))
    with pytest.raises(repairs.StillStuck):
        retry(office)
    office.session.rollback()


def test_a_stuck_case_that_ended_another_way_is_settled(office: Office) -> None:
    stuck_case(office)
    stuck.find(office.session, stuck.suspects(office.session))
    office.send("stop")
    assert stuck.settle(office.session) == 1
    assert the_incident(office).resolution == Resolution.WENT_ON


def test_incidents_are_listed_newest_first_for_the_units_in_sight(office: Office) -> None:
    broken_case(office)
    incident_id = the_incident(office).id
    seven, eight = (select(Case.unit_id).where(Case.unit_id == unit) for unit in (7, 8))
    assert [each.id for each in incidents.listed(office.session, None)] == [incident_id]
    assert [each.id for each in incidents.listed(office.session, seven)] == [incident_id]
    assert incidents.listed(office.session, eight) == []
    assert incidents.listed(office.session, None, resolved=True) == []
    assert incidents.listed(office.session, None, after=incident_id) == []
    assert [each.id for each in incidents.of_cases(office.session, [office.case.id])] == [incident_id]


@pytest.mark.parametrize(
    "why, kept",
    [
        ('candidate.name == 1: 应得到 true 或 false，得到的是 "乌云"', "candidate.name == 1"),
        ("“乌云”不是日期", ""),
        ("自动步骤超过 200 轮仍未停下", "自动步骤超过 200 轮仍未停下"),
    ],
)
def test_no_value_of_a_failed_expression_reaches_an_incident(office: Office, why: str, kept: str) -> None:
    office.start(files(later(TAKE, retries="0")))
    broken(office, DrawingAtFault(step="take", why=why))
    office.do("ask")
    work(office)
    incident = the_incident(office)
    assert incident.facts["why"] == kept
    assert "乌云" not in incidents.message(incident)


def test_a_fact_that_may_name_a_person_is_left_out(office: Office) -> None:
    class Named(Refusal):
        code = "named"
        sentence = "{name}已在{unit}登记"
        kind = "invalid"

    office.start(files(later(TAKE)))
    broken(office, Named(name="乌云", unit="一班团支部"))
    office.do("ask")
    work(office)
    assert incidents.message(the_incident(office)) == "—已在一班团支部登记"


def test_a_deadline_that_waits_for_a_person_is_in_nobodys_way(office: Office) -> None:
    text = drawing(
        start(),
        user("ask"),
        user("tell"),
        both("apart"),
        both("together"),
        boundary("late", "ask", timer("P1D")),
        TAKE,
        end("reminded"),
        end(),
        way("begin", "apart", "ask", "together", "done"),
        way("apart", "tell", "together"),
        way("late", "take", "reminded"),
        lanes={"书记": ["ask", "tell"]},
    )
    office.left = 0
    office.start(bundle(text, ask=ANY_FORM, tell=ANY_FORM))
    with clock.moved_by(timedelta(days=2)):
        with pytest.raises(NoneLeft):
            office.do("tell")
        office.session.rollback()
        incident = hold(office, office.session.scalars(select(DueTimer)).one())
        assert (incident.step, incident.since) == ("late", clock.now())
        office.do("tell")
        office.do("ask")
        assert office.ended_at == "done"
        assert stuck.settle(office.session) == 1
    assert the_incident(office).resolution == Resolution.OVERTAKEN
    assert repairs.hold_timer(office.session, office.environment, 999, NoneLeft()) is None


def test_the_operation_is_called_for_whoever_led_to_it_also_after_a_retry(office: Office) -> None:
    actors: list[int | None] = []
    broken_case(office)

    def note(call: Call) -> None:
        actors.append(call.actor.person_id)

    replace(office, "shelf.take", note)
    retry(office)
    work(office)
    assert actors == [SECRETARY.person_id]
