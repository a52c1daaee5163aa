"""The share of recommended people, by the statement, against counting the same rows one by one in the plainest way."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.property.ledgers import founded
from workflows import clock
from workflows.domain import recommendation_share as share
from workflows.domain import units
from workflows.domain.party_events import PartyEvent, PartyEventKind
from workflows.domain.people import Person, Sex
from workflows.domain.posts import Post, PostKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State, end_of_validity
from workflows.domain.units import UnitKind

YEAR = 2020
LEAGUE, PARTY = ("branch", "small_branch", "school", "other_school"), ("first", "second", "committee")
TREES = {
    "branch": ("branch",),
    "school": ("branch", "small_branch", "school"),
    "county": ("branch", "small_branch", "school", "other_school"),
    "first": ("first",),
    "committee": ("first", "second", "committee"),
}
"""Whom each scope holds, written down by hand and not read from the tree."""

EDGES = [
    date(2019, 12, 31),
    date(2020, 1, 1),
    date(2020, 2, 28),
    date(2020, 2, 29),
    date(2020, 12, 31),
    date(2021, 1, 1),
]
DAYS = st.one_of(st.sampled_from(EDGES), st.dates(date(2019, 11, 1), date(2021, 2, 1)))
NEAR = st.integers(-2, 2).map(lambda days: timedelta(days=days))


@dataclass(frozen=True)
class Recorded:
    """A recommendation: its meeting so many years and days before the acceptance, the Party told so many days after."""

    product: Product
    state: State
    met: date
    passed: date | None


@dataclass(frozen=True)
class Row:
    """One person as Hypothesis makes one up."""

    born: date
    day: date
    league: str
    party: str
    is_member: bool
    corrected_to: date | None
    is_struck: bool
    heard: date | None
    post: tuple[PostKind, date, date | None] | None
    records: tuple[Recorded, ...]


def years_before(day: date, years: int) -> date:
    """The same day so many years earlier, the 28th for a 29 February that is not there."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 2, 28)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Somebody near the edges: of the year, of 28 and 36 years, of validity."""
    day = draw(DAYS)
    leap = st.sampled_from([date(1992, 2, 29), date(1984, 2, 29)])
    born = st.builds(lambda age, off: years_before(day, age) + off, st.sampled_from([19, 27, 28, 30, 35, 36]), NEAR)
    met = st.builds(lambda age, off: years_before(day, age) + off, st.sampled_from([0, 1, 2]), NEAR)
    record = st.builds(
        lambda product, state, on, later: Recorded(product, state, on, None if later is None else on + later),
        st.sampled_from(Product),
        st.sampled_from([State.RECOMMENDED, State.EXPIRED, State.WITHDRAWN, State.NOT_ACCEPTED, State.REFUSED]),
        met,
        st.sampled_from([None, timedelta(0), timedelta(days=1), timedelta(days=40)]),
    )
    about = st.none() | NEAR.map(lambda off: day + off)
    kinds = st.sampled_from([PostKind.BRANCH_SECRETARY, PostKind.MENTOR, PostKind.PARTY_BRANCH_SECRETARY])
    post = st.tuples(kinds, NEAR.map(lambda off: day + off), st.sampled_from([None, 0, 1]))
    held = draw(st.none() | post)
    return Row(
        born=draw(leap | born),
        day=day,
        league=draw(st.sampled_from(LEAGUE)),
        party=draw(st.sampled_from(PARTY)),
        is_member=draw(st.sampled_from([True, True, True, False])),
        corrected_to=draw(st.none() | DAYS),
        is_struck=draw(st.sampled_from([False, False, False, True])),
        heard=draw(about),
        post=held and (held[0], held[1], None if held[2] is None else held[1] + timedelta(days=held[2])),
        records=tuple(draw(st.lists(record, max_size=2, unique_by=lambda one: one.product))),
    )


def verdict(row: Row) -> str | None:
    """What the person counts as, from the words of the documentation; None when not of the year."""
    day = row.corrected_to or row.day
    if row.is_struck or day.year != YEAR:
        return None
    age = day.year - row.born.year - (1 if (day.month, day.day) < (row.born.month, row.born.day) else 0)
    if age < 28:
        if not row.is_member:
            return "no_member"
        good = {each.product for each in row.records if was_good(each, day)}
        return "target" if Product.TARGET in good else "activist" if good else "without"
    if age > 35:
        return "older"
    if row.post is not None:
        kind, since, until = row.post
        if kind == PostKind.BRANCH_SECRETARY and since <= day and not (until is not None and until < day):
            return "cadre"
    return "heard" if row.heard is not None and not row.heard > day else "not_heard"


def was_good(record: Recorded, day: date) -> bool:
    """Made, before the day, the Party told by then, and not older than two years."""
    if record.state not in (State.RECOMMENDED, State.EXPIRED) or record.met >= day:
        return False
    if record.passed is not None and record.passed > day:
        return False
    return (day.year - 2, day.month, day.day) <= (record.met.year, record.met.month, record.met.day)


LEAP = Row(
    born=date(1992, 6, 11),
    day=date(2020, 2, 29),
    league="branch",
    party="first",
    is_member=True,
    corrected_to=None,
    is_struck=False,
    heard=None,
    post=None,
    records=(Recorded(Product.TARGET, State.EXPIRED, date(2018, 2, 28), None),),
)
"""Recommended on 28 February: on 29 February two years later it has run out."""

IN_JUNE = replace(LEAP, day=date(2020, 6, 10))
SHARP = (
    replace(IN_JUNE, records=(Recorded(Product.TARGET, State.RECOMMENDED, date(2020, 6, 10), None),)),
    replace(IN_JUNE, records=(Recorded(Product.TARGET, State.RECOMMENDED, date(2020, 6, 9), date(2020, 6, 11)),)),
    replace(IN_JUNE, records=(Recorded(Product.ACTIVIST, State.EXPIRED, date(2018, 6, 10), date(2020, 6, 10)),)),
    replace(IN_JUNE, born=date(1992, 6, 10)),
    replace(IN_JUNE, born=date(1984, 6, 10)),
    replace(IN_JUNE, born=date(1984, 6, 11), heard=date(2020, 6, 10)),
)
"""One on each side of every edge, always tried."""


@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@example([LEAP, *SHARP])
@given(st.lists(rows(), min_size=5, max_size=12))
def test_the_statement_counts_as_one_counts_by_hand(people: list[Row]) -> None:
    engine, cast = founded()
    with engine.connect() as connection, connection.begin() as outer, Session(bind=connection) as session:
        committee = units.add(session, None, code="P", name="党委", kind=UnitKind.PARTY_COMMITTEE)
        below = [
            units.add(session, committee, code=f"P{at}", name=f"支部{at}", kind=UnitKind.PARTY_BRANCH) for at in "12"
        ]
        at = {key: getattr(cast, key).id for key in (*LEAGUE, "county")}
        at |= {"committee": committee.id, "first": below[0].id, "second": below[1].id}
        names = [enter(session, number, row, at) for number, row in enumerate(people)]
        limits = share.limits_of(session, YEAR)
        for scope, held in TREES.items():
            expected = {
                name: verdict(row)
                for name, row in zip(names, people, strict=True)
                if (row.party if scope in PARTY else row.league) in held and verdict(row)
            }
            unit = units.get(session, at[scope])
            seen = share.overview(session, unit, YEAR, limits)
            assert dict(seen.whole.share.counts) == Counter(expected.values())
            assert sum((line.share.counts for line in seen.below), seen.here.counts) == seen.whole.share.counts
            found = share.people_of(session, unit, YEAR, limits)
            assert {one.person.name: one.counted for one in found} == expected
        outer.rollback()


def enter(session: Session, number: int, row: Row, at: dict[str, int]) -> str:
    """Put the rows of one person into the tables; gives the name."""
    person = Person(name=f"青年{number}", sex=Sex.FEMALE, birth_date=row.born, ethnic_group="")
    session.add(person)
    session.flush()
    told = {"person_id": person.id, "party_unit_id": at[row.party], "league_unit_id": at[row.league], "document": ""}
    told |= {"recorded_at": clock.now(), "recorded_by": person.id, "is_league_member": row.is_member}
    first = PartyEvent(**told, kind=PartyEventKind.ACCEPTED, happened_on=row.day, is_struck=False)
    session.add(first)
    session.flush()
    if row.corrected_to or row.is_struck:
        day = row.corrected_to or row.day
        later = {"corrects_id": first.id, "is_struck": row.is_struck}
        session.add(PartyEvent(**told, **later, kind=PartyEventKind.ACCEPTED, happened_on=day))
    if row.heard:
        session.add(PartyEvent(**told, kind=PartyEventKind.OPINION_HEARD, happened_on=row.heard, is_struck=False))
    if row.post:
        kind, since, until = row.post
        session.add(Post(person_id=person.id, unit_id=at["branch"], kind=kind, since=since, until=until))
    session.add_all(
        Recommendation(
            person_id=person.id,
            product=each.product,
            unit_id=at["branch"],
            state=each.state,
            holds_place=False,
            recommended_on=each.met,
            passed_on=each.passed,
            valid_until=end_of_validity(each.met, 2),
            created_at=clock.now(),
        )
        for each in row.records
    )
    session.flush()
    return person.name
