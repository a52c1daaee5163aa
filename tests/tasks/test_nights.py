"""The nightly jobs: reconciliation, seal, forgotten keys."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tasks.keys import KEPT_FOR, forget_idempotency_keys
from tasks.reconciliation import reconcile_quotas
from tasks.seals import seal_journal
from tests.support.cast import Cast
from workflows import clock, idempotency, journal
from workflows.domain.quota_ledger import QuotaAccount
from workflows.idempotency import IdempotencyKey
from workflows.journal import Event
from workflows.outbox import OutboxRow

Look = Callable[[], Session]

pytestmark = pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)


def test_a_clean_night_is_on_record_and_nobody_is_told(founded: Cast, look: Look) -> None:
    assert reconcile_quotas() == 0
    entry = journal.entries_of(look(), journal.unit_chain(None))[-1]
    assert entry.event == Event.RECONCILED
    assert entry.facts["faults"] == []
    assert entry.facts["checked"]["名额账户"] == 4
    assert look().scalar(select(func.count()).select_from(OutboxRow)) == 0


def test_a_fault_is_on_record_and_told_to_the_administrators(founded: Cast, store: Session, look: Look) -> None:
    row = update(QuotaAccount).where(QuotaAccount.unit_id == founded.school.id)
    store.execute(row.values(free=QuotaAccount.free + 1, allotted_in=QuotaAccount.allotted_in + 1))
    store.commit()
    assert reconcile_quotas() > 0
    assert journal.entries_of(look(), journal.unit_chain(None))[-1].facts["faults"]
    [told] = look().scalars(select(OutboxRow).where(OutboxRow.kind == "notice"))
    assert told.payload["post_kind"] == "administrator"
    assert len(told.payload["text"]) <= 400


def test_the_seal_covers_what_grew(founded: Cast, look: Look) -> None:
    assert seal_journal() > 0
    assert seal_journal() == 0
    verified = journal.verify(look())
    assert (verified.seals, verified.faults) == (1, [])


def test_keys_are_forgotten_after_a_week(founded: Cast, store: Session, look: Look) -> None:
    idempotency.claim(store, founded.saren.id, "old", "digest")
    store.commit()
    forget_idempotency_keys()
    assert look().scalar(select(func.count()).select_from(IdempotencyKey)) == 1
    with clock.standing_at(clock.now() + KEPT_FOR + timedelta(hours=1)):
        forget_idempotency_keys()
    assert look().scalar(select(func.count()).select_from(IdempotencyKey)) == 0
