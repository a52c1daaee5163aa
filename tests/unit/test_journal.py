"""The journal: chains that cannot be cut, changed or continued by anybody else, and a seal over their heads."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.event import listen
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.concurrency.race import at_once
from workflows import clock, journal, tables
from workflows.database import new_engine
from workflows.journal import Actor, Event, JournalChain, JournalEntry, JournalSeal, JournalSealedHead

WANG = Actor(person_id=7, post_id=3, for_person_id=9, unit_id=5)


def write(session: Session, *chains: str) -> None:
    for chain in chains:
        journal.record(session, Event.STEP_COMPLETED, chain=chain, actor=WANG, step="talk", outcome="适合")
    journal.write(session)


@pytest.fixture
def unguarded() -> Session:
    """A journal whose tables nobody guards, so that a test may do what a thief with the database file could do."""
    engine = new_engine("sqlite://")
    tables.metadata.create_all(engine)
    session = Session(engine)
    write(session, "case:1", "case:2", "case:1", "case:1")
    journal.seal(session)
    write(session, "case:2")
    session.commit()
    return session


def faults(session: Session) -> list[str]:
    session.commit()
    return journal.verify(session).faults


def test_an_entry_keeps_who_in_which_post_for_whom_when_and_on_which_facts(session: Session) -> None:
    with clock.standing_at(datetime(2020, 5, 4, 1, tzinfo=UTC)):
        journal.record(
            session, Event.STEP_COMPLETED, chain="case:1", actor=WANG, happened_on=date(2020, 5, 3), step="talk"
        )
    journal.write(session)
    session.expire_all()
    [entry] = journal.entries_of(session, "case:1")
    assert (entry.person_id, entry.post_id, entry.for_person_id, entry.unit_id) == (7, 3, 9, 5)
    assert (entry.recorded_at.isoformat(), entry.happened_on) == ("2020-05-04T01:00:00+00:00", date(2020, 5, 3))
    assert (entry.event, entry.facts, entry.position) == ("step:completed", {"step": "talk"}, 1)


def test_each_entry_carries_the_digest_of_the_one_before_it(session: Session) -> None:
    write(session, "case:1", "case:2", "case:1")
    first, second = journal.entries_of(session, "case:1")
    assert (first.previous, second.previous) == (journal.GENESIS, first.digest)
    assert journal.entries_of(session, "case:2")[0].previous == journal.GENESIS


def test_an_untouched_journal_verifies_on_both_databases(session: Session) -> None:
    write(session, "case:1", "case:2", "case:1")
    journal.seal(session)
    write(session, "case:1")
    session.expire_all()
    found = journal.verify(session)
    assert (found.entries, found.chains, found.seals, found.faults) == (4, 2, 1, [])


def test_the_database_refuses_to_change_or_delete_an_entry(session: Session) -> None:
    write(session, "case:1")
    for statement in ("UPDATE journal_entry SET event = 'x'", "DELETE FROM journal_entry"):
        with pytest.raises(DBAPIError), session.begin_nested():
            session.execute(text(statement))


def test_one_changed_letter_is_named(unguarded: Session) -> None:
    unguarded.execute(
        update(JournalEntry)
        .where(JournalEntry.chain == "case:1", JournalEntry.position == 2)
        .values(facts={"step": "t"})
    )
    assert faults(unguarded) == ["case:1 #2 (step:completed): the content was changed after it was written"]


def test_an_entry_changed_together_with_its_digest_breaks_the_next_one(unguarded: Session) -> None:
    entry = journal.entries_of(unguarded, "case:1")[0]
    entry.person_id = 8
    entry.digest = journal.digest_of(entry)
    assert "case:1 #2 (step:completed): does not continue the entry before it" in faults(unguarded)


def test_an_entry_taken_out_of_the_middle_is_named(unguarded: Session) -> None:
    unguarded.delete(journal.entries_of(unguarded, "case:1")[1])
    assert "case:1 #3 (step:completed): entry 2 is missing" in faults(unguarded)


def test_a_chain_that_lost_its_tail_is_named_even_when_its_head_was_put_back(unguarded: Session) -> None:
    entries = journal.entries_of(unguarded, "case:1")
    head = unguarded.get_one(JournalChain, "case:1")
    unguarded.delete(entries[2])
    assert faults(unguarded)[0] == "case:1: ends at entry 2, but 3 were written"
    head.length, head.head = 2, entries[1].digest
    assert faults(unguarded) == ["case:1 #3: differs from what seal 1 saw"]


def test_a_chain_without_a_head_is_named(unguarded: Session) -> None:
    unguarded.delete(unguarded.get_one(JournalChain, "case:2"))
    assert faults(unguarded) == ["case:2: has entries but no head"]


def test_a_seal_that_was_changed_is_named(unguarded: Session) -> None:
    unguarded.scalars(select(JournalSealedHead)).first().length = 1
    assert "seal 1: was changed after it was made" in faults(unguarded)


def test_a_seal_covers_what_grew_and_nothing_twice(unguarded: Session) -> None:
    second = journal.seal(unguarded)
    assert (second.chains, second.previous) == (1, unguarded.get_one(JournalSeal, 1).digest)
    assert journal.seal(unguarded) is None
    assert faults(unguarded) == []


@pytest.mark.parametrize("fresh_database", ["sqlite", "postgresql"], indirect=True)
def test_many_may_begin_the_same_chain_in_the_same_moment(fresh_database: Engine) -> None:
    answers = at_once(fresh_database, *[lambda session: write(session, "unit:5")] * 6)
    assert answers == [None] * 6
    with Session(fresh_database) as session:
        assert [entry.position for entry in journal.entries_of(session, "unit:5")] == [1, 2, 3, 4, 5, 6]
        assert journal.verify(session).faults == []


def test_a_transaction_that_is_rolled_back_leaves_no_entry(session: Session) -> None:
    journal.record(session, Event.STEP_COMPLETED, chain="case:1")
    session.rollback()
    assert journal.entries_of(session, "case:1") == []


def test_a_savepoint_takes_only_its_own_entries_with_it(session: Session) -> None:
    def note(step: str) -> None:
        journal.record(session, Event.STEP_COMPLETED, chain="case:1", step=step)

    note("before")
    savepoint = session.begin_nested()
    note("inside")
    assert len(journal.entries_of(session, "case:1")) == 2
    savepoint.rollback()
    with session.begin_nested():
        note("kept")
    note("after")
    assert [entry.facts["step"] for entry in journal.entries_of(session, "case:1")] == ["before", "kept", "after"]
    assert journal.verify(session).faults == []


def test_a_commit_writes_what_was_recorded_with_three_statements(session: Session) -> None:
    write(session, "case:1", "case:2")
    session.commit()
    statements: list[str] = []
    listen(session.get_bind(), "before_cursor_execute", lambda _c, _cursor, text, *_rest: statements.append(text))
    for chain in ("case:2", "case:1", "case:2"):
        journal.record(session, Event.STEP_COMPLETED, chain=chain)
    session.commit()
    about_transactions = {"BEGIN", "SAVEPOINT", "RELEASE"}
    words = [text.split()[0] for text in statements]
    assert [word for word in words if word not in about_transactions] == ["SELECT", "INSERT", "UPDATE"]
