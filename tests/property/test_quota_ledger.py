"""Ledger and numbers under any order of acts: nothing is lost, nothing is doubled, and every refusal is deserved."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule
from sqlalchemy import Engine, StaticPool
from sqlalchemy.orm import Session

from tests.support import cast as people
from workflows import journal, tables
from workflows.database import new_engine
from workflows.domain import members, numbering, quotas
from workflows.domain.members import Candidate, CandidateStatus
from workflows.domain.people import Person, Sex
from workflows.domain.quotas import NumbersExhausted, Place, QuotaExhausted
from workflows.journal import SYSTEM

TOTAL = 24
PARENTS = {"city": "region", "county": "city", "other_county": "city", "school": "county", "other_school": "county"}
SCHOOLS = ("school", "other_school")

_founded: list[tuple[Engine, people.Cast]] = []


def founded() -> tuple[Engine, people.Cast]:
    """One database for all runs; every run works in a transaction of its own that is rolled back."""
    if not _founded:
        engine = new_engine("sqlite://", poolclass=StaticPool)
        tables.metadata.create_all(engine)
        with Session(engine, expire_on_commit=False) as session:
            cast = people.build(session)
            session.commit()
            session.expunge_all()
        _founded.append((engine, cast))
    return _founded[0]


@dataclass
class Books:
    """What the ledger should say, kept in the simplest way there is."""

    free: Counter[str] = field(default_factory=lambda: Counter(region=TOTAL))
    held: dict[int, tuple[str, str]] = field(default_factory=dict)
    used: dict[int, tuple[str, str]] = field(default_factory=dict)
    once: dict[str, set[str]] = field(default_factory=lambda: {school: set() for school in SCHOOLS})
    """Numbers each school has had issued and has not used: they never leave it."""

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

    def teardown(self) -> None:
        assert journal.verify(self.session).faults == []
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    def unit(self, key: str) -> int:
        return int(getattr(self.cast, key).id)

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
        assert numbering.number_of(2020, 1) <= place.number <= numbering.number_of(2020, TOTAL)
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
        school, _ = self.books.held.pop(case_id)
        self.books.free[school] += 1

    @rule(case_id=consumes(reserved))
    def admit(self, case_id: int) -> None:
        place = quotas.use(self.session, case_id=case_id, actor=SYSTEM)
        members.admit(self.session, case_id=case_id, joined_on=date(2020, 9, 1), number=place.number)
        self.books.used[case_id] = self.books.held.pop(case_id)
        self.books.once[self.books.used[case_id][0]].discard(place.number)

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
            stored = (account.free, account.reserved, account.used) if account else (0, 0, 0)
            assert stored == (self.books.free[key], held, used)

    @invariant()
    def the_audit_finds_no_fault(self) -> None:
        self.session.flush()
        assert quotas.audit(self.session).faults == []


TestQuotaLedger = QuotaLedger.TestCase
TestQuotaLedger.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
