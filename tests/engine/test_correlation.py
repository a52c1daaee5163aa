"""Messages between cases: each goes to the one case that waits with the same correlation value, once, in any order."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tasks.outbox import HANDLERS
from tests.engine.conftest import Office
from workflows import clock, journal
from workflows.engine import cases, correlation, mailbox
from workflows.engine.mailbox import AwaitedEvent, KeptMessage, MessageAwaitedTwice, MessageUnaddressed
from workflows.engine.tables import Case
from workflows.outbox import OutboxRow

SENDERS = ["send_task", "message_throw_event", "message_end_event"]
RECEIVERS = ["receive_task", "message_catch_event", "receive_task_by_binding"]


def count(office: Office, table: type) -> int:
    return office.session.scalar(select(func.count()).select_from(table))


def hear(office: Office, drawing: str, day: str) -> Case:
    case = office.begin(drawing)
    office.do("wish", "yes", case=case, on=day)
    return case


def tell(office: Office, drawing: str, day: str, outcome: str = "yes") -> Case:
    case = office.begin(drawing)
    office.do("ask", outcome, case=case, on=day)
    return case


def reading(office: Office, case: Case) -> bool:
    try:
        return office.item("read", case=case) is not None
    except ValueError:
        return False


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_a_message_goes_to_the_case_with_the_same_value_and_to_no_other(
    office: Office, sender: str, receiver: str
) -> None:
    first, second = hear(office, receiver, "2020-03-01"), hear(office, receiver, "2020-03-02")
    told = tell(office, sender, "2020-03-02", "no")
    assert told.ended_at is not None
    assert not reading(office, second)
    office.post_arrives()
    assert (reading(office, first), reading(office, second)) == (False, True)
    office.case = second
    assert office.data["hear"] == {"said": "no"}
    assert (count(office, KeptMessage), count(office, AwaitedEvent)) == (0, 1)


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_a_message_that_comes_first_waits_for_its_receiver(office: Office, sender: str, receiver: str) -> None:
    tell(office, sender, "2020-03-02")
    office.post_arrives()
    assert count(office, KeptMessage) == 1
    other, right = hear(office, receiver, "2020-03-01"), hear(office, receiver, "2020-03-02")
    office.post_arrives()
    assert (reading(office, other), reading(office, right)) == (False, True)
    assert count(office, KeptMessage) == 0


def test_a_message_of_another_case_may_take_a_step_away(office: Office) -> None:
    hear(office, "boundary_message_between_cases", "2020-03-02")
    tell(office, "send_task", "2020-03-01")
    office.post_arrives()
    assert office.waiting == ["read"]
    tell(office, "send_task", "2020-03-02")
    office.post_arrives()
    assert office.waiting == ["after"]


def test_an_event_sub_process_hears_messages_as_soon_as_it_knows_for_which_to_listen(office: Office) -> None:
    case = office.begin("event_subprocess_message_between_cases")
    assert count(office, AwaitedEvent) == 0
    office.do("wish", "yes", on="2020-03-02")
    for times in (1, 2):
        tell(office, "send_task", "2020-03-02", "no")
        office.post_arrives()
        assert office.waiting == ["ask_on", *["read"] * times]
    office.case = case
    assert office.data["hear"] == {"said": "no"}
    assert count(office, KeptMessage) == 0


def test_a_message_delivered_twice_has_the_effect_of_once(office: Office) -> None:
    case = hear(office, "receive_task", "2020-03-02")
    tell(office, "send_task", "2020-03-02")
    key = office.session.scalars(select(KeptMessage.key)).one()
    office.post_arrives()
    version = case.version
    assert not correlation.deliver_message(office.session, office.environment, "news", key)
    assert case.version == version


def test_two_messages_wait_for_two_receivers_one_after_the_other(office: Office) -> None:
    for outcome in ("yes", "no"):
        tell(office, "send_task", "2020-03-02", outcome)
    said = []
    for _ in range(2):
        office.case = hear(office, "receive_task", "2020-03-02")
        office.post_arrives()
        said.append(office.data["hear"]["said"])
    assert said == ["yes", "no"]
    assert count(office, KeptMessage) == 0


def test_a_second_case_that_would_wait_for_the_same_message_is_refused_and_stays_where_it_is(office: Office) -> None:
    first = hear(office, "receive_task", "2020-03-02")
    second = office.begin("receive_task")
    with pytest.raises(MessageAwaitedTwice, match=str(first.id)):
        office.do("wish", "yes", case=second, on="2020-03-02")
    office.session.rollback()
    assert office.item("wish").case_id == second.id
    tell(office, "send_task", "2020-03-02")
    office.post_arrives()
    office.do("wish", "yes", case=second, on="2020-03-02")
    assert office.waiting == ["read"]


@pytest.mark.parametrize("drawing, step", [("receive_task", "wish"), ("send_task", "ask")])
def test_without_a_correlation_value_the_act_is_refused(office: Office, drawing: str, step: str) -> None:
    office.begin(drawing)
    with pytest.raises(MessageUnaddressed, match="day"):
        office.do(step, "yes")
    office.session.rollback()
    assert office.waiting == [step]


def test_an_act_that_is_refused_sends_nothing(office: Office) -> None:
    office.begin("send_task")
    with pytest.raises(MessageUnaddressed):
        office.do("ask", "yes")
    office.session.rollback()
    assert (count(office, KeptMessage), count(office, OutboxRow)) == (0, 0)


def test_an_event_gateway_with_a_receive_task_goes_the_way_of_the_message(office: Office) -> None:
    office.case = hear(office, "event_gateway_receive", "2020-03-02")
    waiting = office.case
    tell(office, "send_task", "2020-03-02")
    office.post_arrives()
    assert waiting.ended_step == "heard"
    assert count(office, AwaitedEvent) == 0


def test_a_case_that_goes_on_without_its_message_does_not_wait_for_it_any_more(office: Office) -> None:
    case = hear(office, "event_gateway_receive", "2020-03-02")
    with clock.moved_by(timedelta(days=11)):
        office.timers_fire()
    assert case.ended_step == "too_late"
    tell(office, "send_task", "2020-03-02")
    office.post_arrives()
    assert count(office, KeptMessage) == 1


def test_the_journals_of_both_cases_say_what_was_sent_and_taken(office: Office) -> None:
    receiver = hear(office, "receive_task", "2020-03-02")
    sender = tell(office, "send_task", "2020-03-02")
    office.post_arrives()
    entries = {case.id: journal.entries_of(office.session, journal.case_chain(case.id)) for case in (receiver, sender)}
    sent = [entry.facts for entry in entries[sender.id] if entry.event == journal.Event.MESSAGE_SENT]
    taken = [entry.facts for entry in entries[receiver.id] if entry.event == journal.Event.MESSAGE_DELIVERED]
    assert sent == [{"step": "tell", "message": "news"}]
    assert taken == [{"step": "hear", "message": "news", "sender": sender.id}]


def test_the_worker_performs_what_cases_send_each_other() -> None:
    assert set(correlation.PERFORM) <= set(HANDLERS)


def test_a_message_may_be_left_in_the_name_of_a_case_and_thrown_away_when_nobody_will_ask_for_it(
    office: Office,
) -> None:
    sender = office.begin("send_task")
    key = mailbox.key_of({"day": "2020-03-02"})
    mailbox.leave(office.session, "news", key, {"said": "no"}, sender_case_id=sender.id)
    assert not mailbox.is_awaited(office.session, "news", key)
    mailbox.forget(office.session, "news", mailbox.key_of({"day": "2020-03-01"}))
    assert count(office, KeptMessage) == 1
    mailbox.forget(office.session, "news", key)
    receiver = hear(office, "receive_task", "2020-03-02")
    office.post_arrives()
    assert not reading(office, receiver)
    assert mailbox.is_awaited(office.session, "news", key)


def test_all_that_has_come_for_a_case_is_given_to_it_one_after_the_other(office: Office) -> None:
    case = office.begin("event_subprocess_message_between_cases")
    for _ in range(2):
        tell(office, "send_task", "2020-03-02", "no")
    office.do("wish", "yes", case=case, on="2020-03-02")
    assert correlation.deliver_to(office.session, office.environment, case.id) == 2
    assert office.waiting == ["ask_on", "read", "read"]
    assert correlation.deliver_to(office.session, office.environment, case.id) == 0


def test_a_case_begun_for_another_was_begun_by_nobody_and_knows_what_it_was_told(office: Office) -> None:
    sender = office.begin("send_task")
    office.begin("receive_task")
    begun = cases.begin_for(
        office.session,
        office.environment,
        process="receive_task",
        unit_id=9,
        sender_case_id=sender.id,
        data={"told": {"of": sender.id}},
    )
    office.session.commit()
    assert (begun.started_by, begun.unit_id) == (None, 9)
    assert cases.data_of(begun)["told"] == {"of": sender.id}
    [entry] = journal.entries_of(office.session, journal.case_chain(begun.id))
    assert entry.facts["asked_by"] == sender.id
