"""Counts every effect of the drill, in every table and in the journal: each seat has each of them once."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.support.clerk import Told
from workflows import journal
from workflows.domain import quotas
from workflows.domain.members import Candidate, CandidateStatus, LeagueMember
from workflows.domain.numbering import Place, PlaceState
from workflows.domain.people import Person
from workflows.engine import stuck
from workflows.engine.job_tables import Incident, Job
from workflows.engine.mailbox import AwaitedEvent, KeptMessage
from workflows.engine.tables import Batch, BatchItem, Case, DueTimer, StepRecord, WorkItem
from workflows.idempotency import IdempotencyKey
from workflows.journal import Event, JournalEntry
from workflows.operations.notices import Notice
from workflows.outbox import OutboxRow

STEPS = ("apply", "review", "sign")

JOURNAL = (
    ("case:started", None),
    *(("step:completed", step) for step in STEPS),
    *(("operation:called", step) for step in ("register", "reserve", "remind", "use", "admit")),
    ("message:sent", "hand_on"),
    ("message:delivered", "take_over"),
    ("timer:fired", "rest"),
    ("member:admitted", None),
    ("case:ended", "admitted"),
)
"""What the chain of one case holds, apart from acts that were refused."""

_OF_A_CASE = select(Notice.case_id).where(Notice.case_id.is_not(None))
"""Apart from the one notice that a class was not counted, which is of the school."""

GONE = (WorkItem, DueTimer, Job, AwaitedEvent, KeptMessage, Incident)
"""Tables of what is still to be done, or could not be done."""


def faults(session: Session, seats: int) -> list[str]:
    """What was lost or doubled, whoever may have been told what."""
    journal.write(session)
    ids = list(session.scalars(select(Case.id)))
    ends = set(session.scalars(select(Case.ended_step)))
    found = [] if ends == {"admitted"} else [f"cases ended at {ends}"]
    found += _each_once("application of seat", _seats(session), map(str, range(seats)))
    found += _each_once("case and step", _steps(session), [(case, step) for case in ids for step in STEPS])
    found += _each_once("journal entry", _entries(session), [(case, *entry) for case in ids for entry in JOURNAL])
    found += _each_once("used place of case", _places(session), ids)
    found += _each_once("admitted candidate of case", _candidates(session), ids)
    found += _each_once("notice of case", session.scalars(_OF_A_CASE), ids)
    found += _each_once("begun batch", _of_batches(session, Event.BATCH_STARTED), session.scalars(select(Batch.id)))
    found += _each_once("ended batch", _of_batches(session, Event.BATCH_ENDED), session.scalars(select(Batch.id)))
    found += _left_over(session)
    found += [f"case {case_id} waits for nothing" for case_id in stuck.suspects(session)]
    return [*found, *journal.verify(session).faults, *quotas.audit(session).faults]


def broken_promises(session: Session, told: Told) -> list[str]:
    """Where the clerks were told something else than what is on record, and what nobody was told."""
    versions = select(StepRecord.case_id, StepRecord.case_version)
    begun, reviewed = (_versions(told, what) for what in ("start", "review"))
    found = _each_once("entered", session.execute(versions.where(StepRecord.step == "apply")), begun)
    found += _each_once("reviewed", session.execute(versions.where(StepRecord.step == "review")), reviewed)
    done = select(BatchItem.case_id).where(BatchItem.status == "done")
    signed = [*session.scalars(done), *(answer["id"] for answer in told.answers_to("sign"))]
    found += _each_once("signed", session.scalars(select(StepRecord.case_id).where(StepRecord.step == "sign")), signed)
    batches = [answer["id"] for answer in told.answers_to("batch")]
    found += _each_once("batch", session.scalars(select(Batch.id)), batches)
    kept = session.scalar(select(func.count()).select_from(IdempotencyKey).where(IdempotencyKey.status < 300))
    if kept != len(told.promised):
        found.append(f"{len(told.promised)} acts were answered and {kept} answers are kept")
    return found + told.wrong


def _each_once(what: str, found: Iterable[Any], wanted: Iterable[Hashable]) -> list[str]:
    counted = Counter(tuple(each) if not isinstance(each, Hashable | str) else each for each in found)
    expected = set(wanted)
    doubled = [f"{what} {each}: {times} times" for each, times in counted.items() if times > 1]
    return [
        *doubled,
        *(f"{what} {each}: not expected" for each in counted.keys() - expected),
        *(f"{what} {each}: missing" for each in expected - counted.keys()),
    ]


def _versions(told: Told, what: str) -> list[tuple[int, int]]:
    return [(answer["id"], answer["version"]) for answer in told.answers_to(what)]


def _seats(session: Session) -> list[str]:
    records = session.scalars(select(StepRecord).where(StepRecord.step == "apply"))
    return [record.content["seat"] for record in records]


def _steps(session: Session) -> list[tuple[int, str]]:
    return [(case, step) for case, step in session.execute(select(StepRecord.case_id, StepRecord.step))]


def _entries(session: Session) -> Iterator[tuple[int, str, str | None]]:
    """Entries of cases; whether a rush is noted depends on how many were admitted before, so only twice is wrong."""
    of_cases = select(JournalEntry).where(JournalEntry.chain.startswith("case:"))
    rushed: set[str] = set()
    for entry in session.scalars(of_cases.where(JournalEntry.event != Event.ACT_REFUSED)):
        if entry.event == Event.RUSH_NOTED and entry.chain not in rushed:
            rushed.add(entry.chain)
            continue
        yield int(entry.chain.removeprefix("case:")), entry.event, entry.facts.get("step")


def _places(session: Session) -> Iterator[int | str]:
    """Cases with a used place; a place in another state, or with a number given out twice, is its own fault."""
    for place in session.scalars(select(Place)):
        yield place.case_id if place.state == PlaceState.USED else f"{place.case_id} ({place.state})"
    numbers = Counter(session.scalars(select(Place.number)))
    yield from (f"number {number}" for number, times in numbers.items() if times > 1)


def _candidates(session: Session) -> list[int]:
    """Cases whose candidate is a member by a number; two applications of one person would be two members."""
    query = select(Candidate.case_id).join(LeagueMember, LeagueMember.person_id == Candidate.person_id)
    query = query.join(Person, Person.id == Candidate.person_id).where(LeagueMember.number.is_not(None))
    return [case for case in session.scalars(query.where(Candidate.status == CandidateStatus.ADMITTED)) if case]


def _of_batches(session: Session, event: Event) -> list[int]:
    return [facts["batch"] for facts in session.scalars(select(JournalEntry.facts).where(JournalEntry.event == event))]


def _left_over(session: Session) -> Iterator[str]:
    for table in GONE:
        rows = session.scalar(select(func.count()).select_from(table))
        if rows:
            yield f"{table.__tablename__}: {rows} left over"
    for row in session.scalars(select(OutboxRow).where(OutboxRow.done_at.is_(None))):
        yield f"outbox row {row.id} ({row.kind}): still owed, {row.last_error}"
    for item in session.scalars(select(BatchItem).where(BatchItem.status == "waiting")):
        yield f"item {item.id} of batch {item.batch_id}: still waits"
    for key in session.scalars(select(IdempotencyKey.key).where(IdempotencyKey.status == 0)):
        yield f"key {key}: kept without an answer"
