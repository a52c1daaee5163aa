"""Events of the Party: in order, one of a kind standing, corrected by a later row, counted where they happened."""

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import party_events, people, units
from workflows.domain.party_events import (
    EventCorrectedAlready,
    EventOnRecord,
    EventReasonNeeded,
    PartyEvent,
    PartyEventKind,
    PartyEventWrong,
    Told,
)
from workflows.domain.people import Person
from workflows.domain.units import Unit, UnitKind
from workflows.errors import NotFound
from workflows.journal import Actor, Event

KIND = PartyEventKind
WHY = "党委会议记录有误"


@pytest.fixture
def party_branch(session: Session) -> Unit:
    """A Party branch under its committee."""
    committee = units.add(session, None, code="DW", name="一中党委", kind=UnitKind.PARTY_COMMITTEE)
    return units.add(session, committee, code="DZ", name="一中党支部", kind=UnitKind.PARTY_BRANCH)


@pytest.fixture
def teacher(session: Session) -> Person:
    """Somebody who applies for the Party at twenty."""
    return people.add(session, name="青年甲", sex="male", birth_date=date(2000, 2, 29))


class Desk:
    """The Party branch's desk: enters what is told of one person."""

    def __init__(self, session: Session, cast: Cast, party_branch: Unit, person: Person) -> None:
        self.session, self.cast, self.unit, self.person = session, cast, party_branch, person
        self.actor = Actor(person_id=cast.he.id)

    def told(self, day: date, is_league_member: bool | None = True, league: Unit | None = None) -> Told:
        """What is told of an event of a day."""
        return Told(day, "党发〔2020〕1号", self.unit.id, (league or self.cast.branch).id, is_league_member)

    def enter(self, kind: KIND, day: date, **told: object) -> PartyEvent:
        """Enter it."""
        return party_events.record(
            self.session, person_id=self.person.id, kind=kind, told=self.told(day, **told), actor=self.actor
        )

    def correct(self, row: PartyEvent, day: date | None, reason: str = WHY) -> PartyEvent:
        """Correct it to another day, or strike it out."""
        told = None if day is None else self.told(day)
        return party_events.correct(self.session, event_id=row.id, told=told, reason=reason, actor=self.actor)


@pytest.fixture
def desk(session: Session, cast: Cast, party_branch: Unit, teacher: Person) -> Desk:
    """The desk with the one person."""
    return Desk(session, cast, party_branch, teacher)


def test_an_event_is_kept_and_its_journal_entry_names_nobody(session: Session, desk: Desk) -> None:
    row = desk.enter(KIND.PARTY_APPLICATION, date(2018, 3, 1), is_league_member=None)
    assert party_events.day_of(session, desk.person.id, KIND.PARTY_APPLICATION) == date(2018, 3, 1)
    assert party_events.day_of(session, desk.person.id, KIND.ACCEPTED) is None
    entry = journal.entries_of(session, journal.unit_chain(desk.unit.id))[-1]
    assert (entry.event, entry.facts["party_event"]) == (Event.PARTY_EVENT_ENTERED, row.id)
    assert desk.person.name not in str(entry.facts)


def test_a_kind_stands_once_for_a_person(desk: Desk) -> None:
    row = desk.enter(KIND.ACCEPTED, date(2020, 6, 1))
    with pytest.raises(EventOnRecord) as refused:
        desk.enter(KIND.ACCEPTED, date(2020, 6, 2))
    assert refused.value.facts["id"] == row.id


def test_the_database_too_keeps_a_second_chain_out(session: Session, desk: Desk) -> None:
    first = desk.enter(KIND.ACCEPTED, date(2020, 6, 1))
    values = {each.key: getattr(first, each.key) for each in PartyEvent.__mapper__.column_attrs if each.key != "id"}
    session.add(PartyEvent(**values))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


def test_a_correction_is_a_second_row_and_the_first_stays(session: Session, desk: Desk) -> None:
    first = desk.enter(KIND.ACCEPTED, date(2020, 6, 1))
    second = desk.correct(first, date(2020, 5, 28))
    assert party_events.day_of(session, desk.person.id, KIND.ACCEPTED) == date(2020, 5, 28)
    assert [row.id for row in party_events.of_person(session, desk.person.id)] == [first.id, second.id]
    assert (second.corrects_id, second.reason, first.happened_on) == (first.id, WHY, date(2020, 6, 1))
    with pytest.raises(EventCorrectedAlready):
        desk.correct(first, date(2020, 5, 27))
    with pytest.raises(EventReasonNeeded):
        desk.correct(second, None, reason=" 误 ")
    with pytest.raises(NotFound):
        party_events.correct(session, event_id=999_999, told=None, reason=WHY, actor=desk.actor)


def test_what_was_struck_out_may_be_entered_again(session: Session, desk: Desk) -> None:
    struck = desk.correct(desk.enter(KIND.ACCEPTED, date(2020, 6, 1)), None)
    assert party_events.standing_of(session, [desk.person.id]) == {}
    with pytest.raises(EventCorrectedAlready):
        desk.correct(struck, date(2020, 6, 2))
    again = desk.enter(KIND.ACCEPTED, date(2020, 7, 1))
    assert again.corrects_id == struck.id
    assert party_events.standing_of(session, [desk.person.id]) == {desk.person.id: {KIND.ACCEPTED: again}}


def test_steps_come_in_their_order(desk: Desk) -> None:
    desk.enter(KIND.PARTY_APPLICATION, date(2018, 3, 1))
    accepted = desk.enter(KIND.ACCEPTED, date(2020, 6, 1))
    for kind, day in [
        (KIND.ACTIVIST_FILED, date(2018, 2, 28)),
        (KIND.TARGET_FILED, date(2020, 6, 2)),
        (KIND.APPROVED, date(2020, 5, 31)),
    ]:
        with pytest.raises(PartyEventWrong) as refused:
            desk.enter(kind, day)
        assert set(refused.value.fields) == {"happened_on"}
    desk.enter(KIND.APPROVED, date(2020, 6, 1))
    desk.enter(KIND.OPINION_HEARD, date(2018, 3, 1))
    with pytest.raises(PartyEventWrong):
        desk.correct(accepted, date(2020, 6, 2))
    desk.correct(accepted, None)
    desk.enter(KIND.TARGET_FILED, date(2020, 6, 1))


def test_a_day_that_cannot_be_is_refused(desk: Desk) -> None:
    for day in (clock.today() + timedelta(days=1), date(2018, 2, 28)):
        with pytest.raises(PartyEventWrong) as refused:
            desk.enter(KIND.PARTY_APPLICATION, day)
        assert set(refused.value.fields) == {"happened_on"}


def test_every_wrong_field_is_named(session: Session, cast: Cast, desk: Desk) -> None:
    told = Told(date(2020, 6, 1), "字" * 121, cast.branch.id, desk.unit.id)
    with pytest.raises(PartyEventWrong) as refused:
        party_events.record(session, person_id=desk.person.id, kind=KIND.ACCEPTED, told=told, actor=desk.actor)
    assert set(refused.value.fields) == {"document", "party_unit_id", "league_unit_id", "is_league_member"}


def test_events_are_counted_where_they_happened_and_only_those_that_stand(
    session: Session, cast: Cast, desk: Desk
) -> None:
    row = desk.enter(KIND.ACCEPTED, date(2020, 6, 1), league=cast.small_branch)

    def counted(within: Unit, first: date = date(2020, 1, 1), last: date = date(2020, 12, 31)) -> list[int]:
        return [each.id for each in party_events.between(session, KIND.ACCEPTED, first, last, within)]

    assert counted(cast.region) == counted(cast.small_branch) == counted(desk.unit) == [row.id]
    assert counted(cast.branch) == counted(cast.region, last=date(2020, 5, 31)) == []
    assert counted(cast.region, first=row.happened_on, last=row.happened_on) == [row.id]
    moved = desk.correct(row, date(2020, 6, 2))
    assert counted(cast.branch) == [moved.id]
    assert counted(cast.small_branch) == []
    desk.correct(moved, None)
    assert counted(cast.region) == []


def test_membership_on_the_day_is_the_leagues_to_say(session: Session, cast: Cast, teacher: Person) -> None:
    joined = party_events.was_member(session, cast.saren.id, date(2020, 6, 1))
    before = party_events.was_member(session, cast.saren.id, date(2005, 1, 1))
    assert (joined, before, party_events.was_member(session, teacher.id, date(2020, 6, 1))) == (True, False, None)
