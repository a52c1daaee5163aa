"""A check of places in the worker: portion by portion, and a message that comes twice has the effect of once."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tasks.outbox import perform_outbox
from tests.support import cast as people
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import quota_checks, quotas
from workflows.domain.quota_checks import QuotaCheck
from workflows.journal import Event
from workflows.outbox import OutboxRow

Look = Callable[[], Session]


@pytest.mark.parametrize("fresh_database", ["sqlite"], indirect=True)
def test_a_worker_that_fails_in_between_goes_on_where_it_stopped(
    founded: Cast, store: Session, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_checks, "PORTION", 2)
    for case_id in range(1, 7):
        people.apply(store, founded, case_id)
    plan = quotas.current_plan(store)
    check_id = quota_checks.ask(store, plan, founded.school, range(1, 7), founded.actor(founded.gaowa)).id
    store.commit()
    row_id = look().scalars(select(OutboxRow.id).where(OutboxRow.kind == quota_checks.OUTBOX_KIND)).one()
    portions, do = [], quota_checks.do_portion

    def fail_at_the_second(session: Session, check_id: int) -> bool:
        portions.append(check_id)
        if len(portions) == 2:
            raise OSError("gone")
        return do(session, check_id)

    monkeypatch.setattr(quota_checks, "do_portion", fail_at_the_second)
    assert perform_outbox(row_id) is False
    assert (look().get_one(QuotaCheck, check_id).done, look().get_one(OutboxRow, row_id).attempts) == (2, 1)
    assert perform_outbox(row_id) is True
    assert perform_outbox(row_id) is False
    check = look().get_one(QuotaCheck, check_id)
    assert (check.done, check.fitting) == (6, 5)
    assert check.ended_at is not None
    assert check.ended_at <= clock.now()
    events = [each.event for each in journal.entries_of(look(), journal.unit_chain(founded.school.id))]
    assert events.count(Event.QUOTA_CHECK_ENDED) == 1
