"""Scenarios: one way through a drawing, written as YAML in the bundle, played on the real engine and a moved clock."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

import yaml
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import bundles, cases, correlation, jobs, passage, running
from workflows.engine.environment import Addressee, Environment
from workflows.engine.forms import FIRST_DAY, LAST_DAY
from workflows.engine.gate import scenario_shapes
from workflows.engine.persistence import load, lock
from workflows.engine.reasons import told, why
from workflows.engine.tables import Case, DueTimer, StepRecord, WorkItem
from workflows.errors import Refusal
from workflows.journal import SYSTEM, Actor

OFFICE_OPENS = timedelta(hours=9)

_KNOWN = frozenset({"name", "description", "rule_set", "rule_sets", "begins", "places", "steps", "ends_at"}) | {
    "rules",
    "voters",
    "temporary",
    "went_through",
    "avoided",
    "places_after",
    "places_next_year",
}


CHANGING = frozenset({"do", "message", "record", "wait_until"})
"""What a step is called by that brings the case, or the world around it, any further."""


class ScenarioFault(Exception):
    """The scenario did not go as written; the text says at which of its steps."""


@dataclass(frozen=True)
class Scenario:
    """One way, as written, under one rule set: the only one it names or, until `under` says otherwise, the first."""

    file: str
    name: str
    begins: date
    steps: Sequence[Mapping[str, Any]]
    ends_at: str | None = None
    rule_set: str | None = None
    rule_sets: Sequence[str] = ()
    rules: Mapping[str, Any] = field(default_factory=dict)
    """Values that differ from those of the rule set, as where a unit has tightened them."""
    places: int = 1
    places_next_year: int | None = None
    """Of the plan of the year after; None leaves that year without a plan."""
    voters: int | None = None
    """How many members with a vote the branch has; a branch of fewer than seven has no committee."""
    temporary: bool = False
    """Whether the branch is a temporary one."""
    went_through: Sequence[str] = ()
    avoided: Sequence[str] = ()
    places_after: Mapping[str, int] | None = None

    def under_each_rule_set(self) -> list["Scenario"]:
        """The same way once for every rule set it names."""
        return [replace(self, rule_set=name) for name in self.rule_sets] or [self]

    def happens(self, step: Mapping[str, Any]) -> bool:
        """Whether the step belongs to the way under this rule set."""
        return step.get("under") in (None, self.rule_set)

    @property
    def scenery(self) -> "Scenario":
        """What the stage is built from: equal for two scenarios that can be played on the same one."""
        way: dict[str, Any] = {"file": "", "name": "", "steps": (), "ends_at": None, "rule_set": None, "rule_sets": ()}
        return replace(self, **way, went_through=(), avoided=(), places_after=None)


@dataclass(frozen=True)
class Mark:
    """How far a scenario was played: from here another that begins alike may be played on."""

    done: int
    case_id: int | None
    moment: datetime


class Stage(Protocol):
    """The world a scenario is played in."""

    session: Session
    environment: Environment
    process: str
    unit_id: int

    def actor_for(self, addressee: Addressee, barred: set[int]) -> Actor:
        """Somebody who lawfully may act, none of `barred`."""

    def value(self, text: str) -> Any:
        """What a placeholder such as `@mentor` stands for."""

    def record(self, case_id: int, kind: str, values: Mapping[str, Any]) -> None:
        """Put on record what happened to the subject of the case outside the process."""

    def other_case(self, case_id: int | None, message: str, values: Mapping[str, Any]) -> int:
        """Let another case do what makes it send the message; answers the case that is played, which may begin so.

        Raises ScenarioFault when no other case sends such a message.
        """

    def places(self) -> Mapping[str, int]:
        """How many places are free, reserved and used."""


@dataclass
class Played:
    """What happened: the elements and flows passed, and what differed from the scenario (empty when nothing did)."""

    scenario: Scenario
    nodes: set[str] = field(default_factory=set)
    flows: set[str] = field(default_factory=set)
    fault: str | None = None


def read(text: str, file: str) -> Scenario:
    """A scenario from YAML. Raises ScenarioFault naming what is missing or unknown."""
    try:
        content = yaml.load(text, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ScenarioFault(f"{file}：不是 YAML：{error}") from None
    if not isinstance(content, dict) or not {"name", "begins", "steps"} <= content.keys():
        raise ScenarioFault(f"{file}：应写明 name、begins 和 steps")
    if unknown := {str(key) for key in content if not str(key).startswith("x-")} - _KNOWN:
        raise ScenarioFault(f"{file}：不认识 {'、'.join(sorted(unknown))}")
    if not isinstance(content["steps"], list) or not all(isinstance(step, dict) for step in content["steps"]):
        raise ScenarioFault(f"{file}：steps 应是一列步骤，每步写明 do、message、record、refused、wait_until 或 at")
    content["steps"] = [_plain(step) for step in content["steps"]]
    if wrong := list(scenario_shapes.faults_in(content)):
        raise ScenarioFault(f"{file}：{'；'.join(wrong[:5])}")
    known = {key: value for key, value in content.items() if key in Scenario.__dataclass_fields__}
    several = content.get("rule_sets", ())
    rule_set = several[0] if several else content.get("rule_set")
    return Scenario(**{**known, "file": file, "begins": _day(content["begins"]), "rule_set": rule_set})


def changes_something(step: Mapping[str, Any]) -> bool:
    """Whether something happens at a step, and not only a look is taken or a refusal expected."""
    return not CHANGING.isdisjoint(step)


def walk(scenario: Scenario, stage: Stage) -> int | None:
    """Do the scenario's steps and nothing more; answers the case's id. Raises ScenarioFault where one goes wrong."""
    return _walk(scenario, stage).case_id


def play(
    scenario: Scenario, stage: Stage, after: Mark | None = None, marking: Callable[[Mark], None] = lambda _mark: None
) -> Played:
    """Play the scenario to its end and compare what happened with what it says.

    With `after`, the steps up to that mark have been done on this stage. `marking` is told before every step how far
    it is.
    """
    played = Played(scenario)
    try:
        player = _walk(scenario, stage, after, marking)
        player.collect(played)
        player.check_end(played)
    except ScenarioFault as fault:
        played.fault = str(fault)
    return played


def _walk(
    scenario: Scenario, stage: Stage, after: Mark | None = None, marking: Callable[[Mark], None] = lambda _mark: None
) -> "_Player":
    player = _Player(scenario, stage)
    if after is not None:
        player.case_id, player.moment = after.case_id, after.moment
    done = after.done if after else 0
    for number, step in enumerate(scenario.steps[done:], done + 1):
        marking(Mark(number - 1, player.case_id, player.moment))
        try:
            player.do(step)
        except (ScenarioFault, Refusal) as error:
            fields = "；".join(getattr(error, "fields", {}).values())
            raise ScenarioFault(f"第 {number} 步 {_short(step)}：{error} {fields}") from error
    return player


_NEXT_TIMER = (
    select(DueTimer)
    .where(DueTimer.case_id == bindparam("of_case"), DueTimer.due_at <= bindparam("until"))
    .order_by(DueTimer.due_at, DueTimer.id)
    .limit(1)
)


class _Player:
    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.scenario = scenario
        self.stage = stage
        self.session = stage.session
        self.moment = clock.start_of(scenario.begins) + OFFICE_OPENS
        self.case_id: int | None = None

    def do(self, step: Mapping[str, Any]) -> None:
        if not self.scenario.happens(step):
            return
        if "on" in step or "wait_until" in step:
            self.travel(_day(step.get("on") or step["wait_until"]))
        with clock.standing_at(self.moment):
            if "do" in step:
                self.complete(step)
            elif "message" in step:
                self.send(step)
            elif "record" in step:
                self.record(step)
            elif "refused" in step:
                self.refused(step["refused"])
            elif "at" in step:
                self.check_position(step["at"])
            elif "because" in step:
                self.check_reasons(step["because"])
            elif "wait_until" not in step:
                raise ScenarioFault("应是 do、message、record、refused、wait_until、at 或 because 之一")
            self.work()
        self.session.flush()
        self.moment += timedelta(minutes=1)

    def travel(self, day: date) -> None:
        """Move to nine o'clock of `day`, letting each timer fire at its own moment on the way."""
        target = clock.start_of(day) + OFFICE_OPENS
        if target < self.moment - timedelta(days=1):
            raise ScenarioFault(f"时间不能倒流到 {day}")
        while (timer := self._next_timer(target)) is not None:
            self.moment = max(self.moment, timer.due_at)
            with clock.standing_at(self.moment):
                cases.fire_timer(self.session, self.stage.environment, timer.id)
                self.work()
            self.session.flush()
        self.moment = max(self.moment, target)

    def work(self) -> None:
        """Do what the worker would: asynchronous steps and messages for the case; each succeeds, or that is a fault."""
        if self.case_id is not None:
            jobs.perform_all(self.session, self.stage.environment, self.case_id)
            correlation.deliver_to(self.session, self.stage.environment, self.case_id)

    def _next_timer(self, until: datetime) -> DueTimer | None:
        return self.session.scalars(_NEXT_TIMER, {"of_case": self.case_id, "until": until}).first()

    def complete(self, step: Mapping[str, Any]) -> None:
        environment, outcome, content = self.stage.environment, step.get("outcome", "submit"), self.content(step)
        if self.case_id is None:
            first, _ = cases.first_step(self.session, self.stage.process)
            addressee = environment.directory.addressee(self.session, first.lane, self.stage.unit_id, {})
            case = cases.start(
                self.session,
                environment,
                process=self.stage.process,
                unit_id=self.stage.unit_id,
                actor=self.stage.actor_for(addressee, set()),
                outcome=outcome,
                content=content,
            )
            self.case_id = case.id
            return
        item = self.item(step["do"])
        cases.complete_step(
            self.session,
            environment,
            work_item_id=item.id,
            actor=self.stage.actor_for(cases.addressee_of(item), self.barred(item)),
            outcome=outcome,
            content=content,
        )

    def send(self, step: Mapping[str, Any]) -> None:
        name = step["message"]
        known = bundles.parsed(self.session, self.case().bundle_id).messages if self.case_id else {}
        if name not in known:
            self.case_id = self.stage.other_case(self.case_id, name, self.content(step))
            return
        case, info, environment = self.case(), known[name], self.stage.environment
        addressee = environment.directory.addressee(self.session, info.lane, case.unit_id, {})
        cases.send_message(
            self.session,
            environment,
            case_id=case.id,
            message=name,
            actor=self.stage.actor_for(addressee, set()),
            content=self.content(step),
            outcome=step.get("outcome", "submit"),
        )

    def record(self, step: Mapping[str, Any]) -> None:
        if self.case_id is None:
            raise ScenarioFault("案卷开始以后才能登记 record")
        self.stage.record(self.case_id, step["record"], self.content(step))

    def refused(self, step: Mapping[str, Any]) -> None:
        try:
            with self.session.begin_nested():
                self.send(step) if "message" in step else self.complete(step)
        except Refusal as refusal:
            self.session.expire_all()
            if refusal.code != step["code"]:
                raise ScenarioFault(f"应以 {step['code']} 拒绝，实为 {refusal.code}：{refusal}") from refusal
            if step.get("field") and step["field"] not in refusal.fields:
                raise ScenarioFault(f"应指明 {step['field']}，实为 {refusal.fields}") from refusal
            said = f"{refusal.fields.get(step.get('field', ''), '')}{refusal.article}"
            if step.get("article", "") not in said:
                raise ScenarioFault(f"应以 {step['article']} 为依据，实为 {said or '没有依据'}") from refusal
            return
        raise ScenarioFault(f"应以 {step['code']} 拒绝，却通过了")

    def check_position(self, wanted: Sequence[str]) -> None:
        open_items = self.session.scalars(select(WorkItem.step).where(WorkItem.case_id == self.case_id)).all()
        waits = select(DueTimer.step).where(DueTimer.case_id == self.case_id, DueTimer.attached_to.is_(None))
        found = sorted([*open_items, *self.session.scalars(waits)])
        if found != sorted(wanted):
            raise ScenarioFault(f"应停在 {sorted(wanted)}，实在 {found}")

    def check_reasons(self, wanted: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        """What keeps the case back, one reason or several; an empty list says that nothing does."""
        reasons = why.of_case(self.session, self.stage.environment, self.case())
        each = [wanted] if isinstance(wanted, Mapping) else wanted
        if reasons and not each:
            raise ScenarioFault(f"不应有理由，实有 {[told.in_words(reason) for reason in reasons]}")
        for one in each:
            if fault := told.difference(reasons, one):
                raise ScenarioFault(fault)

    def item(self, step: str) -> WorkItem:
        query = select(WorkItem).where(WorkItem.case_id == self.case_id, WorkItem.step == step)
        item = self.session.scalars(query).first()
        if item is None:
            waiting = self.session.scalars(select(WorkItem.step).where(WorkItem.case_id == self.case_id)).all()
            raise ScenarioFault(f"{step} 没有等待办理，等待的是 {sorted(waiting)}")
        return item

    def barred(self, item: WorkItem) -> set[int]:
        apart = bundles.parsed(self.session, self.case().bundle_id).steps[item.step].apart_from
        query = select(StepRecord.person_id).where(StepRecord.case_id == item.case_id, StepRecord.step.in_(apart))
        return set(self.session.scalars(query)) if apart else set()

    def case(self) -> Case:
        if self.case_id is None:
            raise ScenarioFault("案件还没有开始，第一步应是 do")
        return self.session.get_one(Case, self.case_id)

    def content(self, step: Mapping[str, Any]) -> dict[str, Any]:
        given: Mapping[str, Any] = step.get("with") or {}
        return {key: self._value(value) for key, value in given.items()}

    def _value(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("@"):
            try:
                return self.stage.value(value)
            except ValueError:
                raise ScenarioFault(f"不认识 {value}") from None
        return value.isoformat() if isinstance(value, date) else value

    def collect(self, played: Played) -> None:
        if self.case_id is None:
            return
        case = lock(self.session, self.case_id)
        bundle = bundles.parsed(self.session, case.bundle_id)
        workflow = load(running.Act(self.session, self.stage.environment, case, bundle, SYSTEM))
        passed = passage.passed(workflow, bundle)
        played.nodes, played.flows = passed & set(bundle.drawing.nodes), passed & set(bundle.drawing.flows)

    def check_end(self, played: Played) -> None:
        scenario = self.scenario
        ended = self.case().ended_step if self.case_id else None
        if scenario.ends_at != ended:
            raise ScenarioFault(f"应止于 {scenario.ends_at or '未结束'}，实止于 {ended or '未结束'}")
        if missed := set(scenario.went_through) - played.nodes:
            raise ScenarioFault(f"没有经过 {sorted(missed)}")
        if met := set(scenario.avoided) & played.nodes:
            raise ScenarioFault(f"不应经过 {sorted(met)}")
        if scenario.places_after is not None and dict(self.stage.places()) != dict(scenario.places_after):
            raise ScenarioFault(f"名额应为 {dict(scenario.places_after)}，实为 {dict(self.stage.places())}")


def _plain(step: Mapping[Any, Any]) -> dict[str, Any]:
    """YAML 1.1 reads the bare key `on` as true."""
    return {"on" if key is True else key: value for key, value in step.items()}


def _day(value: Any) -> date:
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise ScenarioFault(f"“{value}”不是日期") from None
    if isinstance(day, datetime) or not FIRST_DAY <= day <= LAST_DAY:
        raise ScenarioFault(f"“{value}”应为 {FIRST_DAY.year} 年至 {LAST_DAY.year} 年之间的一天")
    return day


def _short(step: Mapping[str, Any]) -> str:
    inner = step.get("refused", step)
    return str(inner.get("do") or inner.get("message") or inner.get("record") or dict(step))
