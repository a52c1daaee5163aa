"""The journal: what was decided, by whom, on which facts. Append-only, one writer, verifiable end to end.

Every entry belongs to a chain (one per case, one per quota account, one per unit for everything else), and carries the
hash of the entry before it. The nightly seal chains the heads of all chains that grew, so that a chain cannot lose its
tail unnoticed, and no step ever waits for another case's entry.

Personal data stays out: an entry names people, cases and step records by id and keeps a digest of what was submitted.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import Date, String, UniqueConstraint, and_, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.event import listens_for
from sqlalchemy.orm import Mapped, Session, SessionTransaction, mapped_column

from workflows import clock
from workflows.database import Base, BigId, Json, table_of

GENESIS = "0" * 64


class Event(StrEnum):
    """Every kind of entry there is, as `subject:action`."""

    RUSH_NOTED = "rush:noted"
    CASE_STARTED = "case:started"
    CASE_ENDED = "case:ended"
    CASE_AMENDED = "case:amended"
    CASE_MOVED = "case:moved"
    CASE_MOVE_UNDONE = "case:move_undone"
    MOVES_STARTED = "moves:started"
    MOVES_ENDED = "moves:ended"
    STEP_COMPLETED = "step:completed"
    STEP_REFUSED = "step:refused"
    MESSAGE_RECEIVED = "message:received"
    MESSAGE_SENT = "message:sent"
    MESSAGE_DELIVERED = "message:delivered"
    SIGNAL_SENT = "signal:sent"
    SIGNAL_HEARD = "signal:heard"
    TIMER_FIRED = "timer:fired"
    OPERATION_CALLED = "operation:called"
    DECISION_EVALUATED = "decision:evaluated"
    ACT_REFUSED = "act:refused"
    INCIDENT_OPENED = "incident:opened"
    INCIDENT_RETRIED = "incident:retried"
    INCIDENT_CORRECTED = "incident:corrected"
    INCIDENT_SKIPPED = "incident:skipped"
    INCIDENT_RESOLVED = "incident:resolved"
    BUNDLE_PUBLISHED = "bundle:published"
    PLAN_ISSUED = "plan:issued"
    PLAN_ENLARGED = "plan:enlarged"
    PLAN_CLOSED = "plan:closed"
    PLACES_ALLOTTED = "places:allotted"
    PLACES_RETURNED = "places:returned"
    PLACES_TRANSFERRED = "places:transferred"
    PLACES_EXPIRED = "places:expired"
    PLACES_CORRECTED = "places:corrected"
    QUOTA_CORRECTION_ENTERED = "places:correction_entered"
    QUOTA_CORRECTION_SETTLED = "places:correction_settled"
    PAST_SHARES_ENTERED = "places:past_shares_entered"
    PLACES_REQUESTED = "places:requested"
    REQUEST_FORWARDED = "places:request_forwarded"
    REQUEST_ANSWERED = "places:request_answered"
    REQUEST_WITHDRAWN = "places:request_withdrawn"
    TRANSFER_OFFERED = "places:transfer_offered"
    TRANSFER_SETTLED = "places:transfer_settled"
    PLACE_RESERVED = "place:reserved"
    PLACE_USED = "place:used"
    PLACE_RELEASED = "place:released"
    TRANSFER_ASKED = "transfer:asked"
    TRANSFER_ACCEPTED = "transfer:accepted"
    TRANSFER_REFUSED = "transfer:refused"
    TRANSFER_GONE = "transfer:gone"
    NUMBER_NOTED = "number:noted"
    STOCK_MOVED = "stock:moved"
    STOCK_COUNTED = "stock:counted"
    CARD_CODE_SET = "stock:code_set"
    MEMBER_ADMITTED = "member:admitted"
    MEMBER_LEFT = "member:left"
    PERSON_CORRECTED = "person:corrected"
    EVIDENCE_RECORDED = "evidence:recorded"
    EVIDENCE_CORRECTED = "evidence:corrected"
    EVIDENCE_FILE_TAKEN = "evidence:file_taken"
    POSTING_PUT_UP = "posting:put_up"
    POSTING_TAKEN_DOWN = "posting:taken_down"
    BATCH_STARTED = "batch:started"
    BATCH_ENDED = "batch:ended"
    SIGNED_IN = "account:signed_in"
    SIGN_IN_REFUSED = "account:sign_in_refused"
    SIGNED_OUT = "account:signed_out"
    ACCOUNT_CREATED = "account:created"
    PASSWORD_CHANGED = "account:password_changed"  # noqa: S105 - the name of an event
    BRANCH_CHANGED = "branch:changed"
    UNIT_FOUNDED = "unit:founded"
    PARTY_LINKED = "party:linked"
    PARTY_UNLINKED = "party:unlinked"
    PARTY_EVENT_ENTERED = "party:event_entered"
    PARTY_EVENT_CORRECTED = "party:event_corrected"
    PARTY_LIST_TAKEN = "party:list_taken"
    POST_ASSIGNED = "post:assigned"
    POST_ENDED = "post:ended"
    HOLIDAY_ENTERED = "holiday:entered"
    HOLIDAY_REMOVED = "holiday:removed"
    CALENDAR_UNKNOWN = "calendar:unknown"
    RECONCILED = "quota:reconciled"
    RULE_TIGHTENING_PROPOSED = "rule:tightening_proposed"
    RULE_TIGHTENING_APPROVED = "rule:tightening_approved"
    RULE_TIGHTENING_DECLINED = "rule:tightening_declined"
    RULE_TIGHTENING_WITHDRAWN = "rule:tightening_withdrawn"
    RULES_TAKEN = "rules:taken"
    HEAD_COUNTS_ENTERED = "head_counts:entered"
    SPLIT_PROPOSED = "split:proposed"
    SPLIT_CHANGED = "split:changed"
    SPLIT_CONFIRMED = "split:confirmed"
    SPLIT_DISCARDED = "split:discarded"
    RATIO_EXCEPTION_GRANTED = "ratio:exception_granted"
    QUOTA_CHECK_ASKED = "quota:check_asked"
    QUOTA_CHECK_ENDED = "quota:check_ended"
    ROUND_OPENED = "round:opened"
    ROUND_PLACES_SET = "round:places_set"
    ROUND_CONFIRMED = "round:confirmed"
    ROUND_CLOSED = "round:closed"
    RECOMMENDATION_LISTED = "recommendation:listed"
    RECOMMENDATION_MADE = "recommendation:made"
    RECOMMENDATION_SETTLED = "recommendation:settled"
    RECOGNITION_OPENED = "recognition:opened"
    RECOGNITION_SIGNED = "recognition:signed"
    RECOGNITION_RENEWED = "recognition:renewed"
    RECOGNITION_REPORTED = "recognition:reported"
    RECOGNITION_SETTLED = "recognition:settled"
    JOINT_TRAINING_BEGUN = "training:begun"
    JOINT_MENTORS_NAMED = "training:mentors_named"
    JOINT_PLAN_AGREED = "training:plan_agreed"
    JOINT_ASSESSED = "training:assessed"
    JOINT_REPORT_KEPT = "training:report_kept"
    JOINT_TRAINING_MOVED = "training:moved"
    JOINT_TRAINING_ENDED = "training:ended"


class JournalChain(Base):
    """The head of one chain; locking it is what makes a chain have one writer at a time."""

    __tablename__ = "journal_chain"

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    length: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(String(64), default=GENESIS)
    sealed_length: Mapped[int] = mapped_column(default=0)


class JournalEntry(Base):
    """One entry. Triggers in the database refuse to change or delete it."""

    __tablename__ = "journal_entry"
    __table_args__ = (UniqueConstraint("chain", "position"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chain: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    event: Mapped[str] = mapped_column(String(40), index=True)
    recorded_at: Mapped[datetime]
    happened_on: Mapped[date | None] = mapped_column(Date)
    person_id: Mapped[int | None] = mapped_column(BigId, index=True)
    post_id: Mapped[int | None] = mapped_column(BigId)
    for_person_id: Mapped[int | None] = mapped_column(BigId)
    unit_id: Mapped[int | None] = mapped_column(BigId, index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class JournalSeal(Base):
    """One night's seal over the heads of all chains that grew since the last."""

    __tablename__ = "journal_seal"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sealed_at: Mapped[datetime]
    chains: Mapped[int]
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class JournalSealedHead(Base):
    """How long a chain was, and how it ended, at one seal."""

    __tablename__ = "journal_sealed_head"

    seal_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    length: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class Actor:
    """Who acts: the person, in which post, and for whom when a substitute acts ("B 代 A")."""

    person_id: int | None = None
    post_id: int | None = None
    for_person_id: int | None = None
    unit_id: int | None = None


SYSTEM = Actor()
"""The product itself: timers and nightly work."""


def record(
    session: Session,
    event: Event,
    *,
    chain: str,
    actor: Actor = SYSTEM,
    happened_on: date | None = None,
    **facts: Any,
) -> None:
    """Append one entry to `chain` inside the caller's transaction; the only writer of the journal.

    `facts` must be JSON values. `happened_on` is the day of a paper event recorded late; the entry keeps both dates.
    The entries of a transaction are written together when it is committed: each chain is locked once, for as short a
    time as possible, and always in the same order. A rolled-back savepoint takes its entries with it.
    """
    _unwritten(session).entries.append(
        {
            "chain": chain,
            "event": event.value,
            "recorded_at": clock.now(),
            "happened_on": happened_on,
            "person_id": actor.person_id,
            "post_id": actor.post_id,
            "for_person_id": actor.for_person_id,
            "unit_id": actor.unit_id,
            "facts": orjson.loads(orjson.dumps(facts)),
        }
    )


@dataclass
class _Unwritten:
    """What a transaction has recorded and not written yet, now and at the beginning of each savepoint."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Length and head of chains that this transaction has locked."""
    before: dict[SessionTransaction, list[dict[str, Any]]] = field(default_factory=dict)


def _unwritten(session: Session) -> _Unwritten:
    if not session.in_transaction():
        session.begin()
    found: _Unwritten = session.info.setdefault("journal", _Unwritten())
    return found


@listens_for(Session, "after_transaction_create")
def _remember(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested and "journal" in session.info:
        unwritten = _unwritten(session)
        unwritten.before[transaction] = list(unwritten.entries)


@listens_for(Session, "after_soft_rollback")
def _take_back(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested and "journal" in session.info:
        unwritten = _unwritten(session)
        unwritten.entries = unwritten.before.get(transaction, [])
        unwritten.heads.clear()  # what was written behind a head may be among what is taken back


@listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop("journal", None)


def known_head(session: Session, chain: str, length: int, head: str) -> None:
    """The end of a chain as the caller has read and locked it in this transaction; it is not asked for again."""
    _unwritten(session).heads[chain] = (length, head)


_CHAIN, _ENTRY = table_of(JournalChain), table_of(JournalEntry)
_HEADS = (
    select(_CHAIN.c.chain, _CHAIN.c.length, _CHAIN.c.head)
    .where(_CHAIN.c.chain.in_(bindparam("chains", expanding=True)))
    .order_by(_CHAIN.c.chain)
    .with_for_update()
)
_WRITE = insert(_ENTRY)
_MOVE = update(_CHAIN).where(_CHAIN.c.chain == bindparam("of")).values(length=bindparam("to"), head=bindparam("now"))


@listens_for(Session, "before_commit")
def _write_at_the_end(session: Session) -> None:
    """The end of a savepoint is not the end: what it recorded is written with the rest, or taken back with it."""
    if not session.in_nested_transaction():
        write(session)


def write(session: Session) -> None:
    """Write what was recorded; a commit does it by itself, and whoever reads the journal does it before."""
    unwritten: _Unwritten | None = session.info.get("journal")
    if unwritten is None or not unwritten.entries:
        return
    entries, unwritten.entries = unwritten.entries, []
    wanted = {entry["chain"] for entry in entries}
    heads = {chain: unwritten.heads[chain] for chain in wanted & unwritten.heads.keys()}
    if unknown := wanted - heads.keys():
        heads |= _locked_heads(session, sorted(unknown))
    for entry in entries:
        length, head = heads[entry["chain"]]
        entry["position"], entry["previous"] = length + 1, head
        entry["digest"] = _digest_of(entry)
        heads[entry["chain"]] = (length + 1, entry["digest"])
    connection = session.connection()
    connection.execute(_WRITE, entries)
    unwritten.heads |= heads
    connection.execute(_MOVE, [{"of": chain, "to": length, "now": head} for chain, (length, head) in heads.items()])


def _locked_heads(session: Session, chains: list[str]) -> dict[str, tuple[int, str]]:
    connection = session.connection()
    heads = {chain: (length, head) for chain, length, head in connection.execute(_HEADS, {"chains": chains})}
    if len(heads) < len(chains):
        # Whoever begins a chain in this very moment is waited for; the second one goes on behind.
        begin = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        new = [
            {"chain": chain, "length": 0, "head": GENESIS, "sealed_length": 0} for chain in chains if chain not in heads
        ]
        connection.execute(begin(_CHAIN).on_conflict_do_nothing(), new)
        heads = {chain: (length, head) for chain, length, head in connection.execute(_HEADS, {"chains": chains})}
    return heads


def digest_of(entry: JournalEntry) -> str:
    """SHA-256 over every column that means something, in one canonical spelling."""
    return _digest_of({column.name: getattr(entry, column.name) for column in _ENTRY.columns})


def _digest_of(entry: Mapping[str, Any]) -> str:
    return _digest(
        {
            "chain": entry["chain"],
            "position": entry["position"],
            "event": entry["event"],
            "recorded_at": entry["recorded_at"].isoformat(),
            "happened_on": entry["happened_on"] and entry["happened_on"].isoformat(),
            "person": entry["person_id"],
            "post": entry["post_id"],
            "for": entry["for_person_id"],
            "unit": entry["unit_id"],
            "facts": entry["facts"],
            "previous": entry["previous"],
        }
    )


def _digest(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


CASE_CHAIN = "case:"


def case_chain(case_id: int) -> str:
    """The name of a case's own chain."""
    return f"{CASE_CHAIN}{case_id}"


def unit_chain(unit_id: int | None) -> str:
    """The name of the chain for what happens at a unit outside any case; `unit:0` is the product's own."""
    return f"unit:{unit_id or 0}"


def entries_of(session: Session, chain: str) -> list[JournalEntry]:
    """All entries of one chain, oldest first."""
    write(session)
    query = select(JournalEntry).where(JournalEntry.chain == chain).order_by(JournalEntry.position)
    return list(session.scalars(query))


def seal(session: Session) -> JournalSeal | None:
    """Seal the heads of all chains that grew since the last seal; None when nothing grew."""
    write(session)
    query = select(JournalChain).where(JournalChain.length > JournalChain.sealed_length).order_by(JournalChain.chain)
    grown = list(session.scalars(query.execution_options(populate_existing=True)))
    if not grown:
        return None
    last = session.scalars(select(JournalSeal).order_by(JournalSeal.id.desc()).limit(1)).first()
    made = JournalSeal(sealed_at=clock.now(), chains=len(grown), previous=last.digest if last else GENESIS)
    heads = [(chain.chain, chain.length, chain.head) for chain in grown]
    made.digest = _seal_digest(made, heads)
    session.add(made)
    session.flush()
    session.add_all(
        JournalSealedHead(seal_id=made.id, chain=chain, length=length, head=head) for chain, length, head in heads
    )
    for chain in grown:
        chain.sealed_length = chain.length
    return made


def _seal_digest(made: JournalSeal, heads: list[tuple[str, int, str]]) -> str:
    return _digest({"sealed_at": made.sealed_at.isoformat(), "previous": made.previous, "heads": sorted(heads)})


@dataclass(frozen=True)
class Verification:
    """What was checked, and every fault found, in words."""

    entries: int
    chains: int
    seals: int
    faults: list[str]


def verify(session: Session) -> Verification:
    """Recompute every digest, walk every chain and every seal, and name each entry that does not fit."""
    write(session)
    faults: list[str] = []
    heads: dict[str, tuple[int, str]] = {}
    count = 0
    # Rows, not objects: a year leaves millions of entries, and as many heads under seals.
    for row in session.execute(_IN_ORDER, execution_options={"yield_per": 2000}):
        count, entry = count + 1, row._asdict()
        chain, position = entry["chain"], entry["position"]
        length, head = heads.get(chain, (0, GENESIS))
        where = f"{chain} #{position} ({entry['event']})"
        if position != length + 1:
            faults.append(f"{where}: entry {length + 1} is missing")
        elif entry["previous"] != head:
            faults.append(f"{where}: does not continue the entry before it")
        if _digest_of(entry) != entry["digest"]:
            faults.append(f"{where}: the content was changed after it was written")
        heads[chain] = (position, entry["digest"])
    chains = 0
    for chain, length, head in session.execute(select(_CHAIN.c.chain, _CHAIN.c.length, _CHAIN.c.head)):
        chains += 1
        found = heads.pop(chain, (0, GENESIS))
        if found != (length, head):
            faults.append(f"{chain}: ends at entry {found[0]}, but {length} were written")
    faults += [f"{chain}: has entries but no head" for chain in heads]
    for seal_id, chain, length in session.execute(_NOT_AS_SEALED):
        faults.append(f"{chain} #{length}: differs from what seal {seal_id} saw")
    seals = _verify_seals(session, faults)
    return Verification(entries=count, chains=chains, seals=seals, faults=faults)


_SEALED = table_of(JournalSealedHead)
_IN_ORDER = select(*_ENTRY.c).order_by(_ENTRY.c.chain, _ENTRY.c.position)
_NOT_AS_SEALED = (
    select(_SEALED.c.seal_id, _SEALED.c.chain, _SEALED.c.length)
    .outerjoin(_ENTRY, and_(_ENTRY.c.chain == _SEALED.c.chain, _ENTRY.c.position == _SEALED.c.length))
    .where(or_(_ENTRY.c.id.is_(None), _ENTRY.c.digest != _SEALED.c.head))
    .order_by(_SEALED.c.seal_id, _SEALED.c.chain)
)
"""Heads under a seal whose entry is gone or carries another digest."""


def _verify_seals(session: Session, faults: list[str]) -> int:
    previous, count = GENESIS, 0
    for made in session.scalars(select(JournalSeal).order_by(JournalSeal.id)):
        count += 1
        query = select(_SEALED.c.chain, _SEALED.c.length, _SEALED.c.head).where(_SEALED.c.seal_id == made.id)
        heads = [(chain, length, head) for chain, length, head in session.execute(query)]
        if made.previous != previous or _seal_digest(made, heads) != made.digest:
            faults.append(f"seal {made.id}: was changed after it was made")
        previous = made.digest
    return count
