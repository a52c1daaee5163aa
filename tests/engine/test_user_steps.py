"""User steps: who may do them, on which version, with which data, and what is kept of it."""

import pytest

from tests.engine.conftest import DEPUTY, SECRETARY, STRANGER, Office
from tests.support.drawings import A_DATE, ANY_FORM, YES_NO_FORM, bundle, drawing, end, start, user, way
from workflows import journal
from workflows.engine import cases, inbox
from workflows.errors import InvalidData, NotAuthorised, NotFound, StaleVersion

TWO_STEPS = drawing(
    start(),
    user("talk"),
    user("approve", apart_from="talk"),
    end(result="ok"),
    way("begin", "talk", "approve", "done"),
    lanes={"书记": ["talk", "approve"]},
)
FILES = bundle(TWO_STEPS, talk=ANY_FORM, approve=YES_NO_FORM)


def test_a_case_waits_at_its_first_user_step(office: Office) -> None:
    case = office.start(FILES)
    assert office.waiting == ["talk"]
    assert (case.process, case.unit_id, case.ended_at) == ("tiny", 7, None)


def test_each_step_leads_to_the_next_and_the_last_ends_the_case(office: Office) -> None:
    case = office.start(FILES)
    office.do("talk", on="2020-03-01")
    office.do("approve", "yes", actor=DEPUTY)
    assert office.waiting == []
    assert (case.ended_step, case.result) == ("done", "ok")
    assert office.data["talk"] == {"on": "2020-03-01", "outcome": "submit"}


def test_the_record_keeps_when_it_happened_and_when_it_was_recorded(office: Office) -> None:
    case = office.start(FILES)
    office.do("talk", on="2020-03-01")
    record = inbox.history(office.session, case.id)[0]
    assert record.happened_on.isoformat() == "2020-03-01"
    assert record.recorded_at.date().isoformat() == "2020-03-02"


def test_the_journal_tells_the_case_from_start_to_end(office: Office) -> None:
    case = office.start(FILES)
    office.do("talk")
    office.do("approve", "no", actor=DEPUTY)
    events = [entry.event for entry in journal.entries_of(office.session, journal.case_chain(case.id))]
    assert events == ["case:started", "step:completed", "step:completed", "case:ended"]
    assert journal.verify(office.session).faults == []


def test_somebody_without_the_post_is_refused_by_unit_and_post(office: Office) -> None:
    office.start(FILES)
    with pytest.raises(NotAuthorised, match="一班团支部的书记"):
        office.do("talk", actor=STRANGER)
    assert office.waiting == ["talk"]


def test_a_step_kept_apart_is_not_done_by_the_same_person(office: Office) -> None:
    office.start(FILES)
    office.do("talk")
    with pytest.raises(cases.DutiesNotSeparated, match="talk"):
        office.do("approve", "yes")


def test_a_stale_version_names_who_did_what(office: Office) -> None:
    case = office.start(FILES)
    seen = case.version
    office.do("talk")
    with pytest.raises(StaleVersion, match=r"王一.*talk"):
        cases.complete_step(
            office.session,
            office.environment,
            work_item_id=office.item("approve").id,
            actor=DEPUTY,
            outcome="yes",
            content={},
            seen_version=seen,
        )


def test_a_step_already_done_names_who_did_it(office: Office) -> None:
    office.start(FILES)
    item_id = office.item("talk").id
    office.do("talk")
    with pytest.raises(StaleVersion, match="王一"):
        cases.complete_step(
            office.session, office.environment, work_item_id=item_id, actor=SECRETARY, outcome="submit", content={}
        )


def test_an_unknown_work_item_is_not_found(office: Office) -> None:
    office.start(FILES)
    with pytest.raises(NotFound):
        cases.complete_step(
            office.session, office.environment, work_item_id=999, actor=SECRETARY, outcome="submit", content={}
        )


def test_wrong_data_changes_nothing_and_names_the_field(office: Office) -> None:
    case = office.start(FILES)
    version = case.version
    with pytest.raises(InvalidData) as refused:
        office.do("talk", on="yesterday", colour="red")
    office.session.rollback()
    assert set(refused.value.fields) == {"on", "colour"}
    assert case.version == version
    assert office.waiting == ["talk"]


def test_the_first_step_can_be_completed_with_the_start(office: Office) -> None:
    office.publish(FILES)
    case = cases.start(
        office.session,
        office.environment,
        process="tiny",
        unit_id=7,
        actor=SECRETARY,
        outcome="submit",
        content={"on": "2020-03-01"},
    )
    assert [record.step for record in inbox.history(office.session, case.id)] == ["talk"]
    assert office.waiting == ["approve"]


def test_a_stranger_cannot_start_a_case(office: Office) -> None:
    office.publish(FILES)
    with pytest.raises(NotAuthorised):
        cases.start(office.session, office.environment, process="tiny", unit_id=7, actor=STRANGER)


def test_a_secret_is_there_for_operations_and_kept_only_masked(office: Office) -> None:
    secret = A_DATE % ',{"type":"textfield","key":"number","label":"号码","properties":{"secret":"true"}}'
    case = office.start(bundle(TWO_STEPS, talk=secret, approve=YES_NO_FORM))
    office.do("talk", number="123456789012345678")
    assert office.data["talk"]["number"] == "****************78"
    assert inbox.history(office.session, case.id)[0].content["number"] == "****************78"
