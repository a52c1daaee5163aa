"""The relay: what is handed to the broker, and when again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from kombu.exceptions import OperationalError
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tasks import relay, sending
from tasks.schedule import PERFORM
from tests.tasks.conftest import Broker
from workflows import clock, outbox
from workflows.outbox import RESEND_AFTER, OutboxRow

Look = Callable[[], Session]

pytestmark = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def rows(engine: Engine, store: Session) -> list[int]:
    """Five rows nobody has sent yet."""
    made = [outbox.post(store, "notice", number=number) for number in range(5)]
    store.commit()
    return [row.id for row in made]


def test_every_unsent_row_is_sent_once(rows: list[int], broker: Broker) -> None:
    assert relay.relay() == 5
    assert relay.relay() == 0
    assert (broker.sent, broker.tasks) == (rows, {PERFORM})


def test_more_rows_than_one_reading_takes(rows: list[int], broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "AT_ONCE", 2)
    assert relay.relay() == 5
    assert broker.sent == rows


def test_what_was_sent_and_never_done_is_sent_again(rows: list[int], broker: Broker, store: Session) -> None:
    relay.relay()
    outbox.mark_done(store.get_one(OutboxRow, rows[0], populate_existing=True))
    store.commit()
    with clock.standing_at(clock.now() + RESEND_AFTER + timedelta(seconds=1)):
        assert relay.relay() == 4
    assert broker.sent == [*rows, *rows[1:]]


def test_what_a_failing_broker_did_not_take_is_not_marked_as_sent(rows: list[int], broker: Broker, look: Look) -> None:
    broker.takes = 2
    with pytest.raises(OperationalError):
        relay.relay()
    unsent = look().scalars(select(OutboxRow.id).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.id))
    assert list(unsent) == rows[2:]
    broker.takes = 10**6
    assert relay.relay() == 3
