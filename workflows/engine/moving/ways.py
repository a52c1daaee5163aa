"""By which ways a case left the gateways that both versions draw alike."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.task import Task

from workflows.engine import expressions, passage
from workflows.engine.bundles import ParsedBundle
from workflows.engine.drawing import Flow
from workflows.engine.levels import CaseWorkflow
from workflows.engine.moving.history import Happened
from workflows.engine.moving.positions import Path, path_of
from workflows.engine.running import ACTIVE, element_of, every_task
from workflows.journal import Event


@dataclass(frozen=True)
class Before:
    """What is known of the case in the version it stands in."""

    bundle: ParsedBundle
    workflow: CaseWorkflow
    names: Mapping[str, str]
    """What elements are called in the new version, where that differs."""

    def name(self, element: str) -> str:
        """What an element is called in the new version."""
        return self.names.get(element, element)

    @property
    def resting(self) -> set[Path]:
        """Where tasks wait, in the names of the new version."""
        return {path_of(task, self.name) for task in every_task(self.workflow, ACTIVE)}


class Ways:
    """Which way each time: by the only one passed, else by the data, else by trying what else was passed."""

    def __init__(self, before: Before, new: ParsedBundle, happened: Sequence[Happened]) -> None:
        self.new = new
        self.passed = _passed_alike(before, new)
        self.overwritten = _overwritten(new, before, happened)
        self.chosen: dict[Any, Flow] = {}
        self.guesses: list[tuple[int, int]] = []
        """For each choice that data cannot decide: which of its ways is tried, and how many there are."""
        self.met = 0

    @property
    def drawn_alike(self) -> Mapping[str, list[Flow]]:
        """The flows that were passed behind each exclusive gateway that is drawn as before."""
        return self.passed

    def taken(self, task: Task, evaluate: Callable[[str], Any]) -> Flow:
        """The flow by which this token leaves the gateway."""
        if task.id not in self.chosen:
            self.chosen[task.id] = self._choose(element_of(task), evaluate)
        return self.chosen[task.id]

    def try_next(self) -> bool:
        """Turn to the next combination of guesses; False when all were tried."""
        self.chosen, self.met = {}, 0
        while self.guesses:
            guess, of = self.guesses.pop()
            if guess + 1 < of:
                self.guesses.append((guess + 1, of))
                return True
        return False

    def _choose(self, gateway: str, evaluate: Callable[[str], Any]) -> Flow:
        passed = self.passed[gateway]
        if len(passed) == 1:
            return passed[0]
        flows = self.new.drawing.outgoing(gateway)
        default = next((flow for flow in flows if not flow.condition), flows[-1])
        by_data = next((flow for flow in flows if flow.condition and evaluate(flow.condition)), default)
        read = {name.partition(".")[0] for flow in flows for name in expressions.names_in(flow.condition or "")}
        if read.isdisjoint(self.overwritten):
            return by_data
        candidates = [by_data, *(flow for flow in passed if flow is not by_data)]
        if self.met == len(self.guesses):
            self.guesses.append((0, len(candidates)))
        guess, _ = self.guesses[self.met]
        self.met += 1
        return candidates[guess]


def _passed_alike(before: Before, new: ParsedBundle) -> dict[str, list[Flow]]:
    old, passed = before.bundle.drawing, passage.passed(before.workflow, before.bundle)
    found = {}
    for node in old.nodes.values():
        ways = {flow.id: (before.name(flow.target), flow.condition) for flow in old.outgoing(node.id)}
        name = before.name(node.id)
        drawn = {(flow.target, flow.condition): flow for flow in new.drawing.outgoing(name)}
        taken = [drawn[way] for flow_id, way in ways.items() if flow_id in passed and way in drawn]
        if node.kind == "exclusiveGateway" and set(ways.values()) == drawn.keys() and taken:
            found[name] = taken
    return found


def _overwritten(new: ParsedBundle, before: Before, happened: Sequence[Happened]) -> set[str]:
    """Names of results that a later call of the same operation has replaced, and of messages that came again."""
    counted = Counter(
        before.name(each.step) for each in happened if each.event in (Event.OPERATION_CALLED, Event.MESSAGE_DELIVERED)
    )
    again = [new.drawing.nodes[step] for step, times in counted.items() if times > 1 and step in new.drawing.nodes]
    return {node.result or node.id for node in again}
