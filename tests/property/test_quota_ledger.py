"""Ledger and numbers under any order of acts: nothing is lost, nothing is doubled, every refusal is deserved, and
no number makes a step that its states do not allow."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.property.ledgers import EXAMPLES, founded
from tests.support import cast as people
from workflows import clock, journal
from workflows.domain import (
    members,
    number_history,
    numbering,
    quota_closing,
    quota_requests,
    quota_transfers,
    quotas,
)
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.number_history import NEXT, NumberState
from workflows.domain.numbering import USING, NumberBlock
from workflows.domain.people import Person, Sex
from workflows.domain.quotas import AmountWrong, NumberIsVoid, NumbersExhausted, Place, QuotaExhausted
from workflows.journal import SYSTEM

TOTAL = 24
PARENTS = {"city": "region", "county": "city", "other_county": "city", "school": "county", "other_school": "county"}
SCHOOLS = ("school", "other_school")
SIDEWAYS = (("school", "other_school"), ("other_school", "school"), ("county", "other_county"))
WATCHED = tuple(numbering.number_of(2020, serial) for serial in (TOTAL - 1, TOTAL))
YEAR_END = clock.start_of(date(2020, 12, 20))


@dataclass
class Books:
    """What the ledger should say, kept in the simplest way there is."""

    free: Counter[str] = field(default_factory=lambda: Counter(region=TOTAL))
    held: dict[int, tuple[str, str]] = field(default_factory=dict)
    used: dict[int, tuple[str, str]] = field(default_factory=dict)
    once: dict[str, set[str]] = field(default_factory=lambda: {school: set() for school in SCHOOLS})
    """Numbers each school has had issued and has not used: they never leave it."""
    total: int = TOTAL
    expired: Counter[str] = field(default_factory=Counter)
    void: set[int] = field(default_factory=set)
    closed: bool = False

    def released(self, unit: str) -> set[str]:
        """Issued numbers of the school that nobody holds."""
        return self.once.get(unit, set()) - {number for _, number in self.held.values()}


class QuotaLedger(RuleBasedStateMachine):
    """Take, refuse, withdraw, admit, allot and give back, in any order."""

    reserved = Bundle("reserved")

    def __init__(self) -> None:
        super().__init__()
        engine, self.cast = founded()
        self.connection = engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(bind=self.connection, join_transaction_mode="create_savepoint")
        self.plan = quotas.open_plan(self.session, 2020, TOTAL, SYSTEM)
        self.books, self.cases = Books(), 0
        self.states = dict.fromkeys(WATCHED, NumberState.FREE)

    def teardown(self) -> None:
        assert journal.verify(self.session).faults == []
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    def unit(self, key: str) -> int:
        return int(getattr(self.cast, key).id)

    @precondition(lambda self: not self.books.closed)
    @rule(below=st.sampled_from(list(PARENTS)), amount=st.integers(1, 12))
    def allot(self, below: str, amount: int) -> None:
        above = PARENTS[below]
        try:
            quotas.allot(self.session, self.plan, self.unit(above), self.unit(below), amount, SYSTEM)
        except QuotaExhausted:
            assert self.books.free[above] < amount
            return
        self.books.free[above] -= amount
        self.books.free[below] += amount

    @precondition(lambda self: not self.books.closed)
    @rule(below=st.sampled_from(list(PARENTS)), amount=st.integers(1, 6))
    def give_back(self, below: str, amount: int) -> None:
        try:
            quotas.give_back(self.session, self.plan, self.unit(below), amount, SYSTEM)
        except NumbersExhausted:
            assert self.books.free[below] - len(self.books.released(below)) < amount
            return
        except QuotaExhausted:
            assert self.books.free[below] < amount
            return
        self.books.free[below] -= amount
        self.books.free[PARENTS[below]] += amount

    @precondition(lambda self: not self.books.closed)
    @rule(way=st.sampled_from(SIDEWAYS), amount=st.integers(1, 6))
    def pass_sideways(self, way: tuple[str, str], amount: int) -> None:
        giver, taker = way
        free, stuck = self.books.free[giver], len(self.books.released(giver))
        try:
            offered = quota_transfers.offer(
                self.session, self.plan, self.unit(giver), self.unit(taker), amount, "用不完", SYSTEM
            )
            quota_transfers.confirm(self.session, offered.id, SYSTEM)
        except NumbersExhausted:
            assert free - stuck < amount
            return
        except QuotaExhausted:
            assert free < amount
            return
        self.books.free[giver] -= amount
        self.books.free[taker] += amount

    @precondition(lambda self: not self.books.closed)
    @rule(below=st.sampled_from(list(PARENTS)), wanted=st.integers(1, 6), granted=st.integers(1, 6))
    def ask_and_answer(self, below: str, wanted: int, granted: int) -> None:
        above = PARENTS[below]
        asked = quota_requests.ask(self.session, self.plan, self.unit(below), wanted, "人多", SYSTEM)
        try:
            quota_requests.grant(self.session, asked.id, granted, SYSTEM)
        except AmountWrong:
            assert granted > wanted
        except QuotaExhausted:
            assert self.books.free[above] - len(self.books.released(above)) < granted
        else:
            self.books.free[above] -= granted
            self.books.free[below] += granted
        if asked.is_open:
            quota_requests.refuse(self.session, asked.id, "没有更多", SYSTEM)

    @precondition(lambda self: not self.books.closed and self.books.total < TOTAL + 6)
    @rule(amount=st.integers(1, 3))
    def enlarge(self, amount: int) -> None:
        quotas.add_to_plan(self.session, self.plan, amount, SYSTEM, "年中追加")
        self.books.free["region"] += amount
        self.books.total += amount

    @precondition(lambda self: not self.books.closed and self.cases > 3)
    @rule()
    def close_the_year(self) -> None:
        with clock.standing_at(YEAR_END):
            quota_closing.close(self.session, self.plan, SYSTEM, "年终")
        self.books.expired, self.books.free, self.books.closed = +self.books.free, Counter(), True

    @rule(case_id=reserved)
    def spoil_the_form(self, case_id: int) -> None:
        if case_id in self.books.held:
            quotas.void_copy(self.session, case_id=case_id, reason="写错", actor=SYSTEM)
            self.books.void.add(case_id)

    @rule(case_id=reserved)
    def issue_another_form(self, case_id: int) -> None:
        if case_id in self.books.held:
            place = quotas.rebind(self.session, case_id=case_id, reason="换发", actor=SYSTEM)
            assert place.number == self.books.held[case_id][1]
            self.books.void.discard(case_id)

    @precondition(lambda self: not self.books.closed)
    @rule(target=reserved, school=st.sampled_from(SCHOOLS))
    def reserve(self, school: str) -> Any:
        self.cases += 1
        case_id = self.cases
        self.candidate(case_id)
        try:
            place = quotas.reserve(self.session, unit_id=self.unit(school), case_id=case_id, actor=SYSTEM)
        except QuotaExhausted:
            assert self.books.free[school] == 0
            members.settle(self.session, case_id, CandidateStatus.REFUSED)
            return multiple()
        self.check_number(place, school)
        self.books.free[school] -= 1
        self.books.held[case_id] = (school, place.number)
        self.books.once[school].add(place.number)
        return case_id

    def check_number(self, place: Place, school: str) -> None:
        taken = {number for _, number in [*self.books.held.values(), *self.books.used.values()]}
        assert place.number not in taken
        assert numbering.number_of(2020, 1) <= place.number <= numbering.number_of(2020, self.books.total)
        if self.books.released(school):
            assert place.number == min(self.books.released(school))

    def candidate(self, case_id: int) -> None:
        person = Person(name=f"申请人{case_id}", sex=Sex.FEMALE, birth_date=people.BORN, ethnic_group="汉族")
        self.session.add(person)
        self.session.flush()
        self.session.add(
            Candidate(
                person_id=person.id,
                unit_id=self.cast.branch.id,
                case_id=case_id,
                applied_on=people.APPLIED,
                status=CandidateStatus.APPLYING,
            )
        )
        self.session.flush()

    @rule(case_id=consumes(reserved))
    def withdraw(self, case_id: int) -> None:
        place = quotas.release(self.session, case_id=case_id, reason="撤回", actor=SYSTEM)
        assert place is not None
        members.settle(self.session, case_id, CandidateStatus.WITHDRAWN)
        self.books.void.discard(case_id)
        school, _ = self.books.held.pop(case_id)
        (self.books.expired if self.books.closed else self.books.free)[school] += 1

    @rule(case_id=consumes(reserved))
    def admit(self, case_id: int) -> None:
        if case_id in self.books.void:
            with pytest.raises(NumberIsVoid):
                quotas.use(self.session, case_id=case_id, actor=SYSTEM)
            quotas.rebind(self.session, case_id=case_id, reason="换发", actor=SYSTEM)
            self.books.void.discard(case_id)
        place = quotas.use(self.session, case_id=case_id, actor=SYSTEM)
        members.admit(self.session, case_id=case_id, joined_on=date(2020, 9, 1), number=place.number)
        self.books.used[case_id] = self.books.held.pop(case_id)
        self.books.once[self.books.used[case_id][0]].discard(place.number)
        if case_id % 2:
            quotas.file(self.session, case_id=case_id, actor=SYSTEM)

    @rule(case_id=st.integers(1, 30))
    def release_whatever(self, case_id: int) -> None:
        if case_id not in self.books.held and case_id not in self.books.used:
            assert quotas.release(self.session, case_id=case_id, reason="", actor=SYSTEM) is None

    @invariant()
    def the_ledger_says_what_the_books_say(self) -> None:
        for key in ("region", *PARENTS):
            account = quotas.account_of(self.session, self.plan.id, self.unit(key))
            held = sum(1 for school, _ in self.books.held.values() if school == key)
            used = sum(1 for school, _ in self.books.used.values() if school == key)
            stored = (account.free, account.reserved, account.used, account.expired) if account else (0, 0, 0, 0)
            assert stored == (self.books.free[key], held, used, self.books.expired[key])

    @invariant()
    def every_number_lies_in_one_block_or_with_one_case(self) -> None:
        """Counted here number by number, without what the audit does: runs have both ends inclusive and no gaps."""
        lying: Counter[str] = Counter()
        self.session.flush()
        for block in self.session.scalars(select(NumberBlock)):
            assert block.left >= 0
            lying.update(f"{number:012d}" for number in range(int(block.next), int(block.last) + 1))
        lying.update(set(self.session.scalars(select(Place.number))))
        assert lying == Counter(numbering.number_of(2020, serial + 1) for serial in range(self.books.total))

    @invariant()
    def a_used_number_stays_with_its_case(self) -> None:
        used = select(Place.case_id, Place.number, Place.unit_id).where(Place.state.in_(USING))
        assert {case_id: (unit_id, number) for case_id, number, unit_id in self.session.execute(used)} == {
            case_id: (self.unit(school), number) for case_id, (school, number) in self.books.used.items()
        }

    @invariant()
    def the_last_passage_names_who_has_the_number(self) -> None:
        """The chain of custody, for the numbers that are watched: no break, and it ends where the number lies."""
        for number in WATCHED:
            passages = number_history.of(self.session, number).passages
            assert passages[0].from_unit_id is None
            for one, other in pairwise(passages):
                assert other.from_unit_id == one.to_unit_id
            assert passages[-1].to_unit_id == self.lies_at(number)

    def lies_at(self, number: str) -> int:
        """Whose block the number is in, or who issued it."""
        in_block = select(NumberBlock.unit_id).where(NumberBlock.next <= number, NumberBlock.last >= number)
        issued = select(Place.unit_id).where(Place.number == number)
        [unit_id] = {*self.session.scalars(in_block), *self.session.scalars(issued)}
        return unit_id

    @invariant()
    def every_number_goes_an_allowed_way(self) -> None:
        for number, before in self.states.items():
            now = number_history.of(self.session, number).state
            if now != before:
                # An act may go two steps: a form is replaced and the number used, and filed at once.
                reached = NEXT[before].union(*(NEXT[state] for state in NEXT[before]))
                assert now in reached | {far for state in reached for far in NEXT[state]}
                assert before not in (NumberState.USED, NumberState.FILED, NumberState.EXPIRED) or now in NEXT[before]
            self.states[number] = now

    @invariant()
    def the_audit_finds_no_fault(self) -> None:
        self.session.flush()
        assert quotas.audit(self.session).faults == []


TestQuotaLedger = QuotaLedger.TestCase
TestQuotaLedger.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
