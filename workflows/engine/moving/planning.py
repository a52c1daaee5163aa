"""What moving one case to another version would do, or why it must not be moved. Nothing is changed here."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import bundles, incidents, passage, repeats, saving
from workflows.engine.bundles import ParsedBundle
from workflows.engine.environment import Addressee, Environment, Operation
from workflows.engine.events import DueTime, Message, Signal
from workflows.engine.levels import CaseWorkflow
from workflows.engine.mailbox import step_of
from workflows.engine.moving import ahead, history, planting
from workflows.engine.moving.history import CALLED_OUT, Happened
from workflows.engine.moving.positions import Path, instances_of, path_of, resting
from workflows.engine.moving.refusals import (
    CaseOver,
    DutiesUnclear,
    EndsThere,
    NothingGivesBack,
    NotReversible,
    OperationUndrawn,
    PositionDiffers,
    RepeatedUnclear,
    SameVersion,
    StandsStill,
    StepMissing,
    WayDiffers,
)
from workflows.engine.moving.replay import Replayed, retell, shows
from workflows.engine.moving.ways import Before
from workflows.engine.running import ACTIVE, Act, element_of, every_task, is_over
from workflows.engine.tables import Bundle, Case
from workflows.errors import InvalidData, Refusal
from workflows.journal import SYSTEM, Event

NO_SUCH_ELEMENT = "对应关系中有不存在的图元，或两个图元不是同一种"


@dataclass(frozen=True)
class Moment:
    """A due time before and after; None where there was or will be none."""

    label: str
    before: datetime | None
    after: datetime | None
    passed: bool
    """Whether it would be due at once."""


@dataclass(frozen=True)
class Asked:
    """Who is asked for a step before and after: unit and post; empty where the step did or will not wait."""

    label: str
    before: str
    after: str


@dataclass
class Plan:
    """What a move would do to one case. Lists hold what the drawing calls things."""

    case_id: int
    unit_id: int
    case_version: int
    old_version: int
    new_version: int
    stands: list[str] = field(default_factory=list)
    would: list[str] = field(default_factory=list)
    placed: list[str] = field(default_factory=list)
    """Where the case would newly stand."""
    dropped: list[str] = field(default_factory=list)
    """Where it would stand no more."""
    redone: list[str] = field(default_factory=list)
    """What has been done and would be asked for again."""
    lost: list[str] = field(default_factory=list)
    """What was done at elements the new version does not have; the records stay."""
    moments: list[Moment] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    no_longer_awaited: list[str] = field(default_factory=list)
    jobs_dropped: list[str] = field(default_factory=list)
    forms_changed: list[str] = field(default_factory=list)
    at_once: list[str] = field(default_factory=list)
    """What would be decided, called or sent in the move itself, so that it cannot be undone."""
    incidents: int = 0
    refusal: Refusal | None = None
    can_place: bool = False
    """Whether it would be moved if an administrator says that the case may stand elsewhere."""

    def summary(self) -> dict[str, Any]:
        """What of it is kept with the move, as JSON values."""
        names = ("stands", "would", "placed", "dropped", "redone", "lost", "no_longer_awaited", "jobs_dropped")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Planned:
    """A plan that may be carried out, with the running case it leads to."""

    plan: Plan
    before: Before
    replayed: Replayed | None = None


def plan(
    session: Session,
    environment: Environment,
    case: Case,
    target: Bundle,
    *,
    names: Mapping[str, str] | None = None,
    place: bool = False,
) -> Planned:
    """What moving the case to `target` would do; a refusal stands in the plan.

    `names` says what elements are called in the new version, by their old ids, where that differs. With `place` the
    case may be set where its past leads in the new version. Raises InvalidData for wrong `names`.
    """
    old, new = bundles.parsed(session, case.bundle_id), bundles.parsed(session, target.id)
    _check_names(old, new, names or {})
    before = Before(old, saving.restore(case.state, old), dict(names or {}))
    made = Plan(case.id, case.unit_id, case.version, old.version, new.version)
    made.stands = _labels(resting(before.workflow), old)
    made.incidents = len(incidents.of_cases(session, [case.id]))
    planner = _Planner(session, environment, case, before, new, made)
    try:
        if case.ended_at is not None:
            raise CaseOver()
        if case.bundle_id == target.id:
            raise SameVersion(version=old.version)
        planner.follow(place=place)
    except Refusal as refusal:
        made.refusal = refusal
        if not place and isinstance(refusal, StepMissing | PositionDiffers):
            made.can_place = planner.may_place()
    return Planned(made, before, planner.replayed)


def _check_names(old: ParsedBundle, new: ParsedBundle, names: Mapping[str, str]) -> None:
    was, now = old.drawing.nodes, new.drawing.nodes
    for before, after in names.items():
        if before not in was or after not in now or was[before].kind != now[after].kind:
            raise InvalidData(fields={"names": NO_SUCH_ELEMENT})
    if len(set(names.values())) < len(names):
        raise InvalidData(fields={"names": NO_SUCH_ELEMENT})


class _Planner:
    def __init__(
        self, session: Session, environment: Environment, case: Case, before: Before, new: ParsedBundle, made: Plan
    ) -> None:
        self.session = session
        self.environment = environment
        self.case = case
        self.before = before
        self.new = new
        self.made = made
        self.act = Act(session, environment, case, new, SYSTEM)
        self.replayed: Replayed | None = None

    def may_place(self) -> bool:
        """Whether the case could be set where its past leads; the plan then says what that would mean."""
        try:
            self.follow(place=True)
        except Refusal:
            return False
        return True

    def follow(self, *, place: bool) -> None:
        """Find where the case would stand and what changes; raises the refusal."""
        happened = history.read(self.session, self.case.id)
        self.replayed = replayed = retell(self.act, self.before, happened)
        self._check_way(replayed, place=place)
        self._check_repeated(replayed.workflow)
        self._check_operations(replayed)
        self._check_duties(replayed)
        self._compare(replayed.workflow)
        planting.plant(self.before, replayed.workflow, self.new)
        self._describe(replayed)
        if not place and (self.made.placed or self.made.dropped):
            raise PositionDiffers(stands="、".join(self.made.stands), would="、".join(self.made.would))
        workflow, standing = replayed.workflow, {step_of(task) for task in resting(replayed.workflow)}
        passed = passage.passed(workflow, self.new)
        if missing := ahead.missing_data(self.before.bundle, self.new, workflow.case_data, standing, passed):
            raise missing

    def _check_way(self, replayed: Replayed, *, place: bool) -> None:
        standing, last = resting(replayed.workflow), replayed.past[-1:]
        if is_over(replayed.workflow):
            raise EndsThere(done=self._name(last[0]) if last else "")
        if not standing:
            raise StandsStill(would="、".join(_labels(every_task(replayed.workflow, ACTIVE), self.new)))
        if not replayed.rest:
            return
        self.made.would = _labels(standing, self.new)
        done = self._name(replayed.rest[0])
        elements = {step_of(task) for task in standing}
        if self.before.name(replayed.rest[0].step) not in ahead.reachable(self.new.drawing, elements):
            raise WayDiffers(done=done, stands="、".join(self.made.would))
        waiting = self.before.resting
        missing = [task for task in standing if path_of(task, str) not in waiting] or standing
        label = "、".join(_labels(missing, self.new))
        if not place:
            raise StepMissing(missing=label, done=done)
        for each in replayed.rest:
            if each.event in CALLED_OUT and not self._is_repeatable(each):
                raise NotReversible(missing=label, done=self._name(each))

    def _check_repeated(self, workflow: CaseWorkflow) -> None:
        open_now = {path_of(task, str): task for task in instances_of(workflow)}
        open_before = {path_of(task, self.before.name): task for task in instances_of(self.before.workflow)}
        for path in open_now.keys() & open_before.keys():
            done = [_done_below(tasks[path]) for tasks in (open_now, open_before)]
            if done[0] != done[1]:
                raise RepeatedUnclear(step="、".join(_labels([open_now[path]], self.new)))

    def _check_duties(self, replayed: Replayed) -> None:
        """Duties are kept apart by the steps' ids in the records, and records are never rewritten."""
        apart = {each for step in self.new.steps.values() for each in step.apart_from}
        for each in replayed.told:
            if each.event == Event.STEP_COMPLETED and each.step in apart and each.facts["step"] != each.step:
                raise DutiesUnclear(step=_label(each.step, self.new))

    def _check_operations(self, replayed: Replayed) -> None:
        for each in replayed.lost:
            if each.event in CALLED_OUT and not self._is_repeatable(each):
                raise OperationUndrawn(step=self._name(each))
        taken: set[str] = set()
        for each in replayed.told:
            scarce = self._scarce(each)
            if scarce is not None and each.event == Event.OPERATION_CALLED:
                taken = taken | {scarce.thing} if scarce.act == "take" else taken - {scarce.thing}
        elements = {step_of(task) for task in resting(replayed.workflow)}
        reached = [self.new.drawing.nodes[each] for each in ahead.reachable(self.new.drawing, elements)]
        operations = [self.environment.operations.get(node.operation or "") for node in reached]
        given = {each.scarce.thing for each in operations if each and each.scarce and each.scarce.act != "take"}
        if taken - given:
            raise NothingGivesBack(what="、".join(sorted(taken - given)))

    def _operation(self, happened: Happened) -> Operation | None:
        return self.environment.operations.get(str(happened.facts.get("operation")))

    def _scarce(self, happened: Happened) -> Any:
        operation = self._operation(happened)
        return operation.scarce if operation else None

    def _is_repeatable(self, happened: Happened) -> bool:
        operation = self._operation(happened)
        return operation is not None and operation.repeatable

    def _compare(self, workflow: CaseWorkflow) -> None:
        """Which resting tokens the two cases do not share."""
        old = _by_path(resting(self.before.workflow), self.before)
        new = _by_path(resting(workflow), None)
        was, now = Counter({path: len(each) for path, each in old.items()}), Counter(map(_path, resting(workflow)))
        placed, dropped = now - was, was - now
        self.made.placed = _labels([new[path][0] for path in placed], self.new)
        self.made.dropped = _labels([old[path][0] for path in dropped], self.before.bundle)
        self.made.would = _labels(resting(workflow), self.new)

    def _describe(self, replayed: Replayed) -> None:
        made, workflow = self.made, replayed.workflow
        waiting = every_task(workflow, ACTIVE)
        made.redone = _names([each for each in replayed.rest if each.event == Event.STEP_COMPLETED], self.before.bundle)
        made.lost = _names(replayed.lost, self.before.bundle)
        made.at_once = _labels([task for task in waiting if task.has_state(TaskState.READY) and shows(task)], self.new)
        made.moments = self._moments(workflow)
        made.asked = self._asked(workflow)
        awaited, awaits = _awaited(self.before.workflow, self.before), _awaited(workflow, None)
        made.no_longer_awaited = [label for path, label in awaited.items() if path not in awaits]
        jobs = [task for task in resting(self.before.workflow) if task.has_state(TaskState.STARTED)]
        kept = {path_of(task, str) for task in resting(workflow) if task.has_state(TaskState.STARTED)}
        gone = [task for task in jobs if path_of(task, self.before.name) not in kept]
        made.jobs_dropped = _labels(gone, self.before.bundle)
        made.forms_changed = self._forms_changed(workflow)

    def _moments(self, workflow: CaseWorkflow) -> list[Moment]:
        was, now = _due_times(self.before.workflow, self.before), _due_times(workflow, None)
        found = []
        for path in [*was, *(path for path in now if path not in was)]:
            before, after = was.get(path), now.get(path)
            if before is None or after is None or before[1] != after[1]:
                label = (after or before or ("", None))[0]
                passed = after is not None and after[1] <= clock.now()
                moments = before[1] if before else None, after[1] if after else None
                found.append(Moment(self._label(label, after is not None), moments[0], moments[1], passed))
        return found

    def _asked(self, workflow: CaseWorkflow) -> list[Asked]:
        was = _by_path([task for task in resting(self.before.workflow) if task.task_spec.manual], self.before)
        now = _by_path([task for task in resting(workflow) if task.task_spec.manual], None)
        found = []
        for path in [*was, *(path for path in now if path not in was)]:
            before = self._addressee(was[path][0], self.before.bundle) if path in was else None
            after = self._addressee(now[path][0], self.new) if path in now else None
            if before != after:
                task, bundle = (now[path][0], self.new) if path in now else (was[path][0], self.before.bundle)
                found.append(Asked(_labels([task], bundle)[0], self._called(before), self._called(after)))
        return found

    def _addressee(self, task: Task, bundle: ParsedBundle) -> Addressee:
        step, data = bundle.steps[element_of(task)], repeats.data_for(task)
        return self.environment.directory.addressee(self.session, step.lane, self.case.unit_id, data)

    def _called(self, addressee: Addressee | None) -> str:
        if addressee is None:
            return ""
        return " ".join(self.environment.directory.describe(self.session, addressee))

    def _forms_changed(self, workflow: CaseWorkflow) -> list[str]:
        old, found = self.before.bundle, []
        was = _by_path(resting(self.before.workflow), self.before)
        for path, tasks in _by_path(resting(workflow), None).items():
            if path in was and tasks[0].task_spec.manual:
                forms = old.form(element_of(was[path][0])), self.new.form(element_of(tasks[0]))
                if forms[0].source != forms[1].source:
                    found += _labels(tasks[:1], self.new)
        return found

    def _name(self, happened: Happened) -> str:
        return _names([happened], self.before.bundle)[0]

    def _label(self, element: str, in_new: bool) -> str:
        return _label(element, self.new if in_new else self.before.bundle)


def _done_below(repeated: Task) -> set[int]:
    done = [each for each in repeated.task_spec.instances(repeated) if each.has_state(TaskState.COMPLETED)]
    return {int(each.data.get(repeats.COUNTER, 0)) for each in done}


def _path(task: Task) -> Path:
    return path_of(task, str)


def _by_path(tasks: Sequence[Task], before: Before | None) -> dict[Path, list[Task]]:
    found: dict[Path, list[Task]] = {}
    for task in tasks:
        found.setdefault(path_of(task, before.name if before else str), []).append(task)
    return found


def _due_times(workflow: CaseWorkflow, before: Before | None) -> dict[Path, tuple[str, datetime]]:
    waiting = every_task(workflow, TaskState.WAITING)
    timers = [
        task
        for task in waiting
        if isinstance(getattr(task.task_spec, "event_definition", None), DueTime) and "due" in task.internal_data
    ]
    return {
        path_of(task, before.name if before else str): (
            step_of(task),
            datetime.fromisoformat(task.internal_data["due"]),
        )
        for task in timers
    }


def _awaited(workflow: CaseWorkflow, before: Before | None) -> dict[Path, str]:
    waiting = every_task(workflow, TaskState.WAITING)
    kinds = (Message, Signal)
    found = [task for task in waiting if isinstance(getattr(task.task_spec, "event_definition", None), kinds)]
    return {path_of(task, before.name if before else str): task.task_spec.event_definition.name for task in found}


def _labels(tasks: Collection[Task], bundle: ParsedBundle) -> list[str]:
    return sorted(_label(step_of(task), bundle) for task in tasks)


def _names(happened: Sequence[Happened], bundle: ParsedBundle) -> list[str]:
    """What the old version calls what happened, each once, in order."""
    return list(dict.fromkeys(_label(each.present, bundle) for each in happened))


def _label(element: str, bundle: ParsedBundle) -> str:
    node = bundle.drawing.nodes.get(element)
    return node.name if node and node.name else element
