"""Which Party units work with which League units: nearest link, one at a time, ended and kept."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support import party as party_side
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import head_counts, kept_forecasts, party_links, quotas, ratio_forecasts, units
from workflows.domain.party_links import (
    LinkedAlready,
    LinkEnded,
    LinkWrong,
    NoPartyBranch,
    NoPartyCommittee,
    PartyLink,
)
from workflows.domain.units import Field, TreesApart, Unit, UnitKind
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event

SINCE = date(2019, 9, 1)


@pytest.fixture
def committee(session: Session, cast: Cast) -> Unit:
    """The Party committee of a school, which the League's tree knows nothing of."""
    return units.add(session, None, code="DW", name="一中党委", kind=UnitKind.PARTY_COMMITTEE)


@pytest.fixture
def first(session: Session, committee: Unit) -> Unit:
    """A Party branch below it."""
    return units.add(session, committee, code="DZ1", name="高中部党支部", kind=UnitKind.PARTY_BRANCH)


@pytest.fixture
def second(session: Session, committee: Unit) -> Unit:
    """Another one."""
    return units.add(session, committee, code="DZ2", name="初中部党支部", kind=UnitKind.PARTY_BRANCH)


def linked(session: Session, party: Unit, league: Unit, since: date = SINCE, until: date | None = None) -> PartyLink:
    """The two, linked."""
    return party_links.link(
        session, party_unit_id=party.id, league_unit_id=league.id, since=since, until=until, actor=SYSTEM
    )


def test_the_nearest_link_on_the_way_up_counts(session: Session, cast: Cast, first: Unit, second: Unit) -> None:
    linked(session, first, cast.school)
    assert party_links.party_branch_of(session, cast.branch.id).id == first.id
    linked(session, second, cast.branch)
    assert party_links.party_branch_of(session, cast.branch.id).id == second.id
    assert party_links.party_branch_of(session, cast.small_branch.id).id == first.id
    assert party_links.works_with(session, second.id, cast.branch.id)
    assert not party_links.works_with(session, first.id, cast.branch.id)


def test_the_committee_is_the_one_above_the_party_branch(
    session: Session, cast: Cast, committee: Unit, first: Unit
) -> None:
    other = units.add(session, None, code="DW2", name="另一党委", kind=UnitKind.PARTY_COMMITTEE)
    linked(session, other, cast.school)
    assert party_links.party_committee_of(session, cast.branch.id).id == other.id
    linked(session, first, cast.branch)
    assert party_links.party_committee_of(session, cast.branch.id).id == committee.id
    assert party_links.party_committee_of(session, first.id).id == committee.id
    assert party_links.works_with(session, committee.id, cast.branch.id)


def test_without_a_link_it_is_said_what_to_do(session: Session, cast: Cast) -> None:
    with pytest.raises(NoPartyBranch) as refused:
        party_links.party_branch_of(session, cast.branch.id)
    assert cast.branch.name in refused.value.fact()
    assert "党团组织对应" in refused.value.what_would_pass()
    with pytest.raises(NoPartyCommittee):
        party_links.party_committee_of(session, cast.branch.id)
    with pytest.raises(NotFound):
        party_links.party_branch_of(session, 999_999)


def test_a_league_unit_has_one_party_branch_at_a_time(session: Session, cast: Cast, first: Unit, second: Unit) -> None:
    standing = linked(session, first, cast.branch)
    with pytest.raises(LinkedAlready) as refused:
        linked(session, second, cast.branch, since=date(2020, 1, 1))
    assert refused.value.facts["party"] == first.name
    party_links.unlink(session, link_id=standing.id, last_day=date(2020, 8, 31), actor=SYSTEM)
    with pytest.raises(LinkedAlready):
        linked(session, second, cast.branch, since=date(2020, 8, 31))
    linked(session, second, cast.branch, since=date(2020, 9, 1))
    of = party_links.party_branch_of
    assert of(session, cast.branch.id, date(2020, 8, 31)).id == first.id
    assert of(session, cast.branch.id, date(2020, 9, 1)).id == second.id
    assert [row.party_unit_id for row in party_links.links_of(session, [cast.branch.id])] == [second.id, first.id]
    assert [unit.id for unit in party_links.league_units_of(session, first.id, date(2020, 8, 31))] == [cast.branch.id]
    assert party_links.league_units_of(session, first.id, date(2020, 9, 1)) == []


def test_the_database_too_keeps_a_second_open_link_out(session: Session, cast: Cast, first: Unit, second: Unit) -> None:
    linked(session, first, cast.branch)
    session.add(
        PartyLink(
            party_unit_id=second.id,
            league_unit_id=cast.branch.id,
            kind=UnitKind.PARTY_BRANCH,
            since=SINCE,
            entered_at=clock.now(),
        )
    )
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


def test_what_has_ended_is_not_changed(session: Session, cast: Cast, first: Unit) -> None:
    standing = linked(session, first, cast.branch)
    with pytest.raises(LinkWrong):
        party_links.unlink(session, link_id=standing.id, last_day=SINCE - timedelta(days=1), actor=SYSTEM)
    tomorrow = clock.today() + timedelta(days=1)
    party_links.unlink(session, link_id=standing.id, last_day=tomorrow, actor=SYSTEM)
    with pytest.raises(LinkWrong):
        party_links.unlink(session, link_id=standing.id, last_day=tomorrow + timedelta(days=1), actor=SYSTEM)
    party_links.unlink(session, link_id=standing.id, last_day=clock.today() - timedelta(days=1), actor=SYSTEM)
    with pytest.raises(LinkEnded):
        party_links.unlink(session, link_id=standing.id, last_day=clock.today(), actor=SYSTEM)
    with pytest.raises(NotFound):
        party_links.unlink(session, link_id=999_999, last_day=clock.today(), actor=SYSTEM)
    entries = journal.entries_of(session, journal.unit_chain(cast.branch.id))
    assert [entry.event for entry in entries][-3:] == [Event.PARTY_LINKED, Event.PARTY_UNLINKED, Event.PARTY_UNLINKED]


@pytest.mark.parametrize(
    "party, league, field",
    [
        ("school", "branch", "party_unit_id"),
        ("committee", "branch", "league_unit_id"),
        ("first", "county", "league_unit_id"),
        ("first", "second", "league_unit_id"),
    ],
)
def test_only_units_that_belong_together_are_linked(
    session: Session, cast: Cast, committee: Unit, first: Unit, second: Unit, party: str, league: str, field: str
) -> None:
    everybody = vars(cast) | {"committee": committee, "first": first, "second": second}
    with pytest.raises(LinkWrong) as refused:
        linked(session, everybody[party], everybody[league])
    assert set(refused.value.fields) == {field}


def test_dates_that_cannot_be_are_refused_at_their_fields(session: Session, cast: Cast, first: Unit) -> None:
    with pytest.raises(LinkWrong) as refused:
        linked(session, first, cast.branch, since=clock.today() + timedelta(days=400), until=SINCE)
    assert set(refused.value.fields) == {"since", "until"}


def test_the_trees_of_party_and_league_never_mix(session: Session, cast: Cast, committee: Unit, first: Unit) -> None:
    before = session.scalars(select(Unit.id)).all()
    for parent, kind in [
        (cast.school, UnitKind.PARTY_BRANCH),
        (cast.region, UnitKind.PARTY_COMMITTEE),
        (committee, UnitKind.BRANCH),
        (first, UnitKind.PARTY_BRANCH),
        (first, UnitKind.PARTY_COMMITTEE),
        (None, UnitKind.PARTY_BRANCH),
    ]:
        with pytest.raises(TreesApart):
            units.add(session, parent, code=f"X{kind}", name="甲", kind=kind)
    assert session.scalars(select(Unit.id)).all() == before
    assert not {committee.id, first.id} & set(units.subtree_ids(session, cast.region.id))


def test_no_figure_of_the_league_changes_by_the_party_side(session: Session, cast: Cast) -> None:
    plan = people.plan_for_school(session, cast, 5)
    day = head_counts.day_for(plan.year)
    line = head_counts.Line(Field.SENIOR, True, 40, 10)
    head_counts.record(session, unit_id=cast.branch.id, as_of=day, lines=[line], source="学籍系统", actor=SYSTEM)

    def figures() -> list[object]:
        standing = head_counts.Standing(session, cast.region, day)
        return [
            [vars(row) for row in quotas.overview(session, plan, cast.region.id)],
            units.subtree_ids(session, cast.region.id),
            standing.of(cast.region),
            ratio_forecasts.planned_by_class(session, plan, cast.region, standing),
            quotas.audit(session).faults,
        ]

    before, kept = figures(), kept_forecasts.keep(session, plan)
    party_side.build(session, cast)
    assert kept > 0
    assert figures() == before
    assert kept_forecasts.keep(session, plan) == 0
