"""Messages at the same moment: one delivery counts, one receiver is let in, sender and receiver never miss another."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.concurrency.race import at_once, kinds
from tests.engine.conftest import SECRETARY, Office
from workflows import outbox
from workflows.engine import cases, correlation
from workflows.engine.mailbox import AwaitedEvent, KeptMessage
from workflows.engine.tables import Case, WorkItem
from workflows.outbox import OutboxRow

DAY = "2020-03-02"


@pytest.fixture
def office(fresh_database: Engine) -> Iterator[Office]:
    with Session(fresh_database) as session:
        yield Office(session, "saved and restored")


def answering(office: Office, step: str, case: Case) -> Callable[[Session], object]:
    """The act of doing a step of a case with the day that relates the cases."""
    work_item_id = office.item(step, case=case).id

    def act(session: Session) -> object:
        content = {"on": DAY}
        return cases.complete_step(
            session,
            office.environment,
            work_item_id=work_item_id,
            actor=SECRETARY,
            outcome="yes",
            content=content,
        )

    return act


def reading(office: Office) -> list[int]:
    office.session.expire_all()
    return list(office.session.scalars(select(WorkItem.case_id).where(WorkItem.step == "read")))


def test_a_message_that_several_workers_deliver_at_once_is_taken_once(fresh_database: Engine, office: Office) -> None:
    receiver = office.begin("receive_task")
    office.do("wish", "yes", on=DAY)
    office.do("ask", "yes", case=office.begin("send_task"), on=DAY)
    key = office.session.scalars(select(KeptMessage.key)).one()
    office.session.commit()

    def deliver(session: Session) -> object:
        return correlation.deliver_message(session, office.environment, "news", key)

    assert sorted(map(str, at_once(fresh_database, *[deliver] * 4))) == ["False", "False", "False", "True"]
    assert reading(office) == [receiver.id]
    assert office.session.scalars(select(KeptMessage)).all() == []


def test_of_two_cases_that_begin_to_wait_for_one_message_at_once_the_second_is_refused(
    fresh_database: Engine, office: Office
) -> None:
    two = [answering(office, "wish", office.begin("receive_task")) for _ in range(2)]
    office.session.commit()
    assert kinds(at_once(fresh_database, *two)) == ["Case", "MessageAwaitedTwice"]
    assert len(office.session.scalars(select(AwaitedEvent)).all()) == 1


def test_a_sender_and_a_receiver_at_once_do_not_miss_each_other(fresh_database: Engine, office: Office) -> None:
    receiver, sender = office.begin("receive_task"), office.begin("send_task")
    both = [answering(office, "wish", receiver), answering(office, "ask", sender)]
    office.session.commit()
    assert kinds(at_once(fresh_database, *both)) == ["Case", "Case"]
    rows = list(office.session.scalars(select(OutboxRow.id)))
    office.session.commit()

    def perform(row_id: int) -> Callable[[Session], object]:
        def act(session: Session) -> object:
            row = outbox.open_row(session, row_id)
            assert row is not None
            outbox.mark_done(row)
            return correlation.PERFORM[row.kind](session, office.environment, row.payload)

        return act

    at_once(fresh_database, *map(perform, rows))
    assert reading(office) == [receiver.id]
