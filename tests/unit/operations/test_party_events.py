"""Events of the Party side as they are entered: who may, of whom, for which units; one by one and from a list."""

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import journal
from workflows.domain import identity_numbers, party_event_files, party_events, party_links, people, posts, units
from workflows.domain.identity_numbers import IdentityNumberWrong
from workflows.domain.party_event_files import PartyListUnreadable
from workflows.domain.party_events import EventOnRecord, PartyEvent, PartyEventKind, PartyEventWrong
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.errors import NotAuthorised
from workflows.journal import SYSTEM, Actor, Event
from workflows.operations import party_events as entering
from workflows.operations.party_events import PartyListRowsWrong

SINCE = date(2019, 9, 1)
BORN = date(2001, 5, 4)
NUMBER = identity_numbers.made_up(BORN, "青年甲")


class Desk:
    """The Party branch's secretary and the Party committee's organiser at work."""

    def __init__(self, session: Session, cast: Cast) -> None:
        self.session, self.cast = session, cast
        self.committee = units.add(session, None, code="DW", name="一中党委", kind=UnitKind.PARTY_COMMITTEE)
        self.unit = self.branch("DZ", "一中党支部")
        party_links.link(session, party_unit_id=self.unit.id, league_unit_id=cast.school.id, since=SINCE, actor=SYSTEM)
        self.secretary = self.in_post(self.unit, PostKind.PARTY_BRANCH_SECRETARY, "党务甲")
        self.organiser = self.in_post(self.committee, PostKind.PARTY_ORGANISER, "党务乙")

    def branch(self, code: str, name: str) -> Unit:
        """A Party branch of the committee."""
        return units.add(self.session, self.committee, code=code, name=name, kind=UnitKind.PARTY_BRANCH)

    def in_post(self, unit: Unit, kind: PostKind, name: str) -> Actor:
        """Somebody new in a post."""
        person = people.add(self.session, name=name, sex="male", birth_date=date(1980, 1, 1))
        post = posts.assign(self.session, person_id=person.id, unit_id=unit.id, kind=kind, since=SINCE, actor=SYSTEM)
        return Actor(person_id=person.id, post_id=post.id, unit_id=unit.id)

    def enter(self, **changes: str) -> PartyEvent:
        """Enter one event as the secretary."""
        values = {"name": "青年甲", "id_number": NUMBER, "kind": "预备党员", "happened_on": "2020-06-01"}
        values |= {"is_league_member": "是", "document": "一中党〔2020〕3号"} | changes
        return entering.enter(self.session, party_unit_id=self.unit.id, values=values, actor=self.secretary)

    def people(self) -> int:
        """How many people are on record."""
        return self.session.scalar(select(func.count()).select_from(Person)) or 0


@pytest.fixture
def desk(session: Session, cast: Cast) -> Desk:
    """The Party side beside the cast's school."""
    return Desk(session, cast)


def refused(desk: Desk, **changes: str) -> set[str]:
    """The fields at which an event is refused."""
    with pytest.raises((PartyEventWrong, IdentityNumberWrong)) as wrong:
        desk.enter(**changes)
    return set(wrong.value.fields)


def test_somebody_unknown_is_taken_into_the_records_and_counts_for_the_linked_school(desk: Desk) -> None:
    before = desk.people()
    row = desk.enter()
    person = people.get(desk.session, row.person_id)
    assert (person.birth_date, person.identity, desk.people()) == (BORN, NUMBER, before + 1)
    assert (row.party_unit_id, row.league_unit_id, row.is_league_member) == (desk.unit.id, desk.cast.school.id, True)
    assert row.kind == PartyEventKind.ACCEPTED
    with pytest.raises(EventOnRecord):
        desk.enter(happened_on="2020-06-02")


def test_a_member_is_found_by_name_and_birth_date_and_counts_for_the_own_branch(desk: Desk, cast: Cast) -> None:
    row = desk.enter(
        name=cast.saren.name,
        id_number="",
        birth_date="2004年1月1日",
        kind="递交入党申请书",
        happened_on="2022-02-01",
        is_league_member="",
    )
    assert (row.person_id, row.league_unit_id, row.is_league_member) == (cast.saren.id, cast.branch.id, True)


def test_a_person_who_cannot_be_made_out_is_asked_for_the_number(desk: Desk, cast: Cast) -> None:
    known = {"name": cast.saren.name, "id_number": ""}
    assert refused(desk, **known) == {"id_number"}
    assert refused(desk, **known, birth_date="2004-01-02") == {"birth_date"}
    twin = people.add(desk.session, name=cast.saren.name, sex="female", birth_date=cast.saren.birth_date)
    twin.unit_id = cast.branch.id
    desk.session.flush()
    assert refused(desk, **known, birth_date="2004-01-01") == {"birth_date"}
    assert refused(desk, name="") == {"name"}
    assert refused(desk, id_number=f"{NUMBER[:-2]}{(int(NUMBER[-2]) + 1) % 10}{NUMBER[-1]}") == {"id_number"}
    desk.enter()
    assert refused(desk, name="青年乙", kind="转正", happened_on="2021-06-01") == {"name"}


@pytest.mark.parametrize(
    "field, word",
    [
        ("kind", "入党"),
        ("happened_on", "六月"),
        ("party_unit", "另一党支部"),
        ("league_unit", "没有的团支部"),
        ("league_unit", "一中党支部"),
        ("is_league_member", "不详"),
        ("is_league_member", ""),
        ("happened_on", "2999-01-01"),
    ],
)
def test_what_cannot_be_understood_is_told_at_its_field(desk: Desk, field: str, word: str) -> None:
    before = desk.people()
    with pytest.raises(PartyEventWrong) as wrong, desk.session.begin_nested():
        desk.enter(**{field: word})
    assert set(wrong.value.fields) == {field}
    assert desk.people() == before


def test_the_league_unit_must_be_one_the_party_branch_works_with(desk: Desk, cast: Cast) -> None:
    assert refused(desk, league_unit=cast.other_school.name) == {"league_unit"}
    other = desk.branch("DZ2", "二中党支部")
    for league in (cast.other_school, cast.small_branch):
        party_links.link(desk.session, party_unit_id=other.id, league_unit_id=league.id, since=SINCE, actor=SYSTEM)
    values = {"name": "青年甲", "id_number": NUMBER, "kind": "预备党员", "happened_on": "2020-06-01"}
    values |= {"is_league_member": "否", "party_unit": "DZ2"}
    with pytest.raises(PartyEventWrong) as wrong:
        entering.enter(desk.session, party_unit_id=desk.committee.id, values=values, actor=desk.organiser)
    assert set(wrong.value.fields) == {"league_unit"}
    values["league_unit"] = cast.other_school.code
    row = entering.enter(desk.session, party_unit_id=desk.committee.id, values=values, actor=desk.organiser)
    assert (row.party_unit_id, row.league_unit_id) == (other.id, cast.other_school.id)


def test_the_leagues_own_record_decides_on_membership(desk: Desk, cast: Cast) -> None:
    known = {"name": cast.saren.name, "id_number": "", "birth_date": "2004-01-01", "happened_on": "2022-06-01"}
    assert refused(desk, **known, is_league_member="否") == {"is_league_member"}
    assert desk.enter(**known, is_league_member="").is_league_member is True


def test_only_the_party_side_enters(desk: Desk, cast: Cast) -> None:
    mentor = desk.in_post(desk.unit, PostKind.PARTY_MENTOR, "党务丙")
    other = desk.in_post(desk.branch("DZ2", "二中党支部"), PostKind.PARTY_BRANCH_SECRETARY, "党务丁")
    row = desk.enter()
    for actor in (mentor, other, cast.actor(cast.saren), cast.actor(cast.gaowa), cast.actor(cast.he), SYSTEM):
        with pytest.raises(NotAuthorised):
            entering.enter(desk.session, party_unit_id=desk.unit.id, values={}, actor=actor)
        with pytest.raises(NotAuthorised):
            entering.correct(desk.session, event_id=row.id, values=None, reason="登记错误", actor=actor)
        with pytest.raises(NotAuthorised):
            entering.check_file(desk.session, party_unit_id=desk.unit.id, text="", actor=actor)
    with pytest.raises(NotAuthorised):
        entering.enter(desk.session, party_unit_id=desk.committee.id, values={}, actor=desk.secretary)


def test_a_correction_changes_what_it_names_and_keeps_the_rest(desk: Desk, cast: Cast) -> None:
    row = desk.enter()

    def correct(earlier: PartyEvent, **values: str) -> PartyEvent:
        return entering.correct(
            desk.session, event_id=earlier.id, values=values, reason="会议记录有误", actor=desk.organiser
        )

    second = correct(row, happened_on="2020-05-28")
    assert (second.happened_on, second.document, second.is_league_member) == (date(2020, 5, 28), row.document, True)
    third = correct(second, league_unit=cast.branch.name, is_league_member="否")
    assert (third.league_unit_id, third.is_league_member, third.happened_on) == (
        cast.branch.id,
        False,
        date(2020, 5, 28),
    )
    with pytest.raises(PartyEventWrong):
        correct(third, happened_on="五月")
    struck = entering.correct(desk.session, event_id=third.id, values=None, reason="重复登记了", actor=desk.secretary)
    assert struck.is_struck
    assert party_events.listed(desk.session, desk.unit) == []


HEADING = "姓名,身份证号,出生日期,事项,日期,党支部,所在团支部,是否团员,文号"
FIRST = f"青年甲,{NUMBER},,预备党员,2020/6/1,,,是,3号"
SECOND = "萨仁,,2004-01-01,入党积极分子,2022.3.1,一中党支部,,,"


def taken(desk: Desk, *lines: str) -> party_events.PartyEventFile:
    """A list, taken over by the organiser."""
    return entering.take_file(
        desk.session,
        party_unit_id=desk.committee.id,
        name="五月.csv",
        text="\n".join((HEADING, *lines)),
        actor=desk.organiser,
    )


def test_a_list_is_looked_at_first_and_leaves_nothing(desk: Desk, cast: Cast) -> None:
    before = desk.people()
    text = "\n".join((HEADING, FIRST, SECOND))
    rows = entering.check_file(desk.session, party_unit_id=desk.committee.id, text=text, actor=desk.organiser)
    assert [(row.is_new, row.league_unit) for row in rows] == [(True, cast.school.name), (True, cast.branch.name)]
    assert desk.people() == before
    assert party_events.listed(desk.session, desk.committee) == []


def test_a_list_is_taken_over_and_the_same_rows_next_month_add_nothing(desk: Desk) -> None:
    file = taken(desk, FIRST)
    assert (file.rows, file.taken) == (1, 1)
    [(event, person)] = party_events.listed(desk.session, desk.committee)
    assert (event.file_id, person.name) == (file.id, "青年甲")
    again = taken(desk, FIRST, SECOND, SECOND)
    assert (again.rows, again.taken) == (3, 1)
    assert len(party_events.listed(desk.session, desk.committee)) == 2
    entry = journal.entries_of(desk.session, journal.unit_chain(desk.committee.id))[-1]
    assert (entry.event, entry.facts["taken"]) == (Event.PARTY_LIST_TAKEN, 1)


def test_one_wrong_row_keeps_the_whole_list_out(desk: Desk) -> None:
    before = desk.people()
    late = FIRST.replace("2020/6/1", "2020/6/2")
    with pytest.raises(PartyListRowsWrong) as wrong:
        taken(desk, FIRST, late, SECOND.replace("入党积极分子", "党员"))
    assert wrong.value.facts["n"] == 2
    assert desk.people() == before
    text = "\n".join((HEADING, FIRST, late))
    first, second = entering.check_file(desk.session, party_unit_id=desk.committee.id, text=text, actor=desk.organiser)
    assert first.refusal is None
    assert isinstance(second.refusal, EventOnRecord)


def test_what_is_no_list_is_refused_with_what_it_needs(desk: Desk) -> None:
    text = HEADING.replace("事项", "备注")
    with pytest.raises(PartyListUnreadable) as wrong:
        entering.check_file(desk.session, party_unit_id=desk.unit.id, text=text, actor=desk.secretary)
    assert "姓名、事项、日期" in wrong.value.what_would_pass()
    with pytest.raises(PartyListUnreadable):
        party_event_files.open_file(b"\xff\xfe\x00")
    assert party_event_files.open_file(f"{HEADING}\n{FIRST}\n".encode("gb18030")).text.startswith("姓名")


@pytest.mark.parametrize("kind", list(PartyEventKind))
def test_every_step_is_understood_by_its_own_name(kind: PartyEventKind) -> None:
    assert party_event_files.kind_of(f" {kind.label} ") is kind
