"""Candidates and members: registered once, admitted once, found by case."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.support import cast as people_of
from tests.support.cast import APPLIED, BORN, Cast, application, apply, make_member
from workflows import clock, journal
from workflows.domain import identity_numbers, members, people
from workflows.domain.members import (
    AlreadyMember,
    AppliedInFuture,
    Candidate,
    CandidateStatus,
    CardNumberWrong,
    DateWrong,
    IdentityOnRecord,
    LeagueMember,
    MemberStatus,
    OpenApplicationElsewhere,
)
from workflows.errors import NotFound
from workflows.journal import Event

CASE = 7
JOINED = date(2020, 9, 1)
NUMBER = "202015000001"


def register(session: Session, cast: Cast, case_id: int | None = CASE, **changes: object) -> Candidate:
    return members.register(session, unit_id=cast.branch.id, case_id=case_id, **application(**changes))


def test_an_application_puts_a_person_on_record(session: Session, cast: Cast) -> None:
    candidate = register(session, cast, class_name="高一1班")
    person = people.get(session, candidate.person_id)
    assert (candidate.status, candidate.applied_on, candidate.class_name) == ("applying", APPLIED, "高一1班")
    assert (person.name, person.unit_id, person.nationality) == ("乌云", cast.branch.id, "CN")


def test_registering_again_for_the_same_case_corrects_the_record(session: Session, cast: Cast) -> None:
    first = register(session, cast)
    right = identity_numbers.made_up(BORN, "the right one", "female")
    again = register(session, cast, name="乌云其其格", identity_number=right, class_name="高一3班")
    assert again is first
    person = people.get(session, first.person_id)
    assert (person.name, person.identity, again.class_name) == ("乌云其其格", right, "高一3班")


def test_nobody_applies_twice_at_once_and_where_is_not_said(session: Session, cast: Cast) -> None:
    register(session, cast)
    with pytest.raises(OpenApplicationElsewhere) as refusal:
        members.register(session, unit_id=cast.small_branch.id, case_id=8, **application())
    assert "高一1班" not in str(refusal.value)


@pytest.mark.parametrize("ended", ["refused", "withdrawn", "removed", "not_eligible"])
def test_after_an_application_has_ended_another_may_follow(session: Session, cast: Cast, ended: str) -> None:
    first = register(session, cast)
    members.settle(session, CASE, ended)
    second = register(session, cast, case_id=8)
    assert second.id != first.id
    assert second.person_id == first.person_id


def test_a_member_does_not_apply(session: Session, cast: Cast) -> None:
    person = people.get(session, register(session, cast).person_id)
    members.settle(session, CASE, CandidateStatus.REMOVED)
    make_member(session, person, cast.branch)
    with pytest.raises(AlreadyMember):
        register(session, cast, case_id=8)


def test_a_known_number_under_another_name_is_refused(session: Session, cast: Cast) -> None:
    register(session, cast)
    members.settle(session, CASE, CandidateStatus.WITHDRAWN)
    with pytest.raises(IdentityOnRecord) as refusal:
        register(session, cast, case_id=8, name="另一人")
    assert set(refusal.value.fields) == {"id_number", "name"}


def test_a_case_does_not_pass_to_another_person_on_record(session: Session, cast: Cast) -> None:
    register(session, cast)
    other = identity_numbers.made_up(BORN, "other", "female")
    register(session, cast, case_id=8, name="其木格", identity_number=other)
    with pytest.raises(IdentityOnRecord):
        register(session, cast, case_id=CASE, identity_number=other)


def test_a_second_open_application_fails_on_the_constraint_too(session: Session, cast: Cast) -> None:
    first = register(session, cast)
    with pytest.raises(OpenApplicationElsewhere):
        _register_unseen(session, cast, first.person_id)


def _register_unseen(session: Session, cast: Cast, person_id: int) -> None:
    """What a second office does whose look-up came too early: it takes the person for new."""
    given = application()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(members, "_person_of", lambda *_: people.get(session, person_id))
        members.register(session, unit_id=cast.branch.id, case_id=9, **given)


def test_an_application_is_not_dated_in_the_future(session: Session, cast: Cast) -> None:
    with clock.standing_at(clock.start_of(APPLIED - timedelta(days=1))), pytest.raises(AppliedInFuture) as refusal:
        register(session, cast)
    assert set(refusal.value.fields) == {"applied_on"}


def test_admission_makes_a_member_from_the_day_of_the_meeting(session: Session, cast: Cast) -> None:
    candidate = register(session, cast)
    actor = cast.actor(cast.gaowa)
    member = members.admit(session, case_id=CASE, joined_on=JOINED, number=NUMBER, actor=actor)
    assert (member.person_id, member.unit_id, member.joined_on, member.number) == (
        candidate.person_id,
        cast.branch.id,
        JOINED,
        NUMBER,
    )
    assert candidate.status == CandidateStatus.ADMITTED
    entry = journal.entries_of(session, journal.case_chain(CASE))[-1]
    assert (entry.event, entry.happened_on, entry.person_id) == (Event.MEMBER_ADMITTED, JOINED, cast.gaowa.id)


def test_admitting_the_same_case_again_answers_the_same_member(session: Session, cast: Cast) -> None:
    register(session, cast)
    first = members.admit(session, case_id=CASE, joined_on=JOINED, number=NUMBER)
    assert members.admit(session, case_id=CASE, joined_on=JOINED, number=NUMBER) is first
    with pytest.raises(AlreadyMember):
        members.admit(session, case_id=CASE, joined_on=JOINED, number="202015000002")


@pytest.mark.parametrize("day", [APPLIED - timedelta(days=1), date(2999, 1, 1)])
def test_membership_does_not_begin_before_the_application_or_after_today(
    session: Session, cast: Cast, day: date
) -> None:
    register(session, cast)
    with pytest.raises(DateWrong) as refusal:
        members.admit(session, case_id=CASE, joined_on=day, number=NUMBER)
    assert set(refusal.value.fields) == {"joined_on"}


def test_closing_the_file_keeps_card_and_day(session: Session, cast: Cast) -> None:
    register(session, cast)
    members.admit(session, case_id=CASE, joined_on=JOINED, number=NUMBER)
    member = members.close_file(session, case_id=CASE, card_number=" １2300045", entered_on=JOINED)
    assert (member.card_number, member.file_entered_on) == ("12300045", JOINED)


def test_a_card_number_has_eight_digits_and_one_holder(session: Session, cast: Cast) -> None:
    for case_id, number in [(CASE, NUMBER), (8, "202015000002")]:
        apply(session, cast, case_id)
        members.admit(session, case_id=case_id, joined_on=JOINED, number=number)
    members.close_file(session, case_id=CASE, card_number="12300045", entered_on=JOINED)
    for wrong in ("1234567", "1234567x", "12300045"):
        with pytest.raises(CardNumberWrong) as refusal:
            members.close_file(session, case_id=8, card_number=wrong, entered_on=JOINED)
        assert set(refusal.value.fields) == {"card_number"}


@pytest.mark.parametrize("day", [JOINED - timedelta(days=1), date(2999, 1, 1)])
def test_a_file_is_entered_after_admission_and_not_in_the_future(session: Session, cast: Cast, day: date) -> None:
    register(session, cast)
    members.admit(session, case_id=CASE, joined_on=JOINED, number=NUMBER)
    with pytest.raises(DateWrong) as refusal:
        members.close_file(session, case_id=CASE, card_number="12300045", entered_on=day)
    assert set(refusal.value.fields) == {"entered_on"}


def test_a_case_without_candidate_or_member_is_said_to_have_none(session: Session, cast: Cast) -> None:
    assert members.settle(session, CASE, "withdrawn") is None
    with pytest.raises(NotFound):
        members.admit(session, case_id=CASE, joined_on=JOINED, number=NUMBER)
    register(session, cast)
    with pytest.raises(NotFound):
        members.close_file(session, case_id=CASE, card_number="12300045", entered_on=JOINED)


def test_guides_are_members_of_the_branch_in_good_standing(session: Session, cast: Cast) -> None:
    assert members.eligible_guides(session, cast.branch.id) == [cast.saren, cast.lin, cast.bator]
    session.get_one(LeagueMember, cast.lin.id).may_introduce = False
    session.get_one(LeagueMember, cast.bator.id).status = MemberStatus.LEFT
    assert members.eligible_guides(session, cast.branch.id) == [cast.saren]
    assert members.eligible_guides(session, cast.small_branch.id) == []


def test_age_counts_full_years_and_applying_begins_on_the_fourteenth_birthday() -> None:
    assert members.may_apply_from(people_of.BORN) == date(2019, 3, 8)
    assert members.age_on(people_of.BORN, date(2019, 3, 7)) == 13
    assert members.age_on(people_of.BORN, date(2019, 3, 8)) == 14


def test_the_day_after_february_counts_for_those_born_on_the_29th() -> None:
    leap = date(2004, 2, 29)
    assert members.may_apply_from(leap) == date(2018, 3, 1)
    assert members.age_on(leap, date(2018, 2, 28)) == 13
    assert members.age_on(leap, date(2018, 3, 1)) == 14
