"""Demo data: schools, branches, their Party units and people, all plainly marked 演示, and this year's plan.

One college has adult members, a round of recommendation that is open, and Party applications on record there.

Nobody here exists: identity numbers begin with an area code that no province has, and member numbers of earlier years
with a serial far beyond any plan. The same seed gives the same people; the password is made anew for each installation.
"""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import (
    accounts,
    apportionment,
    demo_schools,
    identity_numbers,
    numbering,
    party_events,
    party_links,
    posts,
    quotas,
    recommendation_rounds,
    region,
    units,
)
from workflows.domain.demo_schools import Branch, School
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.party_events import PartyEventKind
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.quota_ledger import Plan
from workflows.domain.recommendation_rounds import Product
from workflows.domain.units import Unit, UnitKind
from workflows.journal import SYSTEM, Actor

PLAN_TOTAL = 53_700
"""The size of the plan of 内团办发〔2020〕14号, taken for the demo's year too."""

SCHOOLS_OF = 2020
"""The year for which the births of the demo schools are written down; the demo moves them to its own."""

LARGE_BRANCH = 10
"""Members of a demo branch with a committee."""

SMALL_BRANCH = 5
"""Members of a demo branch without one (fewer than seven)."""

FIRST_DEMO_NUMBER = 900_001

SHARE = 20
"""How many in a hundred members of a branch are recommended in a round: the share of the packaged rule sets."""

APPLIED = {PartyEventKind.PARTY_APPLICATION: 240}
"""Days since an adult without a post in the branch handed in the Party application."""

ACTIVISTS = 2
"""The last of them are Party activists, who may be recommended as development targets."""

FILED = {PartyEventKind.PARTY_APPLICATION: 480, PartyEventKind.ACTIVIST_FILED: 420}


@dataclass(frozen=True)
class DemoLogin:
    """One post of the demo with its holder's account.

    `password` is None when the accounts stood before and nobody told which it is.
    """

    login: str
    password: str | None
    name: str
    post: str
    unit: str


def install(session: Session, seed: int = 20200427, password: str | None = None) -> list[DemoLogin]:
    """Install the tree, the demo people and the plan of this year, and answer who can sign in.

    Done twice it changes nothing, and answers the same accounts with the password given, if any. Without `password` a
    new installation makes one up.
    """
    top = region.install(session)
    if _stands(session):
        return list(_logins(session, password))
    password = password or f"Demo-{secrets.token_hex(4)}"
    accounts.check_strength(password)
    year = clock.today().year
    _Stage(session, seed, accounts.hash_of(password), year).build(top)
    if session.scalar(select(Plan.id).where(Plan.year == year)) is None:
        _share_out(session, top, year)
    session.flush()
    return list(_logins(session, password))


def _stands(session: Session) -> bool:
    code = demo_schools.SCHOOLS[0].code
    return session.scalar(select(Unit.id).where(Unit.code == code)) is not None


def _logins(session: Session, password: str | None) -> Iterator[DemoLogin]:
    query = (
        select(accounts.Account.login, Person.name, posts.Post.kind, Unit.name)
        .join(Person, Person.id == accounts.Account.person_id)
        .join(posts.Post, posts.Post.person_id == Person.id)
        .join(Unit, Unit.id == posts.Post.unit_id)
        .where(Person.is_demo)
        .order_by(func.length(Unit.path).desc(), Unit.code, Person.id)
    )
    for login, name, kind, unit in session.execute(query):
        yield DemoLogin(login, password, name, kind.label, unit)


class _Stage:
    """Everything that is founded once, from one generator, so that a seed gives the same people."""

    def __init__(self, session: Session, seed: int, hashed: str, year: int) -> None:
        self.session = session
        self.dice = random.Random(seed)
        self.hashed = hashed
        self.later = year - SCHOOLS_OF
        self.since = date(year - 2, 9, 1)
        self.names = demo_schools.names(self.dice)
        self.numbers = iter(range(FIRST_DEMO_NUMBER, 10**6))

    def build(self, top: Unit) -> None:
        for login, kind in demo_schools.REGION_OFFICERS.items():
            self.officer(login, top, kind)
        for code, login in demo_schools.CITY_OFFICERS.items():
            self.officer(login, units.by_code(self.session, code), PostKind.PREFECTURE_COMMITTEE)
        for code, login in demo_schools.COUNTY_OFFICERS.items():
            self.officer(login, units.by_code(self.session, code), PostKind.COUNTY_COMMITTEE)
        for school in demo_schools.SCHOOLS:
            self.school(school)
        first = demo_schools.SCHOOLS[0]
        branch = units.by_code(self.session, f"{first.code}-01")
        self.officer(f"{first.login}1.party", branch, PostKind.PARTY_MENTOR)
        for school in demo_schools.SCHOOLS:
            self.party(school)
        for school in demo_schools.SCHOOLS:
            if all(branch.is_of_age for branch in school.branches):
                self.rounds(school)

    def school(self, school: School) -> None:
        county = units.by_code(self.session, school.county)
        unit = units.add(
            self.session,
            county,
            code=school.code,
            name=f"演示·{school.name}团委",
            short_name=f"演示·{school.name}",
            kind=UnitKind.SCHOOL,
            field=school.field,
            division_code=school.county,
            is_demo=True,
        )
        for order in (1, 2):
            self.officer(f"{school.login}.approver{order}", unit, PostKind.GRASSROOTS_COMMITTEE)
        for order, branch in enumerate(school.branches, start=1):
            self.branch(school, unit, order, branch)

    def party(self, school: School) -> None:
        """A Party committee and a Party branch beside the school's League; one teacher holds a post on both sides."""
        league, at = units.by_code(self.session, school.code), {}
        above: Unit | None = None
        for ending, kind in (("DW", UnitKind.PARTY_COMMITTEE), ("DZ", UnitKind.PARTY_BRANCH)):
            above = at[kind] = units.add(
                self.session,
                above,
                code=f"{school.code}-{ending}",
                name=f"演示·{school.name}{kind.label}",
                kind=kind,
                division_code=school.county,
                is_demo=True,
            )
            party_links.link(
                self.session, party_unit_id=above.id, league_unit_id=league.id, since=self.since, actor=SYSTEM
            )
        branch = at[UnitKind.PARTY_BRANCH]
        self.officer(f"{school.login}.party.secretary", branch, PostKind.PARTY_BRANCH_SECRETARY)
        self.officer(f"{school.login}.party.mentor", branch, PostKind.PARTY_MENTOR)
        self.officer(f"{school.login}.party.organiser", at[UnitKind.PARTY_COMMITTEE], PostKind.PARTY_ORGANISER)
        teacher = posts.holders(self.session, league.id, [PostKind.GRASSROOTS_COMMITTEE], self.since)[-1]
        self.assign(teacher, branch, PostKind.PARTY_BRANCH_COMMITTEE)

    def rounds(self, school: School) -> None:
        """An open round of either product, and what the Party branch has on record of those who may be recommended."""
        league = units.by_code(self.session, school.code)
        opens = Actor(posts.holders(self.session, league.id, [PostKind.GRASSROOTS_COMMITTEE], self.since)[0].id)
        for product in Product:
            opened = recommendation_rounds.open_round(
                self.session,
                committee_id=league.id,
                product=product,
                term=f"演示·{clock.today().year}年",
                basis="演示·党委年度发展计划",
                share=SHARE,
                actor=opens,
            )
            recommendation_rounds.confirm(self.session, opened.id, opens)
        for branch in units.children(self.session, league.id):
            at = party_links.party_branch_of(self.session, branch.id).id
            enters = Actor(posts.holders(self.session, at, [PostKind.PARTY_BRANCH_SECRETARY], self.since)[0].id)
            holding = select(posts.Post.person_id).where(posts.Post.unit_id == branch.id)
            there = select(LeagueMember.person_id).where(LeagueMember.unit_id == branch.id)
            without_post = there.where(LeagueMember.person_id.not_in(holding)).order_by(LeagueMember.person_id)
            ordinary = self.session.scalars(without_post).all()
            for order, person_id in enumerate(ordinary, start=1):
                told = FILED if order > len(ordinary) - ACTIVISTS else APPLIED
                for kind, days in told.items():
                    self.tell(person_id, kind, clock.today() - timedelta(days=days), at, branch.id, enters)

    def tell(self, person_id: int, kind: PartyEventKind, on: date, party: int, league: int, actor: Actor) -> None:
        told = party_events.Told(on, "演示·党支部记录", party, league)
        party_events.record(self.session, person_id=person_id, kind=kind, told=told, actor=actor)

    def branch(self, school: School, above: Unit, order: int, branch: Branch) -> None:
        unit = units.add(
            self.session,
            above,
            code=f"{school.code}-{order:02d}",
            name=f"演示·{school.name}{branch.name}团支部",
            short_name=f"演示·{branch.name}团支部",
            kind=UnitKind.BRANCH,
            field=school.field,
            division_code=school.county,
            has_committee=branch.has_committee,
            is_demo=True,
        )
        members = self.members(unit, branch)
        kinds = [PostKind.BRANCH_SECRETARY, PostKind.MENTOR, PostKind.MENTOR]
        logins = ["secretary", "mentor1", "mentor2"]
        if branch.has_committee:
            kinds.append(PostKind.ORG_COMMISSIONER)
            logins.append("commissioner")
        for person, kind, login in zip(members, kinds, logins, strict=False):
            self.post(person, unit, kind, f"{school.login}{order}.{login}")

    def members(self, unit: Unit, branch: Branch) -> list[Person]:
        size = LARGE_BRANCH if branch.has_committee else SMALL_BRANCH
        born, joined = date(branch.born + self.later, 1, 1), date(branch.joined + self.later, 5, 4)
        people = [self.person(born + timedelta(days=self.dice.randrange(365)), unit) for _ in range(size)]
        self.session.add_all(people)
        self.session.flush()
        self.session.add_all(
            LeagueMember(
                person_id=person.id,
                unit_id=unit.id,
                number=numbering.number_of(joined.year, next(self.numbers)),
                joined_on=joined,
                status=MemberStatus.ACTIVE,
                may_vote=True,
                may_introduce=True,
                is_party_member=False,
            )
            for person in people
        )
        self.session.flush()
        return people

    def officer(self, login: str, unit: Unit, kind: PostKind) -> None:
        person = self.person(date(1986 + self.later, 1, 1) + timedelta(days=self.dice.randrange(2000)), None)
        self.session.add(person)
        self.session.flush()
        self.post(person, unit, kind, login)

    def person(self, born: date, unit: Unit | None) -> Person:
        name, ethnic_group = next(self.names)
        sex = self.dice.choice([Sex.MALE, Sex.FEMALE])
        person = Person(
            name=name,
            sex=sex,
            birth_date=born,
            ethnic_group=ethnic_group,
            nationality="CN",
            unit_id=unit and unit.id,
            is_demo=True,
        )
        person.identify(identity_numbers.made_up(born, name, sex))
        return person

    def post(self, person: Person, unit: Unit, kind: PostKind, login: str) -> None:
        self.assign(person, unit, kind)
        accounts.create_hashed(self.session, person_id=person.id, login=login, hashed=self.hashed, must_change=False)

    def assign(self, person: Person, unit: Unit, kind: PostKind) -> None:
        posts.assign(self.session, person_id=person.id, unit_id=unit.id, kind=kind, since=self.since, actor=SYSTEM)


def _share_out(session: Session, top: Unit, year: int) -> None:
    """The year's plan: by number of counties, evenly within a city, and half of a county's share to its schools."""
    plan = quotas.open_plan(session, year, PLAN_TOTAL, SYSTEM)
    counties: dict[int, list[Unit]] = {}
    weights: dict[int, int] = {}
    for unit in units.children(session, top.id):
        if unit.kind == UnitKind.COUNTY:
            weights[unit.id] = 1
        elif unit.kind == UnitKind.PREFECTURE:
            counties[unit.id] = units.children(session, unit.id)
            weights[unit.id] = len(counties[unit.id])
    shares = apportionment.largest_remainder(PLAN_TOTAL, weights)
    quotas.allot_many(session, plan, top.id, shares, SYSTEM, "按旗县市区数分配")
    for city, below in counties.items():
        parts = apportionment.largest_remainder(shares[city], {unit.id: 1 for unit in below})
        quotas.allot_many(session, plan, city, parts, SYSTEM, "按旗县市区数分配")
        shares |= parts
    for code in dict.fromkeys(school.county for school in demo_schools.SCHOOLS):
        county = units.by_code(session, code)
        schools = {unit.id: 1 for unit in units.children(session, county.id) if unit.kind == UnitKind.SCHOOL}
        parts = apportionment.largest_remainder(shares[county.id] // 2, schools)
        quotas.allot_many(session, plan, county.id, parts, SYSTEM, "按学校数分配")
