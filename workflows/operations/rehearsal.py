"""Rehearsal: every scenario of a bundle on a stage of its own, in memory and saved-and-restored between steps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Self

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from workflows import clock, tables
from workflows.database import new_engine, throwaway_key
from workflows.domain import identity_numbers, posts, quota_ledger, quotas, rule_sets, units
from workflows.domain.evidence_forms import Kind
from workflows.domain.members import LeagueMember, MemberStatus
from workflows.domain.people import Person, Sex
from workflows.domain.posts import PostKind
from workflows.domain.units import UnitKind
from workflows.engine import bundles, check, scenarios
from workflows.engine.bundles import BundleFiles
from workflows.engine.environment import Addressee, Environment
from workflows.engine.scenarios import Played, Scenario, ScenarioFault
from workflows.engine.tables import Case
from workflows.journal import SYSTEM, Actor
from workflows.operations import evidence
from workflows.operations.wiring import ENVIRONMENT

MODES = ("in memory", "saved and restored")


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
        return [f"{each.scenario.file}（{mode}）：{each.fault}" for mode, each in self.played if each.fault]


def rehearse(files: BundleFiles, only: str | None = None) -> Rehearsal:
    """Play every scenario of the bundle (or the one file `only`) in both modes and measure the drawing's coverage.

    Raises bundles.BundleUnsound for a bundle with faults and ScenarioFault for an unreadable scenario.
    """
    faults = check.faults_in(files, ENVIRONMENT)
    if faults:
        raise bundles.BundleUnsound(faults)
    written = [
        scenarios.read(text, path)
        for path, text in files.files.items()
        if path.endswith((".yaml", ".yml")) and only in (None, path)
    ]
    with BlankDatabase() as database:
        played = [(mode, _on_stage(scenario, files, mode, database)) for scenario in written for mode in MODES]
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
        with self.engine.connect() as connection:
            self._content = _raw(connection).serialize()
        return self

    def __exit__(self, *_error: object) -> None:
        self.engine.dispose()

    def emptied(self) -> Engine:
        """The engine, with all tables and not one row. Nobody may be at work on it."""
        with self.engine.connect() as connection:
            _raw(connection).deserialize(self._content)
        return self.engine


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _on_stage(scenario: Scenario, files: BundleFiles, mode: str, database: BlankDatabase) -> Played:
    with Session(database.emptied()) as session, throwaway_key():
        begins = clock.start_of(scenario.begins)
        with clock.standing_at(begins - timedelta(days=1)):
            stage = RehearsalStage(session, files, scenario, live={} if mode == MODES[0] else None)
            session.commit()
        return scenarios.play(scenario, stage)


class RehearsalStage:
    """A region with one county, one school and one branch, and one lawful person for every post."""

    def __init__(
        self, session: Session, files: BundleFiles, scenario: Scenario, live: dict[int, Any] | None = None
    ) -> None:
        self.session = session
        self.environment: Environment = replace(ENVIRONMENT, live=live, beginning=self._beginning)
        self.rule_set = scenario.rule_set or "NMG_2020"
        self.cast: dict[str, int] = {}
        self._units(scenario.begins)
        self._places(scenario)
        self.process = bundles.store(session, files, [], SYSTEM, "演练").process

    def _beginning(self, _session: Session, _process: str, _unit_id: int) -> dict[str, Any]:
        return {"rule_set": self.rule_set, "rules": rule_sets.values(self.rule_set)}

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

    def _person(self, key: str) -> int:
        birth = date(1990, 1, 1)
        person = Person(name=f"演练·{key}", sex=Sex.FEMALE, birth_date=birth, ethnic_group="汉族", unit_id=self.unit_id)
        self.session.add(person)
        self.session.flush()
        self.cast[key] = person.id
        return person.id

    def _member(self, person_id: int, joined_on: date) -> None:
        member = LeagueMember(
            person_id=person_id, unit_id=self.unit_id, joined_on=joined_on, status=MemberStatus.ACTIVE
        )
        self.session.add(member)
        self.session.flush()

    def _places(self, scenario: Scenario) -> None:
        plan = quotas.open_plan(self.session, scenario.begins.year, total=max(scenario.places, 1), actor=SYSTEM)
        self.plan_id = plan.id
        for giver, taker in zip(self.line, self.line[1:], strict=False):
            if scenario.places:
                quotas.allot(self.session, plan, giver.id, taker.id, scenario.places, actor=SYSTEM, reason="演练")

    def actor_for(self, addressee: Addressee, barred: set[int]) -> Actor:
        """The first person, by id, who exercises the post and is not barred."""
        return lawful_actor(self.session, addressee, barred)

    def value(self, text: str) -> Any:
        """`@id:2005-06-01` (or `…/female`) is a made-up identity number; `@mentor` and the like are ids of the cast."""
        name, _, argument = text.removeprefix("@").partition(":")
        if name == "id":
            day, _, sex = argument.partition("/")
            return identity_numbers.made_up(date.fromisoformat(day), 1, sex or "male")
        if name not in self.cast:
            raise ScenarioFault(f"演练中没有 {text}")
        return str(self.cast[name])

    def record(self, case_id: int, kind: str, values: Mapping[str, Any]) -> None:
        """Evidence of training, entered by the branch secretary."""
        enter_lawfully(self.session, case_id, kind, values)

    def places(self) -> Mapping[str, int]:
        """The school's places by state."""
        account = quota_ledger.account_of(self.session, self.plan_id, self.school_id)
        if account is None:
            return {"free": 0, "reserved": 0, "used": 0}
        return {"free": account.free, "reserved": account.reserved, "used": account.used}
