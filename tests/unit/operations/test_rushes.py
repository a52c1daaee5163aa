"""Rushed admissions in the cases in hand: kept in the journal, and told from cases that took their time."""

from datetime import date

from sqlalchemy.orm import Session

from tests.support.cast import Cast, make_member
from workflows import clock, journal
from workflows.domain.lawful_dates import Day
from workflows.domain.people import Person, Sex
from workflows.engine.environment import Call, DatedField
from workflows.journal import Event
from workflows.operations import rushes

FIELDS = [
    DatedField("determine_activist", "decided_on", Day.PROPOSED, ("propose",)),
    DatedField("train_and_assess", "assessed_on", Day.ASSESSED, ("qualified",)),
    DatedField("public_notice", "posted_on", Day.POSTED),
    DatedField("notice_result", "closed_on", Day.NOTICE_CLOSED, ("no_objection",)),
    DatedField("fill_admission_form", "filled_on", Day.FORM_FILLED),
    DatedField("branch_meeting", "held_on", Day.RESOLVED, ("held",)),
    DatedField("approve_admission", "decided_on", Day.ADMITTED, ("approve",)),
]


def data(resolved: str) -> dict[str, object]:
    return {
        "rules": {"activist_confirmation": "FILE", "training_min_months": 3, "notice_target_working_days": 5},
        "determine_activist": {"decided_on": "2020-03-16", "outcome": "propose"},
        "train_and_assess": {"assessed_on": "2020-06-16", "outcome": "qualified"},
        "public_notice": {"posted_on": "2020-06-16", "outcome": "submit"},
        "notice_result": {"closed_on": "2020-06-24", "outcome": "no_objection"},
        "fill_admission_form": {"filled_on": "2020-06-24", "outcome": "submit"},
        "branch_meeting": {"held_on": resolved, "outcome": "held"},
    }


def test_a_case_done_on_the_first_lawful_day_throughout_is_pressed() -> None:
    assert rushes.is_pressed(FIELDS, data("2020-06-26"))
    assert not rushes.is_pressed(FIELDS, data("2020-07-01"))


def test_the_meeting_s_day_is_read_where_the_approval_stands() -> None:
    assert rushes.resolved_on(FIELDS, data("2020-07-01")) == date(2020, 7, 1)
    assert rushes.approves(FIELDS, "approve_admission")
    assert not rushes.approves(FIELDS, "branch_meeting")


def _approval(session: Session, cast: Cast, joined: int) -> Call:
    for _ in range(joined):
        born = date(2005, 1, 1)
        person = Person(name="某人", sex=Sex.FEMALE, ethnic_group="汉族", birth_date=born, nationality="CN")
        session.add(person)
        session.flush()
        make_member(session, person, cast.branch).joined_on = date(2020, 5, 8)
    return Call(session, 7, cast.branch.id, cast.actor(cast.gaowa), {}, {})


def test_an_approval_in_spite_of_a_rush_is_kept_in_the_case_s_journal(session: Session, cast: Cast) -> None:
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        assert rushes.note(_approval(session, cast, 6)) is not None
        session.commit()
    [entry] = journal.entries_of(session, journal.case_chain(7))
    assert (entry.event, entry.person_id) == (Event.RUSH_NOTED, cast.gaowa.id)
    assert (entry.facts["count"], entry.facts["share"], entry.facts["limit_share"]) == (6, 100, 50)


def test_an_approval_without_a_rush_leaves_no_such_entry(session: Session, cast: Cast) -> None:
    with clock.standing_at(clock.start_of(date(2020, 6, 1))):
        assert rushes.note(_approval(session, cast, 3)) is None
