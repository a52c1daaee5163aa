"""Corrections of names and identity numbers: two people, one paper, and nothing lost."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import APPLIED, BORN, Cast, application, make_member
from workflows import journal
from workflows.domain import corrections, identity_numbers, members, people
from workflows.domain.corrections import (
    CorrectionOpen,
    CorrectionStatus,
    NothingToChange,
    NumbersDiffer,
    PersonCorrection,
    RecordChangedMeanwhile,
)
from workflows.domain.identity_numbers import IdentityNumberWrong
from workflows.domain.members import IdentityOnRecord
from workflows.domain.people import Person
from workflows.journal import Event

CASE = 70
RULES = {"apply_age_min": 14, "apply_age_max_exclusive": 28}
RIGHT = identity_numbers.made_up(BORN, "the right one", "female")


@pytest.fixture
def wuyun(session: Session, cast: Cast) -> Person:
    candidate = members.register(session, unit_id=cast.branch.id, case_id=7, **application())
    return people.get(session, candidate.person_id)


def propose(session: Session, cast: Cast, person: Person, case_id: int = CASE, **changes: object) -> PersonCorrection:
    given = {"name": None, "identity_number": RIGHT, "document": "户口簿", "reason": "录入时看错", "rules": RULES}
    actor = cast.actor(cast.saren)
    return corrections.propose(session, person_id=person.id, case_id=case_id, actor=actor, **{**given, **changes})


def test_a_proposal_changes_nothing(session: Session, cast: Cast, wuyun: Person) -> None:
    before = wuyun.identity
    row = propose(session, cast, wuyun, name="乌云其其格")
    assert (wuyun.name, wuyun.identity) == ("乌云", before)
    assert (row.status, row.name_after, row.identity_after) == ("proposed", "乌云其其格", identity_numbers.mask(RIGHT))


def test_applied_it_changes_the_record_and_keeps_the_old_number_masked(
    session: Session, cast: Cast, wuyun: Person
) -> None:
    before = identity_numbers.mask(wuyun.identity or "")
    propose(session, cast, wuyun, name="乌云其其格")
    row = corrections.apply(session, case_id=CASE, actor=cast.actor(cast.chen))
    assert (wuyun.name, wuyun.identity) == ("乌云其其格", RIGHT)
    assert people.by_identity(session, RIGHT) is wuyun
    assert (row.status, row.name_before, row.identity_before, row.identity_proposed) == (
        CorrectionStatus.APPLIED,
        "乌云",
        before,
        None,
    )
    assert corrections.of_person(session, wuyun.id) == [row]


def test_the_journal_says_what_kind_of_thing_was_corrected_by_whom_and_not_what(
    session: Session, cast: Cast, wuyun: Person
) -> None:
    propose(session, cast, wuyun, name="乌云其其格")
    corrections.apply(session, case_id=CASE, actor=cast.actor(cast.chen))
    journal.write(session)
    [entry] = journal.entries_of(session, journal.case_chain(CASE))
    assert (entry.event, entry.person_id) == (Event.PERSON_CORRECTED, cast.chen.id)
    assert (entry.facts["changed"], entry.facts["proposed_by"]) == (["name", "identity"], cast.saren.id)
    assert "其其格" not in str(entry.facts)
    assert RIGHT not in str(entry.facts)


def test_day_of_birth_and_sex_follow_the_number(session: Session, cast: Cast, wuyun: Person) -> None:
    born = date(2005, 8, 3)
    propose(session, cast, wuyun, identity_number=identity_numbers.made_up(born, 3, "male"))
    corrections.apply(session, case_id=CASE, actor=cast.actor(cast.chen))
    assert (wuyun.birth_date, wuyun.sex) == (born, "male")


def test_a_member_keeps_number_and_day_of_admission(session: Session, cast: Cast) -> None:
    member = make_member(session, cast.zhao, cast.branch)
    member.number = "202015000001"
    propose(session, cast, cast.zhao, identity_number=None, name="赵君")
    corrections.apply(session, case_id=CASE, actor=cast.actor(cast.chen))
    assert (cast.zhao.name, member.number, member.joined_on) == ("赵君", "202015000001", date(2019, 5, 4))


@pytest.mark.parametrize("typed", ["", None, identity_numbers.made_up(BORN, "another", "female")])
def test_the_second_person_must_read_the_same_number(
    session: Session, cast: Cast, wuyun: Person, typed: str | None
) -> None:
    propose(session, cast, wuyun)
    with pytest.raises(NumbersDiffer) as refusal:
        corrections.compare(session, case_id=CASE, identity_number=typed)
    assert "id_number_again" in refusal.value.fields
    corrections.compare(session, case_id=CASE, identity_number=f" {RIGHT} ")


def test_where_only_the_name_is_corrected_no_number_is_compared(session: Session, cast: Cast, wuyun: Person) -> None:
    propose(session, cast, wuyun, identity_number=None, name="乌云其其格")
    assert corrections.compare(session, case_id=CASE, identity_number=None).changes_number is False


def test_the_number_of_somebody_else_is_refused(session: Session, cast: Cast, wuyun: Person) -> None:
    members.register(session, unit_id=cast.branch.id, case_id=8, **application(name="格根", identity_number=RIGHT))
    with pytest.raises(IdentityOnRecord):
        propose(session, cast, wuyun)


def test_the_number_registered_for_somebody_else_meanwhile_is_refused_when_it_is_applied(
    session: Session, cast: Cast, wuyun: Person
) -> None:
    propose(session, cast, wuyun)
    members.register(session, unit_id=cast.branch.id, case_id=8, **application(name="格根", identity_number=RIGHT))
    with pytest.raises(IdentityOnRecord):
        corrections.apply(session, case_id=CASE, actor=cast.actor(cast.chen))


def test_a_record_that_has_changed_meanwhile_is_not_written_over(session: Session, cast: Cast, wuyun: Person) -> None:
    propose(session, cast, wuyun)
    wuyun.name = "乌云娜"
    with pytest.raises(RecordChangedMeanwhile):
        corrections.apply(session, case_id=CASE, actor=cast.actor(cast.chen))


def test_what_stands_on_record_need_not_be_corrected(session: Session, cast: Cast, wuyun: Person) -> None:
    for nothing in ({"identity_number": wuyun.identity}, {"identity_number": None, "name": " 乌云 "}):
        with pytest.raises(NothingToChange):
            propose(session, cast, wuyun, **nothing)


@pytest.mark.parametrize(
    "number", ["1501022005030", "150102200513081234", RIGHT[:-1] + ("0" if RIGHT[-1] != "0" else "1")]
)
def test_a_number_that_cannot_be_right_is_refused(session: Session, cast: Cast, wuyun: Person, number: str) -> None:
    with pytest.raises(IdentityNumberWrong) as refusal:
        propose(session, cast, wuyun, identity_number=number)
    assert "id_number" in refusal.value.fields


def test_one_person_has_one_open_correction(session: Session, cast: Cast, wuyun: Person) -> None:
    propose(session, cast, wuyun)
    again = propose(session, cast, wuyun, identity_number=None, name="乌云娜")
    assert (again.changes_number, again.name_after) == (False, "乌云娜")
    with pytest.raises(CorrectionOpen):
        propose(session, cast, wuyun, case_id=CASE + 1)
    ended = corrections.end(session, case_id=CASE, status=CorrectionStatus.REFUSED, actor=cast.actor(cast.chen))
    assert ended.identity_proposed is None
    assert propose(session, cast, wuyun, case_id=CASE + 1).status == CorrectionStatus.PROPOSED


@pytest.mark.parametrize(
    "born,told",
    [
        (date(2006, 5, 10), ""),
        (date(2006, 5, 11), f"申请之日（{APPLIED}）未满14周岁"),
        (date(1992, 5, 11), ""),
        (date(1992, 5, 10), f"申请之日（{APPLIED}）已满28周岁"),
    ],
)
def test_a_day_of_birth_that_breaks_the_age_is_told(
    session: Session, cast: Cast, wuyun: Person, born: date, told: str
) -> None:
    row = propose(session, cast, wuyun, identity_number=identity_numbers.made_up(born, 5, "female"))
    assert row.age_fault.removeprefix("按更正后的出生日期，") == told


def test_an_application_that_has_failed_asks_for_no_age(session: Session, cast: Cast, wuyun: Person) -> None:
    members.settle(session, 7, members.CandidateStatus.REFUSED)
    row = propose(session, cast, wuyun, identity_number=identity_numbers.made_up(date(2010, 1, 1), 5, "female"))
    assert row.age_fault == ""


def test_the_branch_keeps_the_records_of_its_members_and_of_who_applies_there(
    session: Session, cast: Cast, wuyun: Person
) -> None:
    kept = {person.id for person in corrections.people_of_branch(session, cast.branch.id)}
    assert kept == {wuyun.id, cast.saren.id, cast.lin.id, cast.bator.id}
    assert corrections.people_of_branch(session, cast.small_branch.id) == []
