"""The share of young people the Party accepts who were recommended by the League (推优率), counted by persons.

Counted is whoever a Party branch meeting accepted as a probationary member in a calendar year, was a League member on
that day and had not reached the age from which the League recommends nobody. Of these, who had a recommendation that
was good on that very day. League and Party ask the same function: a Party unit's scope is where people were accepted, a
League unit's where they were members on that day, as the event says. docs/explanation/recommendation-share.md tells it
with an example of every edge.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, extract, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from workflows import clock
from workflows.domain import party_events, rules_in_force, units
from workflows.domain.party_events import PartyEvent, PartyEventKind
from workflows.domain.people import Person
from workflows.domain.posts import Post
from workflows.domain.quota_ledger import Plan
from workflows.domain.recommendation_facts import CADRE_POSTS
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import VALID, Recommendation, State
from workflows.domain.rule_sets import Parameter
from workflows.domain.units import Unit

COUNTING = (*VALID, State.EXPIRED)
"""States of a recommendation that was made; of an expired one the last day of validity says whether it was good."""

FIRST_YEAR = 2000
"""No earlier year is offered or asked for."""


class Counted(StrEnum):
    """What one accepted person counts as; each counts as exactly one."""

    TARGET = "target"
    """Recommended as a development target, whether or not as an activist too."""
    ACTIVIST = "activist"
    """Recommended as an activist only."""
    WITHOUT = "without"
    """Should have been recommended and was not."""
    HEARD = "heard"
    """Past the age of recommendation; the League organisation's opinion was heard."""
    NOT_HEARD = "not_heard"
    CADRE = "cadre"
    """Past that age with a post in the League: recommended as members are, and counted in neither figure."""
    NO_MEMBER = "no_member"
    OLDER = "older"
    """Past the age up to which an opinion is heard."""


YOUNG = (Counted.TARGET, Counted.ACTIVIST, Counted.WITHOUT)
OPEN = (Counted.WITHOUT, Counted.NOT_HEARD)
"""Who is somebody's work: to find out why, and to put right what was entered wrongly."""


class Why(StrEnum):
    """Why no recommendation of a person counts: of several, what came nearest to counting."""

    PASSED_LATE = "passed_late"
    """The meeting was in time, but the Party was told only after the acceptance."""
    SAME_DAY = "same_day"
    AFTERWARDS = "afterwards"
    RUN_OUT = "run_out"
    UNFINISHED = "unfinished"
    ENDED = "ended"
    NONE = "none"


@dataclass(frozen=True)
class Limits:
    """The parameters of the year: ages in complete years, and the share that is aimed at, in per cent."""

    below: Parameter
    heard_until: Parameter
    goal: Parameter

    @property
    def aim(self) -> Fraction:
        """The share that is aimed at."""
        return Fraction(int(self.goal.value), 100)


@dataclass(frozen=True)
class Share:
    """Of the persons accepted in a scope how many count as what; shares are exact, None of nobody."""

    counts: Counter[Counted]

    @property
    def accepted(self) -> int:
        """The denominator: young members accepted."""
        return self._sum(YOUNG)

    @property
    def as_target(self) -> int:
        """Of these, recommended as development targets."""
        return self.counts[Counted.TARGET]

    @property
    def recommended(self) -> int:
        """Of these, recommended at all."""
        return self.as_target + self.counts[Counted.ACTIVIST]

    @property
    def without(self) -> int:
        """Of these, not recommended."""
        return self.counts[Counted.WITHOUT]

    @property
    def heard(self) -> int:
        """Of the older ones without a post, those about whom the League was heard."""
        return self.counts[Counted.HEARD]

    @property
    def to_be_heard(self) -> int:
        """The older ones without a post."""
        return self.heard + self.counts[Counted.NOT_HEARD]

    @property
    def everybody(self) -> int:
        """All who were accepted, whatever they count as."""
        return self.counts.total()

    @property
    def share(self) -> Fraction | None:
        """Recommended at all, of the young members accepted."""
        return _of(self.recommended, self.accepted)

    @property
    def target_share(self) -> Fraction | None:
        """Recommended as development targets, of the young members accepted."""
        return _of(self.as_target, self.accepted)

    @property
    def heard_share(self) -> Fraction | None:
        """Heard, of those about whom the League is to be heard."""
        return _of(self.heard, self.to_be_heard)

    def reaches(self, aim: Fraction) -> bool | None:
        """Whether the share is what is aimed at, before any rounding; None of nobody."""
        return None if self.share is None else self.share >= aim

    def _sum(self, kinds: Iterable[Counted]) -> int:
        return sum(self.counts[each] for each in kinds)


@dataclass(frozen=True)
class Line:
    """One unit with the share in its scope."""

    unit: Unit
    share: Share


@dataclass(frozen=True)
class Overview:
    """The share of a unit, of each unit directly below it, and of what is counted at the unit itself."""

    whole: Line
    below: list[Line]
    here: Share


@dataclass(frozen=True)
class Accepted:
    """One accepted person: the event, the units on both sides, and what the person counts as.

    `record` is the recommendation that counts, and of a person without one `nearest` the one that came nearest.
    """

    event: PartyEvent
    person: Person
    league: Unit
    party: Unit
    counted: Counted
    record: Recommendation | None = None
    nearest: Recommendation | None = None
    why: Why = Why.NONE


def limits_of(session: Session, year: int) -> Limits:
    """The parameters of a year: of its plan's rule set, or without a plan of the set in force then."""
    name = session.scalar(select(Plan.rule_set).where(Plan.year == year))
    found = rules_in_force.named_or_of_year(name, year).parameters
    names = ("recommend_age_max_exclusive", "recommend_opinion_age_max", "recommend_kpi_share")
    return Limits(*(found[each] for each in names))


def years(session: Session) -> list[int]:
    """The years that can be asked for, the present one first: back to the first acceptance on record."""
    first = session.scalar(select(func.min(PartyEvent.happened_on)).where(PartyEvent.kind == PartyEventKind.ACCEPTED))
    this = clock.today().year
    return list(range(this, max(FIRST_YEAR, first.year if first else this) - 1, -1))


def overview(session: Session, unit: Unit, year: int, limits: Limits) -> Overview:
    """The figures of a unit, Party or League, and of the units directly below: two statements, however many persons."""
    rows = _counted(unit, year, limits).subquery()
    query = select(rows.c.path, rows.c.counted, func.count()).group_by(rows.c.path, rows.c.counted)
    found: dict[int, Counter[Counted]] = {}
    depth = len(unit.line())
    for path, word, number in session.execute(query):
        line = [int(step) for step in path.split("/") if step]
        found.setdefault(line[depth] if len(line) > depth else unit.id, Counter())[Counted(word)] += number
    below = [Line(each, Share(found.get(each.id, Counter()))) for each in units.children(session, unit.id)]
    whole = sum(found.values(), Counter[Counted]())
    return Overview(Line(unit, Share(whole)), below, Share(found.get(unit.id, Counter())))


def people_of(
    session: Session,
    unit: Unit,
    year: int,
    limits: Limits,
    *,
    only: Collection[Counted] = tuple(Counted),
    after: int = 0,
    limit: int = 50,
) -> list[Accepted]:
    """Who was accepted in the unit's scope, in the order of entry: two statements, however many.

    `after` is the id of the last event seen.
    """
    rows = _counted(unit, year, limits).subquery()
    league, party = aliased(Unit), aliased(Unit)
    query = (
        select(PartyEvent, Person, league, party, rows.c.counted)
        .join(rows, rows.c.id == PartyEvent.id)
        .join(Person, Person.id == PartyEvent.person_id)
        .join(league, league.id == PartyEvent.league_unit_id)
        .join(party, party.id == PartyEvent.party_unit_id)
        .where(rows.c.counted.in_([str(each) for each in only]), PartyEvent.id > after)
        .order_by(PartyEvent.id)
        .limit(limit)
    )
    found = session.execute(query).all()
    records: dict[int, list[Recommendation]] = {}
    of_them = select(Recommendation).where(Recommendation.person_id.in_({person.id for _, person, *_ in found}))
    for row in session.scalars(of_them.order_by(Recommendation.id)) if found else ():
        records.setdefault(row.person_id, []).append(row)
    return [
        _told(Accepted(event, person, on_league, on_party, Counted(word)), records.get(person.id, []))
        for event, person, on_league, on_party, word in found
    ]


def counts_on(row: Recommendation, day: date) -> bool:
    """Whether a recommendation was good on the day of acceptance.

    It was made, by a meeting before that day and passed to the Party by that day; its last day of validity was not
    over. The same as `_good`, for a row in hand.
    """
    return why_not(row, day) is None


def why_not(row: Recommendation, day: date) -> Why | None:
    """Why a recommendation was not good on the day of acceptance; None when it was."""
    if row.state == State.LISTED:
        return Why.UNFINISHED
    if row.state not in COUNTING or row.recommended_on is None or row.valid_until is None:
        return Why.ENDED
    if row.recommended_on == day:
        return Why.SAME_DAY
    if row.recommended_on > day:
        return Why.AFTERWARDS
    if row.valid_until < day:
        return Why.RUN_OUT
    return Why.PASSED_LATE if row.passed_on is not None and row.passed_on > day else None


def _told(one: Accepted, records: Sequence[Recommendation]) -> Accepted:
    """With the recommendation that decided, one way or the other."""
    if one.counted is Counted.WITHOUT:
        nearest = min(records, key=lambda row: list(Why).index(_why(row, one.event)), default=None)
        return replace(one, nearest=nearest, why=_why(nearest, one.event) if nearest else Why.NONE)
    if one.counted not in YOUNG:
        return one
    product = Product.TARGET if one.counted is Counted.TARGET else Product.ACTIVIST
    good = [row for row in records if row.product == product and counts_on(row, one.event.happened_on)]
    return replace(one, record=good[-1])


def _why(row: Recommendation, event: PartyEvent) -> Why:
    return why_not(row, event.happened_on) or Why.NONE


def _counted(unit: Unit, year: int, limits: Limits) -> Select[int, str, str]:
    """Of every standing acceptance of the year in the scope: its id, the unit's path, and what the person counts as."""
    scope = PartyEvent.party_unit_id if unit.kind.is_party else PartyEvent.league_unit_id
    return (
        select(PartyEvent.id, Unit.path, _word(limits).label("counted"))
        .join(Unit, Unit.id == scope)
        .join(Person, Person.id == PartyEvent.person_id)
        .where(PartyEvent.kind == PartyEventKind.ACCEPTED, party_events.standing())
        .where(PartyEvent.happened_on >= date(year, 1, 1), PartyEvent.happened_on <= date(year, 12, 31))
        .where(Unit.path.startswith(unit.path, autoescape=True))
    )


def _word(limits: Limits) -> ColumnElement[str]:
    """The same cases in the same order as the table of docs/explanation/recommendation-share.md."""
    is_young = _has_lived_less_than(int(limits.below.value))
    return case(
        (and_(is_young, PartyEvent.is_league_member.is_not(True)), literal(str(Counted.NO_MEMBER))),
        (and_(is_young, _good(Product.TARGET)), literal(str(Counted.TARGET))),
        (and_(is_young, _good(Product.ACTIVIST)), literal(str(Counted.ACTIVIST))),
        (is_young, literal(str(Counted.WITHOUT))),
        (~_has_lived_less_than(int(limits.heard_until.value) + 1), literal(str(Counted.OLDER))),
        (_in_post(), literal(str(Counted.CADRE))),
        (_was_heard(), literal(str(Counted.HEARD))),
        else_=literal(str(Counted.NOT_HEARD)),
    )


def _has_lived_less_than(age: int) -> ColumnElement[bool]:
    """Whether the person was younger on the day: on the birthday one is older already.

    Days are compared as numbers like 20210301, so that who was born on 29 February turns on 1 March of other years.
    """
    return _number(PartyEvent.happened_on) - _number(Person.birth_date) < age * 10_000


def _number(day: Any) -> ColumnElement[int]:
    return extract("year", day) * 10_000 + extract("month", day) * 100 + extract("day", day)


def _good(product: Product) -> ColumnElement[bool]:
    return exists().where(
        Recommendation.person_id == PartyEvent.person_id,
        Recommendation.product == product,
        Recommendation.state.in_(COUNTING),
        Recommendation.recommended_on < PartyEvent.happened_on,
        Recommendation.valid_until >= PartyEvent.happened_on,
        or_(Recommendation.passed_on.is_(None), Recommendation.passed_on <= PartyEvent.happened_on),
    )


def _in_post() -> ColumnElement[bool]:
    return exists().where(
        Post.person_id == PartyEvent.person_id,
        Post.kind.in_(CADRE_POSTS),
        Post.since <= PartyEvent.happened_on,
        or_(Post.until.is_(None), Post.until >= PartyEvent.happened_on),
    )


def _was_heard() -> ColumnElement[bool]:
    heard = aliased(PartyEvent)
    return exists().where(
        heard.person_id == PartyEvent.person_id,
        heard.kind == PartyEventKind.OPINION_HEARD,
        heard.happened_on <= PartyEvent.happened_on,
        party_events.standing(heard),
    )


def _of(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
