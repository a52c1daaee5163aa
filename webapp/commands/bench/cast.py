"""Units, people, posts and places for a measurement: schools spread over the real counties, a committee in each."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import posts, quotas, region, units
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.units import Field, Unit, UnitKind
from workflows.engine.environment import Addressee
from workflows.journal import SYSTEM, Actor

SINCE = date(2019, 9, 1)
PLAN_YEAR = 2020

CANDIDATES_PER_BRANCH = 25
BRANCHES_PER_SCHOOL = 4

_OFFICERS = (PostKind.BRANCH_SECRETARY, PostKind.ORG_COMMISSIONER, PostKind.MENTOR, PostKind.MENTOR)


@dataclass(frozen=True)
class Branch:
    """One branch with its line of units, and two members who may guide and introduce."""

    unit_id: int
    school_id: int
    county_id: int
    guides: tuple[int, int]


class Company:
    """Everybody who acts; `branches` holds one entry for each candidate."""

    def __init__(
        self, session: Session, candidates: int, seed: int, branches_per_school: int = BRANCHES_PER_SCHOOL
    ) -> None:
        self.session = session
        self.branches_per_school = branches_per_school
        self.dice = random.Random(seed)
        self.number = 0
        top = region.install(session)
        counties = list(session.scalars(select(Unit).where(Unit.kind == UnitKind.COUNTY).order_by(Unit.code)))
        self.dice.shuffle(counties)
        size = -(-candidates // CANDIDATES_PER_BRANCH)
        made = self._branches(counties, size)
        self.branches = [made[number // CANDIDATES_PER_BRANCH] for number in range(candidates)]
        self._share_out(top)
        session.flush()

    def _branches(self, counties: list[Unit], size: int) -> list[Branch]:
        made: list[Branch] = []
        for order in range(-(-size // self.branches_per_school)):
            county = counties[order % len(counties)]
            if order < len(counties):
                self._officer(county, PostKind.COUNTY_COMMITTEE)
            school = self._school(county, order)
            made += [self._branch(county, school, number) for number in range(self.branches_per_school)]
        return made[:size]

    def _school(self, county: Unit, order: int) -> Unit:
        school = units.add(
            self.session,
            county,
            code=f"S{order:05d}",
            name=f"测量·第{order + 1}中学团委",
            kind=UnitKind.SCHOOL,
            field=Field.SENIOR,
            division_code=county.code,
        )
        for _ in range(2):
            self._officer(school, PostKind.GRASSROOTS_COMMITTEE)
        return school

    def _branch(self, county: Unit, school: Unit, order: int) -> Branch:
        unit = units.add(
            self.session,
            school,
            code=f"{school.code}-{order}",
            name=f"{school.name}{order + 1}班团支部",
            kind=UnitKind.BRANCH,
            field=Field.SENIOR,
            division_code=county.code,
            has_committee=True,
        )
        held = [self._officer(unit, kind, member=True) for kind in _OFFICERS]
        return Branch(unit.id, school.id, county.id, (held[2], held[3]))

    def _officer(self, unit: Unit, kind: PostKind, *, member: bool = False) -> int:
        self.number += 1
        person = Person(
            name=f"测量人员{self.number}",
            sex=self.dice.choice([Sex.MALE, Sex.FEMALE]),
            birth_date=date(1990, 1, 1),
            ethnic_group="汉族",
            unit_id=unit.id if member else None,
        )
        self.session.add(person)
        self.session.flush()
        if member:
            joined = LeagueMember(
                person_id=person.id, unit_id=unit.id, joined_on=date(2019, 5, 4), status=MemberStatus.ACTIVE
            )
            self.session.add(joined)
        posts.assign(self.session, person_id=person.id, unit_id=unit.id, kind=kind, since=SINCE, actor=SYSTEM)
        return person.id

    def _share_out(self, top: Unit) -> None:
        """As many places as candidates, handed down the line to every school."""
        wanted: Counter[int] = Counter()
        for branch in self.branches:
            wanted.update(units.get(self.session, branch.school_id).line())
        plan = quotas.open_plan(self.session, PLAN_YEAR, len(self.branches), SYSTEM)
        waiting = [top]
        while waiting:
            unit = waiting.pop()
            below = [each for each in units.children(self.session, unit.id) if wanted[each.id]]
            if below:
                shares = {each.id: wanted[each.id] for each in below}
                quotas.allot_many(self.session, plan, unit.id, shares, SYSTEM, "测量")
                waiting += below


class Casting:
    """Who acts: found once for each post, because looking for somebody is no part of a step."""

    def __init__(self) -> None:
        self.known: dict[Addressee, list[Actor]] = {}

    def actor(self, session: Session, addressee: Addressee, barred: set[int]) -> Actor:
        """Somebody who exercises the post and is not barred."""
        if addressee not in self.known:
            self.known[addressee] = list(_who_may(session, addressee))
        return next(actor for actor in self.known[addressee] if actor.person_id not in barred)


def _who_may(session: Session, addressee: Addressee) -> Iterator[Actor]:
    kind = PostKind(addressee.post_kind)
    holders = [addressee.person_id] if addressee.person_id is not None else []
    for person_id in holders or [person.id for person in posts.holders(session, addressee.unit_id, [kind])]:
        for held in posts.held_by(session, person_id):
            if held.unit_id == addressee.unit_id and held.kind == kind:
                yield Actor(person_id=person_id, post_id=held.post_id, unit_id=addressee.unit_id)
