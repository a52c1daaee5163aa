"""Candidates on the admission drawing's plain way, all at the same step, each act in a transaction of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from webapp.commands.bench.cast import BRANCHES_PER_SCHOOL, Branch, Casting, Company
from webapp.embedded.founding import packaged_bundles
from workflows import clock
from workflows.database import only_reading, polite_when_busy
from workflows.domain import identity_numbers
from workflows.engine import bundles, cases, check, scenarios
from workflows.engine.bundles import BundleFiles
from workflows.engine.scenarios import OFFICE_OPENS
from workflows.engine.tables import Case, StepRecord, WorkItem
from workflows.journal import SYSTEM, Actor
from workflows.operations.rehearsal import enter_lawfully
from workflows.operations.wiring import ENVIRONMENT

PROCESS = "admission"
WAY = "scenarios/admitted_nmg_2020.yaml"
YOUNGEST = date(2005, 12, 31)

AT_ONCE = 50
"""Acts to a transaction where nothing is measured."""


@dataclass(frozen=True)
class Step:
    """One user step of the way (`step` is empty for a wait), its day, and what is written into its form.

    Where `record` names a kind of evidence, nobody does a step: `content` goes on record.
    """

    step: str
    day: date
    outcome: str
    content: Mapping[str, Any]
    record: str = ""


@dataclass(frozen=True)
class Ready:
    """Everything an edge knows before it completes a step."""

    work_item_id: int
    actor: Actor
    outcome: str
    content: Mapping[str, Any]
    version: int
    moment: datetime


def drawing() -> BundleFiles:
    """The admission bundle that comes with the program."""
    return bundles.read_folder(next(folder for folder in packaged_bundles() if folder.name == PROCESS))


def way() -> list[Step]:
    """The user steps, waits and records of the plain way, in order."""
    written = scenarios.read(drawing().files[WAY], WAY)
    found = []
    for each in written.steps:
        day = each.get("on") or each.get("wait_until")
        if day is not None and scenarios.changes_something(each):
            content, record = each.get("with") or {}, each.get("record", "")
            found.append(Step(each.get("do", ""), day, each.get("outcome", "submit"), content, record))
    return found


def content_of(step: Step, number: int, branch: Branch) -> dict[str, Any]:
    """What the `number`-th candidate's form holds: as written, but for what belongs to one person alone."""
    born = YOUNGEST - timedelta(days=number % 3000)
    own = {
        "name": f"测量申请人{number + 1}",
        "birth_date": born.isoformat(),
        "id_number": identity_numbers.made_up(born, f"bench {number}"),
        "mentor": str(branch.guides[0]),
        "second_mentor": str(branch.guides[1]),
        "introducer_1": str(branch.guides[0]),
        "introducer_2": str(branch.guides[1]),
        "card_number": f"{number + 1:08d}",
    }
    given = {key: own.get(key, value) for key, value in step.content.items()}
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items()}


class Season:
    """A number of candidates who go the way together."""

    def __init__(
        self, engine: Engine, candidates: int, seed: int, branches_per_school: int = BRANCHES_PER_SCHOOL
    ) -> None:
        self.engine = engine
        self.casting = Casting()
        self.begins = clock.start_of(way()[0].day) + OFFICE_OPENS
        with clock.standing_at(self.begins - timedelta(days=1)), Session(engine) as session, session.begin():
            company = Company(session, candidates, seed, branches_per_school)
            check.publish(session, ENVIRONMENT, drawing(), SYSTEM, "测量")
            self.branches = company.branches
        self.cases: list[int] = []
        self.now = self.begins

    def start(self) -> int:
        """Begin one more case; answers its number."""
        number = len(self.cases)
        with clock.standing_at(self.begins), Session(self.engine) as session, session.begin():
            step, _ = cases.first_step(session, PROCESS)
            unit_id = self.branches[number].unit_id
            addressee = ENVIRONMENT.directory.addressee(session, step.lane, unit_id, {})
            actor = self.casting.actor(session, addressee, set())
            case = cases.start(session, ENVIRONMENT, process=PROCESS, unit_id=unit_id, actor=actor)
            self.cases.append(case.id)
        return number

    def arrive(self, step: Step, numbers: Sequence[int]) -> None:
        """Go to the day of the step, and put on record what it says for these candidates: not measured."""
        self.travel(step.day)
        if step.record:
            with clock.standing_at(self.now), Session(self.engine) as session, session.begin():
                for number in numbers:
                    enter_lawfully(session, self.cases[number], step.record, step.content)

    def travel(self, day: date) -> None:
        """Go to nine o'clock of the day; every timer that is due by then fires in a transaction of its own."""
        self.now = max(self.now, clock.start_of(day) + OFFICE_OPENS)
        with clock.standing_at(self.now):
            while due := self._due():
                for timer_id in due:
                    with Session(self.engine) as session, session.begin():
                        cases.fire_timer(session, ENVIRONMENT, timer_id)

    def _due(self) -> list[int]:
        with only_reading(), Session(self.engine) as session:
            return cases.due_timers(session)

    def ready(self, number: int, step: Step) -> Ready:
        """What a person has before the eyes who is about to do the step."""
        moment = self.now + timedelta(seconds=number % 3600)
        with clock.standing_at(moment), only_reading(), Session(self.engine) as session:
            query = select(WorkItem).where(WorkItem.case_id == self.cases[number], WorkItem.step == step.step)
            item = session.scalars(query).one()
            case = session.get_one(Case, item.case_id)
            apart = bundles.parsed(session, case.bundle_id).steps[item.step].apart_from
            did = select(StepRecord.person_id).where(StepRecord.case_id == case.id, StepRecord.step.in_(apart))
            actor = self.casting.actor(session, cases.addressee_of(item), set(session.scalars(did)) if apart else set())
            content = content_of(step, number, self.branches[number])
            return Ready(item.id, actor, step.outcome, content, case.version, moment)

    def complete(self, ready: Ready) -> None:
        """The step as an edge does it: one session, one transaction."""
        with polite_when_busy(), Session(self.engine) as session, session.begin():
            _complete(session, ready)

    def bring(self, numbers: Sequence[int], until: str | None, tell: Callable[[int], None]) -> None:
        """Take started cases to the step `until` (to the end without one), many acts to a transaction: not measured."""
        for step in way():
            if step.step and step.step == until:
                return
            self.arrive(step, numbers)
            for first in range(0, len(numbers) if step.step else 0, AT_ONCE):
                block = [self.ready(number, step) for number in numbers[first : first + AT_ONCE]]
                with clock.standing_at(self.now), Session(self.engine) as session, session.begin():
                    for ready in block:
                        _complete(session, ready)
                tell(len(block))


def _complete(session: Session, ready: Ready) -> None:
    cases.complete_step(
        session,
        ENVIRONMENT,
        work_item_id=ready.work_item_id,
        actor=ready.actor,
        outcome=ready.outcome,
        content=ready.content,
        seen_version=ready.version,
    )
