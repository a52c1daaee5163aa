"""Rehearsal: every scenario of a bundle under each of its rule sets, in memory and saved-and-restored between steps.

What ways have in common is done once: they share the stage, and where cases are saved between steps also the steps up
to where they part. Every way is still looked at over its whole length.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate, pairwise, takewhile
from typing import Any, Self

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from workflows import clock, tables
from workflows.database import new_engine, throwaway_key
from workflows.domain import identity_numbers, party_links, posts, quota_ledger, quotas, rule_sets, units
from workflows.domain.branches import LEAST_FOR_A_COMMITTEE
from workflows.domain.evidence_forms import Kind
from workflows.domain.members import Candidate, CandidateStatus, LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind
from workflows.engine import bundles, check, scenarios
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Addressee, Environment
from workflows.engine.scenarios import Mark, Played, Scenario, ScenarioFault
from workflows.engine.tables import Case
from workflows.journal import SYSTEM, Actor
from workflows.operations import (
    evidence,
    neighbours,
    party_neighbours,
    rehearsal_recognitions,
    rehearsal_rounds,
    rehearsal_training,
)
from workflows.operations.wiring import ENVIRONMENT

MODES = ("in memory", "saved and restored")

DEFAULT_RULE_SET = "NMG_2020"
"""Of a scenario that names none."""


@dataclass(frozen=True)
class Rehearsal:
    """What was played, and what of the drawing no scenario passed."""

    played: list[tuple[str, Played]]
    nodes: int
    flows: int
    nodes_missed: list[str]
    flows_missed: list[str]

    @property
    def faults(self) -> list[str]:
        """Every difference between a scenario and what happened."""
        return [
            f"{each.scenario.file}（{how_played(mode, each)}）：{each.fault}"
            for mode, each in self.played
            if each.fault
        ]


@dataclass(frozen=True)
class _Way:
    scenario: Scenario
    mode: str

    @property
    def order(self) -> tuple[str, str, str, list[str]]:
        """Ways that begin alike follow each other."""
        scenario = self.scenario
        steps = [json.dumps(step, default=str, sort_keys=True) for step in scenario.steps]
        return repr(scenario.scenery), self.mode, scenario.rule_set or "", steps

    def steps_in_common(self, other: "_Way") -> int:
        """How many steps the two may share; none where only the stage is the same, and -1 where not even that."""
        if self.scenario.scenery != other.scenario.scenery:
            return -1
        if self.mode != other.mode or self.mode == MODES[0] or self.scenario.rule_set != other.scenario.rule_set:
            return 0
        both = zip(self.scenario.steps, other.scenario.steps, strict=False)
        return sum(1 for _ in takewhile(lambda steps: steps[0] == steps[1], both))


def how_played(mode: str, played: Played) -> str:
    """Rule set and mode, as a report names them."""
    return "，".join(part for part in (played.scenario.rule_set, mode) if part)


def rehearse(files: BundleFiles, only: str | None = None) -> Rehearsal:
    """Play every scenario of the bundle (or the one file `only`), each under all its rule sets and in both modes.

    What of the drawing none of them passed is part of the answer.

    Raises bundles.BundleUnsound for a bundle with faults and ScenarioFault for an unreadable scenario.
    """
    faults = check.known_faults(files, ENVIRONMENT)
    if faults:
        raise bundles.BundleUnsound(faults)
    written = [
        scenarios.read(text, path)
        for path, text in files.files.items()
        if path.endswith((".yaml", ".yml")) and only in (None, path)
    ]
    ways = [_Way(one, mode) for each in written for one in each.under_each_rule_set() for mode in MODES]
    with BlankDatabase() as database, throwaway_key():
        played = [(way.mode, each) for way, each in _played(ways, files, database)]
    played.sort(key=lambda each: (each[1].scenario.file, each[1].scenario.rule_set or "", each[0]))
    drawing = bundles.parse(files).drawing
    nodes = {node for _, each in played for node in each.nodes}
    flows = {flow for _, each in played for flow in each.flows}
    return Rehearsal(
        played=played,
        nodes=len(drawing.nodes),
        flows=len(drawing.flows),
        nodes_missed=[node for node in drawing.nodes if node not in nodes],
        flows_missed=[flow for flow in drawing.flows if flow not in flows],
    )


def lawful_actor(session: Session, addressee: Addressee, barred: set[int]) -> Actor:
    """Somebody who exercises the post today and is none of `barred`. Raises ScenarioFault when there is nobody."""
    if addressee.person_id is not None:
        return Actor(person_id=addressee.person_id, unit_id=addressee.unit_id)
    kind = PostKind(addressee.post_kind)
    for person in posts.holders(session, addressee.unit_id, [kind]):
        if person.id not in barred:
            held = posts.held_by(session, person.id)
            post = next(each for each in held if each.unit_id == addressee.unit_id and each.kind == kind)
            return Actor(person_id=person.id, post_id=post.post_id, unit_id=addressee.unit_id)
    raise ScenarioFault(f"没有人可以担任 {kind.label}")


def enter_lawfully(session: Session, case_id: int, kind: str, values: Mapping[str, Any]) -> None:
    """Enter evidence of training as the branch secretary does. Raises ScenarioFault for an unknown kind."""
    if kind not in set(Kind):
        raise ScenarioFault(f"没有 {kind} 这类材料")
    case = session.get_one(Case, case_id)
    secretary = lawful_actor(session, Addressee(case.unit_id, PostKind.BRANCH_SECRETARY), set())
    evidence.enter(session, case=case, kind=Kind(kind), values=values, actor=secretary)


class BlankDatabase:
    """A database in memory that is emptied in an instant: one engine, so that statements are compiled once."""

    def __enter__(self) -> Self:
        self.engine = new_engine("sqlite://")
        tables.metadata.create_all(self.engine)
        self._blank = self.content()
        return self

    def __exit__(self, *_error: object) -> None:
        self.engine.dispose()

    def content(self) -> bytes:
        """All that is committed, for `filled`."""
        with self.engine.connect() as connection:
            content: bytes = _raw(connection).serialize()
        return content

    def emptied(self) -> Engine:
        """The engine, with all tables and not one row. Nobody may be at work on it."""
        return self.filled(self._blank)

    def filled(self, content: bytes) -> Engine:
        """The engine, holding what the database held when `content` was taken. Nobody may be at work on it."""
        with self.engine.connect() as connection:
            _raw(connection).deserialize(content)
        return self.engine


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _played(ways: Sequence[_Way], files: BundleFiles, database: BlankDatabase) -> Iterator[tuple[_Way, Played]]:
    ways = sorted(ways, key=lambda way: way.order)
    commons = [-1, *(one.steps_in_common(two) for one, two in pairwise(ways))]
    kept: dict[int, _Kept] = {}
    for at, way in enumerate(ways):
        kept = {done: each for done, each in kept.items() if done <= commons[at]}
        if commons[at] < 0:
            kept[0] = _set_up(way.scenario, files, database)
        # After so many steps of this way one of the next will have to be gone on with.
        partings = set(accumulate(commons[at + 1 :], min))
        yield way, _play(way, kept, partings, database)


@dataclass(frozen=True)
class _Kept:
    """A stage as it was at a mark."""

    stage: "RehearsalStage"
    content: bytes
    mark: Mark | None = None


def _set_up(scenario: Scenario, files: BundleFiles, database: BlankDatabase) -> _Kept:
    the_day_before = clock.start_of(scenario.begins) - timedelta(days=1)
    with Session(database.emptied()) as session, clock.standing_at(the_day_before):
        stage = RehearsalStage(session, files, scenario)
        session.commit()
    return _Kept(stage, database.content())


def _play(way: _Way, kept: dict[int, _Kept], partings: set[int], database: BlankDatabase) -> Played:
    last = kept[max(kept)]
    with Session(database.filled(last.content)) as session:
        stage = last.stage.again(session, way.scenario, live={} if way.mode == MODES[0] else None)

        def marking(mark: Mark) -> None:
            if mark.done in partings and mark.done not in kept:
                session.commit()
                kept[mark.done] = _Kept(stage, database.content(), mark)

        return scenarios.play(way.scenario, stage, last.mark, marking)


class RehearsalStage:
    """A region with one county, one school and one branch, and one lawful person for every post."""

    def __init__(
        self, session: Session, files: BundleFiles, scenario: Scenario, live: dict[int, Any] | None = None
    ) -> None:
        self.cast: dict[str, int] = {}
        self._for(session, scenario, live)
        self._units(scenario.begins)
        units.get(session, self.unit_id).is_temporary = scenario.temporary
        if scenario.voters is not None:
            self._shrink(scenario.voters)
        self._places(scenario)
        self.has_rounds = any("recommendations.list" in drawing for drawing in files.drawings.values())
        if self.has_rounds:
            branch = units.get(session, self.unit_id)
            self.cast |= rehearsal_rounds.found(session, self.line, branch, scenario.begins, scenario.places)
        if any("joint_training.begin" in drawing for drawing in files.drawings.values()):
            branch = units.get(session, self.unit_id)
            self.cast |= rehearsal_training.found(session, branch, scenario.begins)
        self.process = bundles.store(session, files, [], SYSTEM, "演练").process

    def _for(self, session: Session, scenario: Scenario, live: dict[int, Any] | None) -> None:
        self.session = session
        self.rule_set, self.rules = scenario.rule_set or DEFAULT_RULE_SET, scenario.rules
        self.environment: Environment = replace(ENVIRONMENT, live=live, beginning=self._beginning)

    def again(self, session: Session, scenario: Scenario, live: dict[int, Any] | None) -> Self:
        """The same stage for another scenario, in a session on a database as it was when this one was set up."""
        other = copy(self)
        other._for(session, scenario, live)
        return other

    def _beginning(self, _session: Session, _process: str, _unit_id: int) -> dict[str, Any]:
        return {"rule_set": self.rule_set, "rules": {**rule_sets.values(self.rule_set), **self.rules}}

    def _units(self, begins: date) -> None:
        region = units.add(self.session, None, code="R", name="演练自治区团委", kind=UnitKind.REGION)
        city = units.add(self.session, region, code="P", name="演练盟市团委", kind=UnitKind.PREFECTURE)
        county = units.add(self.session, city, code="C", name="演练旗县团委", kind=UnitKind.COUNTY)
        school = units.add(self.session, county, code="S", name="演练中学团委", kind=UnitKind.SCHOOL)
        branch = units.add(self.session, school, code="B", name="演练一班团支部", kind=UnitKind.BRANCH)
        self.line, self.unit_id, self.school_id = [region, city, county, school], branch.id, school.id
        since = begins - timedelta(days=365)
        for key, unit, kind in [
            ("secretary", branch, PostKind.BRANCH_SECRETARY),
            ("commissioner", branch, PostKind.ORG_COMMISSIONER),
            ("reviewer", school, PostKind.GRASSROOTS_COMMITTEE),
            ("approver", school, PostKind.GRASSROOTS_COMMITTEE),
            ("county_officer", county, PostKind.COUNTY_COMMITTEE),
        ]:
            posts.assign(
                self.session, person_id=self._person(key), unit_id=unit.id, kind=kind, since=since, actor=SYSTEM
            )
        for key in ("mentor", "member1", "member2", "member3", "member4"):
            self._member(self._person(key), since)
        self._person("deferred")
        self._member(self.cast["deferred"], since, may_introduce=False)
        self._identify("member1")
        self._identify("reviewer")
        self._applicant(begins)
        self.other_school, cast = neighbours.found(self.session, county, school, since)
        self.cast |= cast
        self._party(school, branch, since)

    def _party(self, school: Unit, branch: Unit, since: date) -> None:
        """The Party units beside both schools, and a Party member who guides applicants of the branch."""
        beside, away = (units.by_code(self.session, code) for code in (neighbours.SAME_SCHOOL, neighbours.OTHER_SCHOOL))
        guide = self._person("party_mentor")
        self.cast |= party_neighbours.found(
            self.session, (school, self.other_school), ([branch, beside], [away]), since
        )
        party_branch = party_links.party_branch_of(self.session, branch.id, since)
        for unit in (branch, party_branch):
            posts.assign(
                self.session,
                person_id=guide,
                unit_id=unit.id,
                kind=PostKind.PARTY_MENTOR,
                since=since,
                actor=SYSTEM,
            )

    def _person(self, key: str) -> int:
        birth = date(1990, 1, 1)
        person = Person(name=f"演练·{key}", sex=Sex.FEMALE, birth_date=birth, ethnic_group="汉族", unit_id=self.unit_id)
        self.session.add(person)
        self.session.flush()
        self.cast[key] = person.id
        return person.id

    def _member(self, person_id: int, joined_on: date, *, may_introduce: bool = True) -> None:
        member = LeagueMember(
            person_id=person_id,
            unit_id=self.unit_id,
            joined_on=joined_on,
            status=MemberStatus.ACTIVE,
            may_introduce=may_introduce,
        )
        self.session.add(member)
        self.session.flush()

    def _shrink(self, voters: int) -> None:
        """Leave so many members of the branch a vote; with fewer than seven members it has no committee."""
        branch = units.get(self.session, self.unit_id)
        branch.has_committee = voters >= LEAST_FOR_A_COMMITTEE
        enrolled = select(LeagueMember).where(LeagueMember.unit_id == branch.id).order_by(LeagueMember.person_id)
        for number, member in enumerate(self.session.scalars(enrolled)):
            member.may_vote = number < voters
        self.session.flush()

    def _identify(self, key: str) -> None:
        person = self.session.get_one(Person, self.cast[key])
        person.identify(identity_numbers.made_up(person.birth_date, key, person.sex))

    def _applicant(self, begins: date) -> None:
        """Somebody of fifteen who applied yesterday; no case works on it, because a scenario plays one case."""
        applied_on = begins - timedelta(days=1)
        person = self.session.get_one(Person, self._person("applicant"))
        person.birth_date = date(applied_on.year - 15, 6, 1)
        person.identify(identity_numbers.made_up(person.birth_date, "applicant", person.sex))
        self.session.add(
            Candidate(person_id=person.id, unit_id=self.unit_id, applied_on=applied_on, status=CandidateStatus.APPLYING)
        )
        self.session.flush()

    def _places(self, scenario: Scenario) -> None:
        self.plan_id = self._plan(scenario.begins.year, scenario.places)
        if scenario.places_next_year is not None:
            self._plan(scenario.begins.year + 1, scenario.places_next_year)

    def _plan(self, year: int, places: int) -> int:
        """A year's plan with so many places for each of the two schools; its id."""
        plan = quotas.open_plan(self.session, year, total=max(places * 2, 1), actor=SYSTEM)
        if not places:
            return plan.id
        steps = [(giver, taker, 2) for giver, taker in pairwise(self.line[:-1])]
        steps += [(self.line[-2], school, 1) for school in (self.line[-1], self.other_school)]
        for giver, taker, times in steps:
            number = places * times
            quotas.allot(self.session, plan, giver.id, taker.id, number, actor=SYSTEM, reason="演练")
        return plan.id

    def actor_for(self, addressee: Addressee, barred: set[int]) -> Actor:
        """The first person, by id, who exercises the post and is not barred."""
        return lawful_actor(self.session, addressee, barred)

    def value(self, text: str) -> Any:
        """`@id:2005-06-01` (or `…/female`) is a made-up identity number; `@mentor` and the like are ids of the cast.

        `@id:1990-01-01/female/member1` is the number under which that one of the cast is on record.
        """
        name, _, argument = text.removeprefix("@").partition(":")
        if name == "id":
            day, sex, whose = (*argument.split("/"), "", "")[:3]
            return identity_numbers.made_up(date.fromisoformat(day), whose or 1, sex or "male")
        if name == rehearsal_recognitions.RECOMMENDATION:
            return str(rehearsal_recognitions.recommend(self.session, self.unit_id, self.cast["member1"]))
        if name not in self.cast:
            raise ScenarioFault(f"演练中没有 {text}")
        return str(self.cast[name])

    def other_case(self, case_id: int | None, message: str, values: Mapping[str, Any]) -> int:
        """The other side of a joint recognition acts."""
        if self.has_rounds and case_id is not None:
            rehearsal_rounds.recognise(self.session, case_id, message, values)
            return case_id
        return rehearsal_recognitions.other_side(self.session, self.environment, self.cast, case_id, message, values)

    def record(self, case_id: int, kind: str, values: Mapping[str, Any]) -> None:
        """Evidence of training, entered by the branch secretary."""
        enter_lawfully(self.session, case_id, kind, values)

    def places(self) -> Mapping[str, int]:
        """The school's places by state; of a process that recommends, the branch's in its round."""
        if self.has_rounds:
            return rehearsal_rounds.places_of(self.session, self.unit_id)
        account = quota_ledger.account_of(self.session, self.plan_id, self.school_id)
        if account is None:
            return {"free": 0, "reserved": 0, "used": 0}
        return {"free": account.free, "reserved": account.reserved, "used": account.used}
