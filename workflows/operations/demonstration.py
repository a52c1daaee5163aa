"""Demo candidates: the bundle's own scenarios, walked at the demo schools with dates shifted to the present.

Nothing here writes a state by hand: every demo case has gone through the engine, step by step, with its journal.
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import identity_numbers, members, people, rules_in_force
from workflows.domain.members import Candidate
from workflows.domain.units import Unit, UnitKind
from workflows.engine import bundles, scenarios
from workflows.engine.environment import Addressee
from workflows.engine.scenarios import Scenario, ScenarioFault
from workflows.engine.tables import Case
from workflows.journal import Actor
from workflows.operations.rehearsal import enter_lawfully, lawful_actor
from workflows.operations.wiring import ENVIRONMENT

PROCESS = "admission"
WAYS = {
    "NMG_2020": "scenarios/admitted_nmg_2020.yaml",
    "CYL_2023": "scenarios/admitted_cyl_2023.yaml",
}
"""The plain way to the end under each rule set."""

PROPOSES_ACTIVIST = "determine_activist"
TAKES_A_PLACE = "pre_review"
"""The step that reserves a place and a number of the plan."""

CANDIDATES_PER_BRANCH = 5
"""One in each fifth of the way."""

MOST_PER_BRANCH = 10
"""As many as there are names for the demo branches."""

LONGEST_REST = 35
"""Days since the last step of a demo candidate, at most: long enough for some to be overdue."""


_ID = re.compile(r"@id:(\d{4}-\d{2}-\d{2})(.*)")
_NAMES = tuple(f"演示·{family}" for family in ("安", "白", "包", "曹", "丁", "冯", "格根", "呼和", "姜", "金"))
_ORDER = "甲乙丙丁戊己庚辛壬癸"


def install_candidates(session: Session, seed: int = 20200427, *, per_branch: int = CANDIDATES_PER_BRANCH) -> int:
    """Walk `per_branch` demo candidates part of the way in every demo branch, spread over the whole of it.

    Answers how many. Done twice it adds none.
    """
    if session.scalar(select(func.count()).select_from(Case)):
        return 0
    rule_set = rules_in_force.set_on(session, clock.today()).name
    way = _whole_way(bundles.files_of(bundles.latest(session, PROCESS)).files, WAYS[rule_set])
    dice = random.Random(seed)
    branches = session.scalars(select(Unit).where(Unit.is_demo, Unit.kind == UnitKind.BRANCH).order_by(Unit.id)).all()
    names = _names()
    made = 0
    for branch in branches:
        here = way if branch.has_committee else _without_committee(way)
        for part in range(per_branch):
            length = dice.randint(part * len(here.steps), (part + 1) * len(here.steps) - 1) // per_branch + 1
            made += _walk(session, branch, next(names), _shifted(here, length, dice.randint(1, LONGEST_REST)))
    return made


def _whole_way(files: Mapping[str, str], name: str) -> Scenario:
    """The plain way to the end, without its assertions and refusals."""
    if name not in files:
        raise ScenarioFault(f"流程包里没有情景 {name}")
    way = scenarios.read(files[name], name)
    return replace(way, steps=[step for step in way.steps if scenarios.changes_something(step)])


def _without_committee(way: Scenario) -> Scenario:
    """The same way in a branch without a committee: its meeting decides on the activist the secretary proposes."""
    at = next(at for at, step in enumerate(way.steps) if step.get("do") == PROPOSES_ACTIVIST)
    on = _day(way.steps[at]["on"]) + timedelta(days=1)
    votes = {"eligible_voters": 5, "present_voters": 5, "votes_for": 5}
    votes |= dict.fromkeys(("written_opinions", "votes_against", "votes_abstain"), 0)
    meeting = {"do": "activist_meeting", "on": on, "outcome": "held", "with": {"held_on": on.isoformat(), **votes}}
    return replace(way, steps=[*way.steps[: at + 1], meeting, *way.steps[at + 1 :]])


def _shifted(way: Scenario, length: int, days_ago: int) -> Scenario:
    """The first `length` steps, moved by whole weeks so that the last of them was done some days ago.

    Without what lies before this year from the pre-review on: the demo has the plan of this year alone.
    """
    steps = way.steps[:length]
    last = next((day for step in reversed(steps) if (day := step.get("on") or step.get("wait_until"))), way.begins)
    target = clock.today() - timedelta(days=days_ago)
    shift = timedelta(days=(target - _day(last)).days // 7 * 7)
    moved = [_moved(step, shift) for step in steps]
    taken = next((at for at, step in enumerate(moved) if step.get("do") == TAKES_A_PLACE), None)
    if taken is not None and _day(moved[taken]["on"]).year < clock.today().year:
        moved = moved[:taken]
    return replace(way, begins=way.begins + shift, steps=moved)


def _moved(value: Any, shift: timedelta) -> Any:
    if isinstance(value, Mapping):
        return {key: _moved(item, shift) for key, item in value.items()}
    if isinstance(value, date):
        return value + shift
    if isinstance(value, str) and (found := _ID.fullmatch(value)):
        return f"@id:{_day(found.group(1)) + shift}{found.group(2)}"
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return (_day(value) + shift).isoformat()
    return value


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def _names() -> Iterator[str]:
    return (f"{name}{order}" for order in _ORDER for name in _NAMES)


def _walk(session: Session, branch: Unit, name: str, way: Scenario) -> int:
    stage = DemoStage(session, branch, name)
    try:
        with session.begin_nested():
            case_id = scenarios.walk(replace(way, steps=[_personal(step, name) for step in way.steps]), stage)
    except ScenarioFault:
        # A public holiday between the shifted dates may hold a wait open longer than the scenario expects.
        _forget_cases(session)
        return 0
    candidate = session.scalars(select(Candidate).where(Candidate.case_id == case_id)).one()
    people.get(session, candidate.person_id).is_demo = True
    session.flush()
    return 1


def _forget_cases(session: Session) -> None:
    """SQLite gives the id of a case that was taken back to the next one, which must not be taken for it."""
    for row in session.identity_map.values():
        if isinstance(row, Case):
            session.expunge(row)


def _personal(step: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The step with what belongs to one person alone: the name, and a card number nobody else has."""
    own = {"name": name, "card_number": f"9{int.from_bytes(name.encode(), 'big') % 10_000_000:07d}"}
    content = step.get("with") or {}
    return {**step, "with": {key: own.get(key, value) for key, value in content.items()}}


class DemoStage:
    """A demo branch as the stage of a scenario; see `workflows.engine.scenarios.Stage`."""

    environment = ENVIRONMENT
    process = PROCESS

    def __init__(self, session: Session, branch: Unit, name: str) -> None:
        self.session = session
        self.unit_id = branch.id
        self.name = name
        self.guides: Sequence[int] = [person.id for person in members.eligible_guides(session, branch.id)]

    def actor_for(self, addressee: Addressee, barred: set[int]) -> Actor:
        """Whoever exercises the post at the demo school and is not barred."""
        return lawful_actor(self.session, addressee, barred)

    def value(self, text: str) -> Any:
        """A made-up identity number, or a member of the branch."""
        if found := _ID.fullmatch(text):
            sex = found.group(2).removeprefix("/") or "male"
            return identity_numbers.made_up(_day(found.group(1)), self.name, sex)
        if text == "@mentor":
            return str(self.guides[1])
        return str(self.guides[(int(text[-1]) + 1) % len(self.guides)])

    def other_case(self, case_id: int | None, message: str, values: Mapping[str, Any]) -> int:
        """The demo's cases stand alone."""
        raise ScenarioFault(f"流程不接收消息 {message}")

    def record(self, case_id: int, kind: str, values: Mapping[str, Any]) -> None:
        """Evidence of training, entered by the branch secretary."""
        enter_lawfully(self.session, case_id, kind, values)

    def places(self) -> Mapping[str, int]:
        """Not compared in the demo."""
        return {}
