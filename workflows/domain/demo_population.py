"""A whole region for a demo year: schools, classes, officers, members, and the plan handed down to the schools.

Everything is founded in bulk and plainly marked 演示. Nobody here exists: see `workflows.domain.demo`.
"""

import math
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workflows.domain import apportionment, demo_names, quotas, region, units
from workflows.domain.accounts import Account
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person
from workflows.domain.posts import Post, PostKind
from workflows.domain.units import Field, Unit, UnitKind
from workflows.journal import SYSTEM

CANDIDATES_PER_BRANCH = 8
BRANCHES_PER_SCHOOL = 10

MEMBERS = 10
"""Members with a vote in a branch with a committee."""

MEMBERS_OF_A_SMALL_BRANCH = 5
SMALL_BRANCHES = 0.1
"""Share of the branches with fewer than seven members, which have no committee."""

RESERVE = 0.05
"""What each county keeps back of its places for schools that run short."""

TIGHTEST, WIDEST = 0.8, 1.0
"""Places of a school for each of its candidates: some schools run short, and the county moves places."""

FIRST_NUMBER = 400_001
"""Serials of the members' numbers of an earlier year, far beyond any plan."""

JOINED_BEFORE = timedelta(days=600)
POSTS_BEGIN_BEFORE = timedelta(days=120)

_FIELDS = ((Field.JUNIOR, 45), (Field.SENIOR, 40), (Field.VOCATIONAL, 15))
_SCHOOLS = {Field.JUNIOR: "初级中学", Field.SENIOR: "高级中学", Field.VOCATIONAL: "中等职业学校"}
_CLASSES = {Field.JUNIOR: "八年级{}班", Field.SENIOR: "高一{}班", Field.VOCATIONAL: "一年级{}班"}

_ABOVE = {
    UnitKind.REGION: (PostKind.REGION_COMMITTEE, PostKind.ADMINISTRATOR, PostKind.AUDITOR),
    UnitKind.PREFECTURE: (PostKind.PREFECTURE_COMMITTEE,),
    UnitKind.COUNTY: (PostKind.COUNTY_COMMITTEE,),
    UnitKind.SCHOOL: (PostKind.GRASSROOTS_COMMITTEE, PostKind.GRASSROOTS_COMMITTEE),
}
_AT_A_BRANCH = (PostKind.BRANCH_SECRETARY, PostKind.MENTOR, PostKind.MENTOR, PostKind.ORG_COMMISSIONER)


class NotEmpty(Exception):
    """A demo year is built only where nothing is yet, so that invented people never stand among real ones."""


@dataclass(frozen=True)
class Branch:
    """One class with its branch, its line of units, how many apply there, and two members who may guide them."""

    unit_id: int
    school_id: int
    county_id: int
    field: Field
    class_name: str
    candidates: int
    members: int
    guides: tuple[int, int]


def found(session: Session, *, people: int, year: int, seed: int, hashed: str | None = None) -> list[Branch]:
    """Found the region with enough classes for `people` candidates, and hand the plan of `year` down to the schools.

    With `hashed` (of a password) every officer can sign in: `150102.1` of a county, `150102-y01.1` of a school,
    `150102-y01-01.1` the secretary of a branch. The clock should stand at the year's beginning. Raises
    NotEmpty, and ValueError for fewer than one candidate.
    """
    if people < 1:
        raise ValueError("a year needs a candidate")
    standing = select(Unit.id).where(Unit.kind.in_((UnitKind.SCHOOL, UnitKind.BRANCH)))
    if session.scalar(standing.limit(1)) or session.scalar(select(quotas.Plan.id).limit(1)):
        raise NotEmpty()
    top = region.install(session)
    founder = _Founder(session, year, seed, hashed)
    branches = founder.build(people)
    wanted = founder.places(branches)
    hand_down(session, top, year, max(people, sum(wanted.values())), wanted)
    session.flush()
    return branches


def hand_down(session: Session, top: Unit, year: int, total: int, wanted: Mapping[int, int]) -> None:
    """Issue the plan and pass places from level to level; `wanted` is by school, each county keeps a reserve beside."""
    needed = dict(wanted)
    line = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.kind != UnitKind.BRANCH))}
    for level in (UnitKind.COUNTY, UnitKind.PREFECTURE):
        for unit in [each for each in line.values() if each.kind == level]:
            below = sum(needed.get(each.id, 0) for each in line.values() if each.parent_id == unit.id)
            if below:
                needed[unit.id] = below + (math.ceil(below * RESERVE) if level == UnitKind.COUNTY else 0)
    at_the_top = sum(needed.get(each.id, 0) for each in line.values() if each.parent_id == top.id)
    plan = quotas.open_plan(session, year, max(total, at_the_top), SYSTEM)
    waiting = [top]
    while waiting:
        unit = waiting.pop()
        below_it = [each for each in line.values() if each.parent_id == unit.id and needed.get(each.id)]
        if below_it:
            shares = {each.id: needed[each.id] for each in below_it}
            quotas.allot_many(session, plan, unit.id, shares, SYSTEM, "演示：按申请人数分配")
            waiting += below_it


class _Founder:
    """Everything that is founded once, from one generator, so that a seed gives the same region."""

    def __init__(self, session: Session, year: int, seed: int, hashed: str | None) -> None:
        self.session = session
        self.begins = date(year, 1, 1)
        self.dice = random.Random(f"region {seed}")
        self.names = demo_names.people(self.dice)
        self.hashed = hashed
        self.number = FIRST_NUMBER

    def build(self, people: int) -> list[Branch]:
        counties = list(self.session.scalars(select(Unit).where(Unit.kind == UnitKind.COUNTY).order_by(Unit.code)))
        shares = apportionment.largest_remainder(people, {unit.id: self.dice.randint(40, 160) for unit in counties})
        schools = [school for county in counties for school in self._schools(county, shares[county.id])]
        units.add_all(self.session, [(county, unit) for county, unit, _ in schools])
        classes = [each for _, school, size in schools for each in self._classes(school, size)]
        units.add_all(self.session, [(school, unit) for school, unit, _ in classes])
        above = select(Unit).where(Unit.kind.in_(_ABOVE)).order_by(Unit.id)
        self._officers(list(self.session.scalars(above)))
        return self._branches(classes)

    def places(self, branches: Sequence[Branch]) -> dict[int, int]:
        """What each school gets: about as many places as candidates, in some schools too few."""
        candidates: dict[int, int] = {}
        for branch in branches:
            candidates[branch.school_id] = candidates.get(branch.school_id, 0) + branch.candidates
        return {
            school: max(1, round(number * self.dice.uniform(TIGHTEST, WIDEST))) for school, number in candidates.items()
        }

    def _schools(self, county: Unit, candidates: int) -> Iterator[tuple[Unit, Unit, int]]:
        """County, school, and how many apply at the school."""
        number = -(-candidates // (CANDIDATES_PER_BRANCH * BRANCHES_PER_SCHOOL))
        for order in range(number):
            [field] = self.dice.choices([each for each, _ in _FIELDS], [weight for _, weight in _FIELDS])
            short = f"演示·{county.short_name}第{order + 1}{_SCHOOLS[field]}"
            unit = Unit(
                code=f"{county.code}-Y{order + 1:02d}",
                name=f"{short}团委",
                short_name=short,
                kind=UnitKind.SCHOOL,
                field=field,
                division_code=county.code,
                has_committee=True,
                is_demo=True,
            )
            yield county, unit, (candidates + number - 1 - order) // number

    def _classes(self, school: Unit, candidates: int) -> Iterator[tuple[Unit, Unit, int]]:
        """School, branch, and how many apply in the class."""
        number = -(-candidates // CANDIDATES_PER_BRANCH)
        for order in range(number):
            name = _CLASSES[school.field or Field.SENIOR].format(order + 1)
            unit = Unit(
                code=f"{school.code}-{order + 1:02d}",
                name=f"{school.short_name}{name}团支部",
                short_name=f"演示·{name}团支部",
                kind=UnitKind.BRANCH,
                field=school.field,
                division_code=school.division_code,
                has_committee=self.dice.random() >= SMALL_BRANCHES,
                is_demo=True,
            )
            yield school, unit, (candidates + number - 1 - order) // number

    def _officers(self, at: Sequence[Unit]) -> None:
        wanted = [(unit, kind, order + 1) for unit in at for order, kind in enumerate(_ABOVE[unit.kind])]
        grown_up = date(self.begins.year - 35, 1, 1)
        made = self._people([(grown_up + timedelta(days=self.dice.randrange(3600)), None) for _ in wanted])
        posted = zip(made, wanted, strict=True)
        self._post([(person, unit, kind, f"{unit.code}.{order}") for person, (unit, kind, order) in posted])

    def _branches(self, classes: Sequence[tuple[Unit, Unit, int]]) -> list[Branch]:
        sizes = [MEMBERS if unit.has_committee else MEMBERS_OF_A_SMALL_BRANCH for _, unit, _ in classes]
        oldest = date(self.begins.year - 17, 1, 1)
        wanted = [
            (oldest + timedelta(days=self.dice.randrange(700)), unit.id)
            for (_, unit, _), size in zip(classes, sizes, strict=True)
            for _ in range(size)
        ]
        made = iter(self._people(wanted))
        found, held, members = [], [], []
        for (school, unit, candidates), size in zip(classes, sizes, strict=True):
            own = [next(made) for _ in range(size)]
            members += [self._member(person, unit) for person in own]
            kinds = _AT_A_BRANCH if unit.has_committee else _AT_A_BRANCH[:-1]
            held += [(own[order], unit, kind, f"{unit.code}.{order + 1}") for order, kind in enumerate(kinds)]
            name = unit.short_name.removeprefix("演示·").removesuffix("团支部")
            found.append(
                Branch(
                    unit_id=unit.id,
                    school_id=school.id,
                    county_id=school.parent_id or 0,
                    field=unit.field or Field.SENIOR,
                    class_name=name,
                    candidates=candidates,
                    members=size,
                    guides=(own[1], own[2]),
                )
            )
        self.session.execute(insert(LeagueMember), members)
        self._post(held)
        return found

    def _member(self, person_id: int, unit: Unit) -> dict[str, Any]:
        joined = self.begins - JOINED_BEFORE
        self.number += 1
        return {
            "person_id": person_id,
            "unit_id": unit.id,
            "number": f"{joined.year}15{self.number:06d}",
            "joined_on": joined,
            "status": MemberStatus.ACTIVE,
            "may_vote": True,
            "may_introduce": True,
            "is_party_member": False,
        }

    def _people(self, wanted: Sequence[tuple[date, int | None]]) -> list[int]:
        """People born on these days, at these branches; their ids in this order."""
        rows = []
        for born, unit_id in wanted:
            one = next(self.names)
            person = Person()
            person.identify(demo_names.identity(one, born))
            rows.append(
                {
                    "name": one.name,
                    "sex": one.sex,
                    "birth_date": born,
                    "ethnic_group": one.ethnic_group,
                    "nationality": "CN",
                    "identity": person.identity,
                    "identity_digest": person.identity_digest,
                    "unit_id": unit_id,
                    "is_demo": True,
                }
            )
        return list(self.session.scalars(insert(Person).returning(Person.id, sort_by_parameter_order=True), rows))

    def _post(self, held: Sequence[tuple[int, Unit, PostKind, str]]) -> None:
        since = self.begins - POSTS_BEGIN_BEFORE
        rows = [
            {"person_id": person, "unit_id": unit.id, "kind": kind, "since": since} for person, unit, kind, _ in held
        ]
        self.session.execute(insert(Post), rows)
        if self.hashed is None:
            return
        accounts = [
            {
                "person_id": person,
                "login": login.lower(),
                "password_hash": self.hashed,
                "failed": 0,
                "must_change": False,
                "session_stamp": secrets.token_hex(16),
            }
            for person, _, kind, login in held
            if kind not in (PostKind.MENTOR, PostKind.ORG_COMMISSIONER)
        ]
        self.session.execute(insert(Account), accounts)
