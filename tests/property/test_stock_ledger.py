"""The stock of forms and cards under any order of acts: a copy lies in one place, and two people hand it over."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.property.ledgers import EXAMPLES, founded
from tests.support import cast as people
from workflows import clock, journal
from workflows.domain import (
    members,
    quotas,
    stock_audit,
    stock_card_codes,
    stock_copies,
    stock_counts,
    stock_handovers,
    stock_ledger,
)
from workflows.domain.members import CandidateStatus
from workflows.domain.quotas import NoPlaceHeld, NumberIsVoid
from workflows.domain.stock_copies import CopyState, StockCopy
from workflows.domain.stock_counts import StockCount
from workflows.domain.stock_handovers import StockHandover
from workflows.domain.stock_ledger import Shelf, StockKind
from workflows.domain.stock_refusals import (
    CardCodeFixed,
    CardCodeWrong,
    CountChanged,
    CountSettled,
    FormStillOut,
    HandoverSettled,
    NoCopyOut,
    NoStockKept,
    NotAMemberYet,
    SamePersonReceives,
    StockExhausted,
)
from workflows.journal import SYSTEM, Actor

FORM, CARD = StockKind.FORM, StockKind.CARD
KINDS = st.sampled_from(list(StockKind))
ABOVE = {"school": "county", "other_school": "county"}
UNITS = ("county", *ABOVE)
WAYS = st.sampled_from([*ABOVE.items(), *((above, below) for below, above in ABOVE.items())])
CLERKS = st.sampled_from(["gaowa", "chen", "zhao"])
FEW = st.integers(1, 6)
PLACES = 8

Shelves = Counter[Shelf]


@dataclass
class Way:
    """A handover as its two sides know it."""

    kind: StockKind
    giver: str
    taker: str
    amount: int
    sender: str


@dataclass
class Counted:
    """A count as it was entered."""

    unit: str
    kind: StockKind
    month: int
    expected: int
    counted: int
    clerk: str
    confirmed: bool = False


@dataclass
class Books:
    """What the stock should say, in the simplest way there is: how many copies lie on which shelf of which unit."""

    shelves: dict[tuple[str, StockKind], Shelves] = field(default_factory=dict)
    received: Counter[tuple[str, StockKind]] = field(default_factory=Counter)
    passed_on: Counter[tuple[str, StockKind]] = field(default_factory=Counter)
    under_way: dict[int, Way] = field(default_factory=dict)
    out: dict[tuple[StockKind, int], tuple[str, str]] = field(default_factory=dict)
    """Whose stock the copy in somebody's hands is of, and its number."""
    numbers: dict[int, str] = field(default_factory=dict)
    """Of those who hold a place."""
    waiting: set[int] = field(default_factory=set)
    """Whose number waits for another form."""
    counted: dict[int, Counted] = field(default_factory=dict)
    admitted: set[int] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    cards: Counter[str] = field(default_factory=Counter)
    """Cards ever given out, by committee."""

    def of(self, unit: str, kind: StockKind) -> Shelves:
        return self.shelves.setdefault((unit, kind), Counter())

    def keeper(self, kind: StockKind) -> str | None:
        """Whose stock the applicants at the school are given their papers of."""
        return next((unit for unit in ("school", "county") if (unit, kind) in self.shelves), None)

    def move(self, unit: str, kind: StockKind, source: Shelf, target: Shelf, amount: int = 1) -> None:
        self.of(unit, kind).update({source: -amount, target: amount})


class StockLedger(RuleBasedStateMachine):
    """Receive, hand on, count, give out, spoil and lose, in any order and by anybody."""

    cases = Bundle("cases")
    handovers = Bundle("handovers")
    counts = Bundle("counts")

    def __init__(self) -> None:
        super().__init__()
        engine, self.cast = founded()
        self.connection = engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(bind=self.connection, join_transaction_mode="create_savepoint")
        people.plan_for_school(self.session, self.cast, PLACES)
        self.books, self.month, self.applied = Books(), 1, 0

    def teardown(self) -> None:
        assert journal.verify(self.session).faults == []
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    def unit(self, key: str) -> int:
        return int(getattr(self.cast, key).id)

    def clerk(self, key: str) -> Actor:
        person_id: int = getattr(self.cast, key).id
        return Actor(person_id=person_id)

    @rule(kind=KINDS, unit=st.sampled_from(UNITS), amount=FEW, clerk=CLERKS)
    def receive(self, kind: StockKind, unit: str, amount: int, clerk: str) -> None:
        stock_handovers.receive(self.session, kind, self.unit(unit), amount, document="出库单", actor=self.clerk(clerk))
        self.books.of(unit, kind)[Shelf.BLANK] += amount
        self.books.received[unit, kind] += amount

    @rule(target=handovers, kind=KINDS, way=WAYS, amount=FEW, clerk=CLERKS)
    def send(self, kind: StockKind, way: tuple[str, str], amount: int, clerk: str) -> Any:
        giver, taker = way
        blank = self.books.shelves.get((giver, kind), Counter())[Shelf.BLANK]
        units = self.unit(giver), self.unit(taker)
        try:
            sent = stock_handovers.hand_over(self.session, kind, *units, amount, list_no="", actor=self.clerk(clerk))
        except StockExhausted:
            assert blank < amount
            return multiple()
        assert blank >= amount
        self.books.move(giver, kind, Shelf.BLANK, Shelf.TRANSIT, amount)
        self.books.under_way[sent.id] = Way(kind, giver, taker, amount, clerk)
        return sent.id

    @rule(handover=handovers, clerk=CLERKS, short=st.integers(0, 2))
    def sign_for(self, handover: int, clerk: str, short: int) -> None:
        way = self.books.under_way.get(handover)
        counted = max(way.amount - short, 0) if way else 1
        try:
            stock_handovers.sign_for(self.session, handover, counted, difference="清点差额", actor=self.clerk(clerk))
        except HandoverSettled:
            assert way is None
            return
        except SamePersonReceives:
            assert way is not None
            assert way.sender == clerk
            return
        assert way is not None
        assert way.sender != clerk
        del self.books.under_way[handover]
        self.books.of(way.giver, way.kind).update({Shelf.TRANSIT: -way.amount, Shelf.LOST: way.amount - counted})
        self.books.of(way.taker, way.kind)[Shelf.BLANK] += counted
        self.books.passed_on[way.giver, way.kind] += counted
        self.books.received[way.taker, way.kind] += counted

    @rule(handover=handovers, clerk=CLERKS, act=st.sampled_from(["decline", "call_back"]))
    def take_back(self, handover: int, clerk: str, act: str) -> None:
        way = self.books.under_way.get(handover)
        try:
            getattr(stock_handovers, act)(self.session, handover, reason="名册不符", actor=self.clerk(clerk))
        except HandoverSettled:
            assert way is None
            return
        except SamePersonReceives:
            assert way is not None
            assert (way.sender, act) == (clerk, "decline")
            return
        assert way is not None
        del self.books.under_way[handover]
        self.books.move(way.giver, way.kind, Shelf.TRANSIT, Shelf.BLANK, way.amount)

    @precondition(lambda self: len(self.books.numbers) < PLACES)
    @rule(target=cases)
    def pass_the_pre_review(self) -> int:
        self.applied += 1
        people.apply(self.session, self.cast, self.applied)
        place = quotas.reserve(self.session, unit_id=self.unit("school"), case_id=self.applied, actor=SYSTEM)
        self.books.numbers[self.applied] = place.number
        return self.applied

    @rule(case_id=cases)
    def withdraw(self, case_id: int) -> None:
        if case_id in self.books.numbers and case_id not in self.books.admitted:
            quotas.release(self.session, case_id=case_id, reason="撤回", actor=SYSTEM)
            members.settle(self.session, case_id, CandidateStatus.WITHDRAWN)
            del self.books.numbers[case_id]
            self.books.waiting.discard(case_id)

    @rule(case_id=cases)
    def admit(self, case_id: int) -> None:
        if case_id not in self.books.numbers or case_id in self.books.admitted:
            return
        try:
            place = quotas.use(self.session, case_id=case_id, actor=SYSTEM)
        except NumberIsVoid:
            assert case_id in self.books.waiting
            return
        assert case_id not in self.books.waiting
        members.admit(self.session, case_id=case_id, joined_on=people.APPLIED, number=place.number)
        self.books.admitted.add(case_id)

    @rule(case_id=cases, clerk=CLERKS)
    def give_form(self, case_id: int, clerk: str) -> None:
        number, keeper = self.books.numbers.get(case_id), self.books.keeper(FORM)
        out = self.books.out.get((FORM, case_id))
        others = {serial for (kind, other), (_, serial) in self.books.out.items() if kind == FORM and other != case_id}
        blank = self.books.of(keeper, FORM)[Shelf.BLANK] if keeper else 0
        try:
            copy = stock_copies.bind_form(self.session, case_id=case_id, actor=self.clerk(clerk))
        except NoPlaceHeld:
            assert number is None
        except NoStockKept:
            assert keeper is None
        except FormStillOut:
            assert number in others
        except StockExhausted:
            assert blank == 0
            assert out is None
        else:
            assert keeper is not None
            assert copy.serial == number
            self.note_given(FORM, case_id, keeper, copy.serial)
            self.books.waiting.discard(case_id)

    @rule(case_id=cases, clerk=CLERKS)
    def give_card(self, case_id: int, clerk: str) -> None:
        keeper, out = self.books.keeper(CARD), self.books.out.get((CARD, case_id))
        code = self.books.codes.get(keeper) if keeper else None
        try:
            copy = stock_copies.bind_card(self.session, case_id=case_id, actor=self.clerk(clerk))
        except NotAMemberYet:
            assert case_id not in self.books.admitted
        except NoStockKept:
            assert keeper is None or (code is None and out is None)
        except StockExhausted:
            assert keeper is not None
            assert self.books.of(keeper, CARD)[Shelf.BLANK] == 0
        else:
            assert keeper is not None
            if out is None:
                self.books.cards[keeper] += 1
                assert copy.serial == f"{code}{self.books.cards[keeper]:05d}"
            self.note_given(CARD, case_id, keeper, copy.serial)

    def note_given(self, kind: StockKind, case_id: int, keeper: str, serial: str) -> None:
        """Given once; who is given it again has the same copy still."""
        if (kind, case_id) in self.books.out:
            assert self.books.out[kind, case_id][1] == serial
        else:
            self.books.move(keeper, kind, Shelf.BLANK, Shelf.BOUND)
            self.books.out[kind, case_id] = keeper, serial

    @rule(case_id=cases, kind=KINDS, lost=st.booleans(), clerk=CLERKS)
    def end(self, case_id: int, kind: StockKind, lost: bool, clerk: str) -> None:
        act = stock_copies.lose if lost else stock_copies.spoil
        try:
            act(self.session, kind, case_id=case_id, reason="涂改", document="剪角1", actor=self.clerk(clerk))
        except NoCopyOut:
            assert (kind, case_id) not in self.books.out
            return
        keeper, _ = self.books.out.pop((kind, case_id))
        self.books.move(keeper, kind, Shelf.BOUND, Shelf.LOST if lost else Shelf.VOID)
        if kind == FORM and case_id in self.books.numbers and case_id not in self.books.admitted:
            self.books.waiting.add(case_id)

    @rule(unit=st.sampled_from(["county", "school"]), code=st.sampled_from(["011", "012"]), clerk=CLERKS)
    def set_code(self, unit: str, code: str, clerk: str) -> None:
        self.books.of(unit, CARD)
        try:
            stock_card_codes.set_card_code(self.session, self.unit(unit), code, actor=self.clerk(clerk))
        except CardCodeFixed:
            assert self.books.cards[unit] > 0
            assert self.books.codes[unit] != code
        except CardCodeWrong:
            assert any(other == code for of, other in self.books.codes.items() if of != unit)
        else:
            self.books.codes[unit] = code

    @rule()
    def begin_a_month(self) -> None:
        self.month = self.month % 12 + 1

    @rule(target=counts, kind=KINDS, unit=st.sampled_from(UNITS), more=st.integers(-1, 1), clerk=CLERKS)
    def count(self, kind: StockKind, unit: str, more: int, clerk: str) -> Any:
        kept = self.books.shelves.get((unit, kind))
        expected = kept[Shelf.BLANK] if kept is not None else 0
        found, now = max(expected + more, 0), clock.start_of(date(2020, self.month, 2))
        who = self.clerk(clerk)
        try:
            with clock.standing_at(now):
                entered = stock_counts.enter(
                    self.session, kind, self.unit(unit), found, explanation="已查找", actor=who
                )
        except NoStockKept:
            assert kept is None
            return multiple()
        except CountSettled:
            assert any(
                each.confirmed and (each.unit, each.kind, each.month) == (unit, kind, self.month)
                for each in self.books.counted.values()
            )
            return multiple()
        self.books.counted[entered.id] = Counted(unit, kind, self.month, expected, found, clerk)
        return entered.id

    @rule(count_id=counts, clerk=CLERKS)
    def confirm(self, count_id: int, clerk: str) -> None:
        count = self.books.counted[count_id]
        blank = self.books.of(count.unit, count.kind)[Shelf.BLANK]
        try:
            stock_counts.confirm(self.session, count_id, actor=self.clerk(clerk))
        except CountSettled:
            assert count.confirmed
        except SamePersonReceives:
            assert count.clerk == clerk
        except CountChanged:
            assert count.expected != blank
        else:
            assert (count.confirmed, count.expected) == (False, blank)
            assert count.clerk != clerk
            self.book_count(count)

    def book_count(self, count: Counted) -> None:
        count.confirmed, more = True, count.counted - count.expected
        if more > 0:
            self.books.of(count.unit, count.kind)[Shelf.BLANK] += more
            self.books.received[count.unit, count.kind] += more
        elif more < 0:
            self.books.move(count.unit, count.kind, Shelf.BLANK, Shelf.LOST, -more)

    @invariant()
    def every_copy_lies_where_the_books_say(self) -> None:
        for unit in UNITS:
            for kind in StockKind:
                account = stock_ledger.stock_of(self.session, kind, self.unit(unit))
                shelves = self.books.shelves.get((unit, kind))
                assert (account is None) == (shelves is None)
                if account is not None and shelves is not None:
                    assert {shelf: getattr(account, shelf.value) for shelf in Shelf} == {
                        shelf: shelves[shelf] for shelf in Shelf
                    }
                    received, passed_on = self.books.received[unit, kind], self.books.passed_on[unit, kind]
                    assert (account.taken_in, account.passed_on) == (received, passed_on)
                    assert shelves.total() == received - passed_on

    @invariant()
    def a_number_is_on_one_copy_in_use(self) -> None:
        query = select(StockCopy.kind, StockCopy.case_id, StockCopy.serial).where(StockCopy.state == CopyState.BOUND)
        rows = [(kind, case_id, serial) for kind, case_id, serial in self.session.execute(query)]
        assert {(kind, case_id): serial for kind, case_id, serial in rows} == {
            held: serial for held, (_, serial) in self.books.out.items()
        }
        assert len({(kind, serial) for kind, _, serial in rows}) == len(rows)

    @invariant()
    def nobody_confirms_what_is_his_own(self) -> None:
        signed = select(StockHandover.id).where(StockHandover.received_by == StockHandover.sent_by)
        confirmed = select(StockCount.id).where(StockCount.confirmed_by == StockCount.counted_by)
        assert [*self.session.scalars(signed), *self.session.scalars(confirmed)] == []

    @invariant()
    def the_audit_names_only_forms_of_those_who_withdrew(self) -> None:
        self.session.flush()
        forgotten = {
            serial
            for (kind, case_id), (_, serial) in self.books.out.items()
            if kind == FORM and case_id not in self.books.numbers
        }
        faults = stock_audit.faults(self.session)
        assert len(faults) == len(forgotten)
        assert all(any(fault.startswith(f"编号 {serial} 的入团志愿书") for fault in faults) for serial in forgotten)


TestStockLedger = StockLedger.TestCase
TestStockLedger.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
