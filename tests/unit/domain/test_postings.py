"""Public notices: what the copy says, how long it hangs, and that nothing of it stays when it comes down."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.support.cast import Cast, apply
from workflows import clock, journal
from workflows.domain import postings
from workflows.domain.members import Candidate
from workflows.domain.postings import Kind, PostedCandidate, Sheet, Why
from workflows.journal import Event

POSTED, ENDS = date(2020, 6, 23), date(2020, 7, 1)
SHEET = Sheet(POSTED, "教学楼公示栏", "校团委办公室")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.standing_at(clock.start_of(POSTED)):
        yield


def up(session: Session, found: Candidate, sheet: Sheet = SHEET, ends_on: date = ENDS) -> PostedCandidate | None:
    return postings.put_up(
        session,
        case_id=found.case_id or 0,
        unit_id=found.unit_id,
        sheet=sheet,
        ends_on=ends_on,
        activist_on=date(2020, 3, 16),
    )


def certainly_up(session: Session, found: Candidate, sheet: Sheet = SHEET) -> PostedCandidate:
    row = up(session, found, sheet)
    assert row is not None
    return row


def on(day: date) -> Any:
    return clock.standing_at(clock.start_of(day))


def test_the_copy_says_name_class_and_two_dates_and_nothing_else(session: Session, cast: Cast) -> None:
    found = apply(session, cast, 7)
    found.class_name = "高一1班"
    row = certainly_up(session, found)
    assert (row.name, row.class_name, row.activist_on) == ("申请人7", "高一1班", date(2020, 3, 16))
    columns = {column.key for column in PostedCandidate.__table__.columns}
    assert columns == {
        *("id", "posting_id", "case_id", "name", "class_name", "applied_on", "activist_on", "ends_on"),
        *("taken_down_at", "why"),
    }


def test_candidates_of_a_branch_posted_on_the_same_day_stand_on_one_sheet(session: Session, cast: Cast) -> None:
    first = certainly_up(session, apply(session, cast, 7))
    second = certainly_up(session, apply(session, cast, 8, who=1))
    other_contact = Sheet(POSTED, "教学楼公示栏", "团支部")
    third = certainly_up(session, apply(session, cast, 9, who=2), other_contact)
    assert first.posting_id == second.posting_id != third.posting_id
    assert {row.case_id for row in postings.shown_on(session, first.posting_id)} == {7, 8}


def test_the_address_cannot_be_guessed(session: Session, cast: Cast) -> None:
    row = certainly_up(session, apply(session, cast, 7))
    [(_, sheet)] = postings.of_case(session, 7)
    assert len(sheet.token) == 24
    assert postings.at(session, sheet.token) is sheet
    assert postings.at(session, str(row.posting_id)) is None


def test_it_hangs_through_its_last_day_and_not_a_day_longer(session: Session, cast: Cast) -> None:
    row = certainly_up(session, apply(session, cast, 7))
    with on(ENDS):
        assert postings.take_down_over(session) == 0
        assert postings.shown_on(session, row.posting_id) == [row]
    with on(date(2020, 7, 2)):
        assert postings.shown_on(session, row.posting_id) == []
        assert postings.take_down_over(session) == 1
        assert postings.take_down_over(session) == 0


def test_nothing_personal_stays_in_the_table_and_the_journal_keeps_why(session: Session, cast: Cast) -> None:
    certainly_up(session, apply(session, cast, 7))
    postings.take_down(session, 7, Why.OBJECTION)
    postings.take_down(session, 7, Why.OBJECTION)
    kept = session.execute(text("SELECT name, class_name, applied_on, activist_on FROM posted_candidate")).all()
    assert [tuple(row) for row in kept] == [(None, None, None, None)]
    session.commit()
    entries = [each for each in journal.entries_of(session, journal.case_chain(7)) if "posting" in each.event]
    assert [each.event for each in entries] == [Event.POSTING_PUT_UP, Event.POSTING_TAKEN_DOWN]
    assert entries[-1].facts["why"] == "objection"
    assert "申请人" not in str([each.facts for each in entries])


def test_while_its_days_do_not_count_it_hangs_on(session: Session, cast: Cast) -> None:
    found = apply(session, cast, 7)
    row = certainly_up(session, found)
    postings.stop(session, 7)
    with on(date(2020, 7, 20)):
        assert postings.take_down_over(session) == 0
        assert postings.shown_on(session, row.posting_id) == [row]
        assert up(session, found, ends_on=date(2020, 7, 22)) is row
    with on(date(2020, 7, 23)):
        assert postings.take_down_over(session) == 1


def test_a_notice_recorded_after_it_was_over_is_not_shown(session: Session, cast: Cast) -> None:
    found = apply(session, cast, 7)
    with clock.standing_at(datetime.fromisoformat("2020-08-01T08:00:00+08:00")):
        assert up(session, found) is None
    assert postings.of_case(session, 7) == []


def test_only_the_sheet_that_was_asked_for_is_cleared(session: Session, cast: Cast) -> None:
    one = certainly_up(session, apply(session, cast, 7))
    other = certainly_up(session, apply(session, cast, 8, who=1), Sheet(POSTED))
    with on(date(2020, 7, 2)):
        assert postings.take_down_over(session, one.posting_id) == 1
    assert (one.why, other.why) == (Why.OVER, None)


def test_notices_of_two_kinds_never_share_a_sheet_and_the_earlier_comes_down_first(
    session: Session, cast: Cast
) -> None:
    found = apply(session, cast, 7)
    of_activists = Sheet(POSTED, SHEET.place, SHEET.contact, Kind.ACTIVIST)
    first = certainly_up(session, found, of_activists)
    with on(ENDS):
        second = certainly_up(session, found)
    assert first.posting_id != second.posting_id
    assert (first.why, first.name) == (Why.OVER, None)
    kinds = [sheet.kind for _, sheet in postings.of_case(session, found.case_id or 0)]
    assert kinds == [Kind.TARGET, Kind.ACTIVIST]


def test_a_copy_left_over_from_a_notice_that_has_ended_is_not_hung_up_again(session: Session, cast: Cast) -> None:
    found = apply(session, cast, 7)
    first = certainly_up(session, found)
    with on(date(2020, 7, 6)):
        second = up(session, found, Sheet(date(2020, 7, 6)), date(2020, 7, 13))
    assert second is not None
    assert second.id != first.id
    assert first.why == Why.OVER
