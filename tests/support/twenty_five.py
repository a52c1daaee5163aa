"""Twenty-five people and whether the Party's accepting them in 2020 counts for the share of recommended ones.

Worked by hand; docs/explanation/recommendation-share.md shows the same table. First and second are Party branches of
one committee; 大支部 and 小支部 are League branches of one school, 学校 its committee.
"""

from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from tests.support import party as party_side
from tests.support.cast import Cast
from tests.support.party import Party
from workflows import clock
from workflows.domain import identity_numbers, party_events, people, posts, recommendations, units
from workflows.domain.party_events import PartyEvent, PartyEventKind, Told
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendation_share import Counted
from workflows.domain.recommendations import Recommendation, State
from workflows.domain.units import Unit, UnitKind
from workflows.journal import SYSTEM, Actor
from workflows.operations import party_events as entering

YEAR = 2020
LATER = clock.start_of(date(2021, 2, 1))
"""When the year is looked at."""

A, B = Product.ACTIVIST, Product.TARGET
JUNE = date(2020, 6, 10)
BORN = date(2000, 5, 1)


@dataclass(frozen=True)
class Record:
    """A recommendation: as what, by the meeting of which day, what became of it, and when the Party was told."""

    product: Product
    met: date
    state: State = State.RECOMMENDED
    passed: date | None = None


@dataclass(frozen=True)
class Youth:
    """One of the twenty-five; `verdict` None is of another year, `edge` is what the person stands for."""

    edge: str
    verdict: Counted | None
    accepted: date = JUNE
    born: date = BORN
    records: tuple[Record, ...] = field(default_factory=tuple)
    league: str = "大支部"
    party: str = "第一"
    heard: date | None = None
    listed: str = ""
    """How the monthly list tells of membership; empty for people entered one by one."""


EVERYBODY = (
    Youth("only recommended as target", Counted.TARGET, records=(Record(B, date(2020, 3, 2)),)),
    Youth(
        "only recommended as activist",
        Counted.ACTIVIST,
        league="小支部",
        records=(Record(A, date(2019, 4, 1), State.DETERMINED),),
    ),
    Youth(
        "both",
        Counted.TARGET,
        party="第二",
        records=(Record(A, date(2018, 9, 3), State.DETERMINED), Record(B, date(2020, 3, 2), State.DETERMINED)),
    ),
    Youth("neither", Counted.WITHOUT, party="第二"),
    Youth("28 on that very day", Counted.NOT_HEARD, born=date(1992, 6, 10), records=(Record(B, date(2020, 3, 2)),)),
    Youth("28 on the next day", Counted.TARGET, born=date(1992, 6, 11), records=(Record(B, date(2020, 3, 2)),)),
    Youth(
        "born on 29 February, the day before",
        Counted.TARGET,
        born=date(1992, 2, 29),
        accepted=date(2020, 2, 28),
        records=(Record(B, date(2019, 5, 4)),),
    ),
    Youth(
        "born on 29 February, on the day",
        Counted.HEARD,
        born=date(1992, 2, 29),
        accepted=date(2020, 2, 29),
        party="第二",
        heard=date(2020, 2, 20),
    ),
    Youth("recommended on the same day", Counted.WITHOUT, league="小支部", records=(Record(B, JUNE),)),
    Youth(
        "two years old to the day", Counted.TARGET, party="第二", records=(Record(B, date(2018, 6, 10), State.EXPIRED),)
    ),
    Youth("two years and a day old", Counted.WITHOUT, records=(Record(B, date(2018, 6, 9), State.EXPIRED),)),
    Youth(
        "run out since, good on the day",
        Counted.ACTIVIST,
        league="小支部",
        records=(Record(A, date(2018, 9, 3), State.EXPIRED),),
    ),
    Youth("withdrawn", Counted.WITHOUT, league="小支部", records=(Record(B, date(2020, 3, 2), State.WITHDRAWN),)),
    Youth(
        "not accepted as recommended",
        Counted.WITHOUT,
        party="第二",
        records=(Record(B, date(2020, 3, 2), State.NOT_ACCEPTED),),
    ),
    Youth(
        "the Party told only afterwards",
        Counted.WITHOUT,
        records=(Record(B, date(2020, 5, 8), State.RECOMMENDED, date(2020, 6, 11)),),
    ),
    Youth(
        "recommended in 大支部, a member of 小支部 on the day",
        Counted.TARGET,
        league="小支部",
        records=(Record(B, date(2020, 3, 2)),),
    ),
    Youth(
        "activist at 第一, accepted at 第二",
        Counted.ACTIVIST,
        party="第二",
        records=(Record(A, date(2019, 4, 1), State.DETERMINED),),
    ),
    Youth("known only by the Party's list, a member", Counted.WITHOUT, league="学校", listed="是"),
    Youth("known only by the Party's list, no member", Counted.NO_MEMBER, league="学校", listed="否"),
    Youth(
        "twice on the Party's list",
        Counted.TARGET,
        league="小支部",
        listed="是",
        records=(Record(B, date(2020, 3, 2)),),
    ),
    Youth("corrected from 5 January to 31 December 2019", None, accepted=date(2019, 12, 31)),
    Youth("on 1 January", Counted.TARGET, accepted=date(2020, 1, 1), records=(Record(B, date(2019, 5, 4)),)),
    Youth(
        "on 31 December",
        Counted.ACTIVIST,
        accepted=date(2020, 12, 31),
        records=(Record(A, date(2019, 4, 1), State.DETERMINED),),
    ),
    Youth(
        "32 with a post in the League",
        Counted.CADRE,
        born=date(1988, 3, 1),
        league="小支部",
        records=(Record(B, date(2020, 3, 2)),),
    ),
    Youth("36 since that day", Counted.OLDER, born=date(1984, 6, 10), heard=date(2020, 5, 8)),
)


@dataclass
class Example:
    """Where they all are, and the people in order."""

    cast: Cast
    party: Party
    second: Unit
    people: list[Person]


def build(session: Session, cast: Cast) -> Example:
    """Enter everything as it would have been entered; looked at from `LATER`."""
    party = party_side.build(session, cast)
    second = units.add(session, party.committee, code="DZ2", name="第一中学第二党支部", kind=UnitKind.PARTY_BRANCH)
    example = Example(cast, party, second, [])
    with clock.standing_at(LATER):
        for at, youth in enumerate(EVERYBODY, 1):
            _enter(session, example, at, youth)
        taken = {at: youth for at, youth in enumerate(EVERYBODY, 1) if youth.listed}
        _take_list(session, example, taken)
        for at, youth in taken.items():
            _recommend(session, example, example.people[at - 1], youth)
        posts.assign(
            session,
            person_id=example.people[23].id,
            unit_id=cast.small_branch.id,
            kind=PostKind.BRANCH_SECRETARY,
            since=date(2019, 9, 1),
            until=JUNE,
            actor=SYSTEM,
        )
    return example


def name_of(at: int) -> str:
    """What the person with this number of the table is called."""
    return f"青年{at:02}"


def unit_of(example: Example, word: str) -> Unit:
    """A unit by the word of the table."""
    cast = example.cast
    known = {"大支部": cast.branch, "小支部": cast.small_branch, "学校": cast.school}
    return (known | {"第一": example.party.branch, "第二": example.second})[word]


def _enter(session: Session, example: Example, at: int, youth: Youth) -> None:
    number = identity_numbers.made_up(youth.born, name_of(at))
    if youth.listed:
        example.people.append(Person())  # the list makes it known
        return
    person = people.add(session, name=name_of(at), sex="male", birth_date=youth.born, identity_number=number)
    example.people.append(person)
    _recommend(session, example, person, youth)
    if youth.heard:
        _event(session, example, person, youth, PartyEventKind.OPINION_HEARD, youth.heard)
    if at == 17:
        first = Youth(youth.edge, None)
        _event(session, example, person, first, PartyEventKind.ACTIVIST_FILED, date(2019, 5, 10))
    day = date(2020, 1, 5) if youth.verdict is None else youth.accepted
    row = _event(session, example, person, youth, PartyEventKind.ACCEPTED, day)
    if youth.verdict is None:
        told, guan = _told(example, youth, youth.accepted), Actor(person_id=example.party.guan.id)
        party_events.correct(session, event_id=row.id, told=told, reason="会议日期登记有误", actor=guan)


def _event(
    session: Session, example: Example, person: Person, youth: Youth, kind: PartyEventKind, day: date
) -> PartyEvent:
    told, guan = _told(example, youth, day), Actor(person_id=example.party.guan.id)
    return party_events.record(session, person_id=person.id, kind=kind, told=told, actor=guan)


def _told(example: Example, youth: Youth, day: date) -> Told:
    party, league = unit_of(example, youth.party), unit_of(example, youth.league)
    return Told(day, "", party.id, league.id, is_league_member=True)


def _take_list(session: Session, example: Example, taken: dict[int, Youth]) -> None:
    lines = ["姓名,身份证号,事项,日期,是否团员,团组织"]
    for at, youth in taken.items():
        number = identity_numbers.made_up(youth.born, name_of(at))
        league = unit_of(example, youth.league).code
        line = f"{name_of(at)},{number},接收为预备党员,{youth.accepted},{youth.listed},{league}"
        lines += [line, line] if at == 20 else [line]
    guan = Actor(person_id=example.party.guan.id)
    text = "\n".join(lines)
    for _month in range(2):
        entering.take_file(session, party_unit_id=example.party.branch.id, name="月报.csv", text=text, actor=guan)
    for at, youth in taken.items():
        known = people.by_identity(session, identity_numbers.made_up(youth.born, name_of(at)))
        assert known is not None
        example.people[at - 1] = known


def _recommend(session: Session, example: Example, person: Person, youth: Youth) -> None:
    session.add_all(
        Recommendation(
            person_id=person.id,
            product=record.product,
            unit_id=example.cast.branch.id,
            state=record.state,
            holds_place=False,
            recommended_on=record.met,
            passed_on=record.passed or record.met,
            valid_until=recommendations.end_of_validity(record.met, 2),
            created_at=clock.now(),
        )
        for record in youth.records
    )
    session.flush()
