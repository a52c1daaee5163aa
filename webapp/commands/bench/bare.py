"""The same way on SpiffWorkflow alone: its own parser, specs and serializer, no rights, no forms, no inbox, no journal.

What Tuancheng is compared with. Specifications are parsed once and kept; a case's state without them is JSON in one
row. A step reads the row, restores, completes the user task, runs the engine, serialises, and writes one UPDATE and one
INSERT in one transaction. Expressions are those of the drawing, in the drawing's own language; what service steps and
decision tables answer is written down here, so nothing is computed or stored for them. A wait waits until it is told.
"""

import json
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.serializer.default.workflow import BpmnWorkflowConverter
from SpiffWorkflow.bpmn.specs.defaults import IntermediateCatchEvent, StartEvent
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.parser.task_spec import BusinessRuleTaskParser
from SpiffWorkflow.spiff.serializer.config import SPIFF_CONFIG
from SpiffWorkflow.spiff.specs.defaults import ServiceTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import Connection, Engine

from webapp.commands.bench.walking import PROCESS, Step, drawing
from workflows import clock
from workflows.domain import rule_sets
from workflows.engine import expressions
from workflows.engine.drawing import parse_xml

ANSWERS: dict[str, Any] = {
    "candidates.register": {
        "id": 1,
        "age": 14,
        "may_apply_from": "2019-12-31",
        "is_chinese": True,
        "masked_id": "999*************12",
    },
    "branches.describe": {"has_committee": True},
    "application_eligibility": {"outcome": "pass", "reason": ""},
    "evidence.count": {"class_hours": 8, "volunteer_hours": 20, "talks": 0, "ideology_passed": True},
    "training_conditions": {"outcome": "pass", "reason": ""},
    "quota.reserve": {"id": 1, "number": "202015000001", "state": "reserved"},
    "postings.put_up": {"began_on": "2020-06-23", "ends_on": "2020-06-30"},
    "meetings.decide": {"result": "adopted"},
    "quota.use_in_year": {"id": 1, "number": "202015000001", "state": "used"},
    "members.admit": {"id": 1},
    "members.close_file": {},
}
"""What each operation and decision of the plain way answers."""

FLOOR_ROW = -1
FLOOR_BYTES = 6_000

FAR_OFF = "2999-01-01"
PAST = "2000-01-01"

_TABLES = (
    "CREATE TABLE bare_case (id INTEGER PRIMARY KEY, state TEXT NOT NULL, version INTEGER NOT NULL)",
    "CREATE TABLE bare_step (case_id INTEGER NOT NULL, step TEXT NOT NULL, content TEXT NOT NULL)",
)


class OffTheWay(RuntimeError):
    """The bare case does not stand where ours does; the text says where it stands."""


class _DecisionParser(BusinessRuleTaskParser):
    """A decision table is a service here: stock DMN reads Python, ours the drawing's language."""

    def create_task(self) -> ServiceTask:
        decision = self.get_decision_ref(self.node)
        return ServiceTask(
            self.spec,
            self.bpmn_id,
            operation_name=decision,
            operation_params={},
            result_variable=decision,
            **self.bpmn_attributes,
        )


class _Parser(SpiffBpmnParser):
    OVERRIDE_PARSER_CLASSES = SpiffBpmnParser.OVERRIDE_PARSER_CLASSES | {
        full_tag("businessRuleTask"): (_DecisionParser, ServiceTask)
    }


class _Scripts(PythonScriptEngine):
    """The drawing's expressions, and the answers above."""

    def evaluate(self, task: Task, expression: str, external_context: Any = None) -> Any:
        if isinstance(getattr(task.task_spec, "event_definition", None), CycleTimerEventDefinition):
            return expression  # counted from this machine's day, so it never comes round while measuring
        value = expressions.evaluate(expression, {**task.data, "today": clock.today().isoformat()})
        # Waits end when the clock of the measurement says so, not when this machine's does; and what lies in wait
        # beside the way never begins: the library asks for its day when the case starts, before any form is filled in.
        return FAR_OFF if isinstance(task.task_spec, IntermediateCatchEvent | StartEvent) else value

    def call_service(self, task: Task, **asked: Any) -> str:
        return json.dumps(ANSWERS.get(asked["operation_name"]))


class _WithoutSpecs(BpmnWorkflowConverter):
    """A workflow as the library saves it, but for the specifications, which its bundle has."""

    spec: Any = None
    subprocess_specs: Any = None

    def to_dict(self, workflow: BpmnWorkflow) -> dict[str, Any]:
        dct: dict[str, Any] = super(BpmnWorkflowConverter, self).to_dict(workflow)
        dct["subprocesses"] = self.mapping_to_dict(workflow.subprocesses)
        dct["bpmn_events"] = self.registry.convert(workflow.bpmn_events)
        return dct

    def from_dict(self, dct: dict[str, Any]) -> BpmnWorkflow:
        workflow = self.target_class(self.spec, self.subprocess_specs, deserializing=True)
        workflow.tasks = self.mapping_from_dict(dct["tasks"], UUID, workflow=workflow)
        workflow.task_tree = workflow.tasks.get(UUID(dct["root"]))
        self.set_default_attributes(workflow, dct)
        self.subprocesses_from_dict(dct["subprocesses"], workflow)
        workflow.bpmn_events = self.registry.restore(dct.pop("bpmn_events", []))
        return workflow


class Bare:
    """Cases on SpiffWorkflow alone, in two tables of their own beside ours."""

    def __init__(self, engine: Engine) -> None:
        self.connection: Connection = engine.connect()
        mark = "?" if engine.dialect.name == "sqlite" else "%s"
        self.read = f"SELECT state FROM bare_case WHERE id = {mark}"  # noqa: S608 - the driver's placeholder
        self.write = f"UPDATE bare_case SET state = {mark}, version = version + 1 WHERE id = {mark}"  # noqa: S608
        self.keep = f"INSERT INTO bare_step (case_id, step, content) VALUES ({mark}, {mark}, {mark})"  # noqa: S608
        self.begin = f"INSERT INTO bare_case (id, state, version) VALUES ({mark}, {mark}, 1)"  # noqa: S608
        files = drawing()
        parser = _Parser()
        parser.add_bpmn_xml(parse_xml(files.files[files.drawing_path], files.drawing_path))
        self.spec = parser.get_spec(PROCESS)
        self.subprocess_specs = parser.get_subprocess_specs(PROCESS)
        converter = type("Converter", (_WithoutSpecs,), {"spec": self.spec, "subprocess_specs": self.subprocess_specs})
        registry = BpmnWorkflowSerializer.configure({**SPIFF_CONFIG, BpmnWorkflow: converter})
        self.serializer = BpmnWorkflowSerializer(registry)
        self.scripts = _Scripts()
        self.passed: dict[int, list[str]] = {}
        with self.connection.begin():
            for statement in _TABLES:
                self.connection.exec_driver_sql(statement)
            self.connection.exec_driver_sql(self.begin, (FLOOR_ROW, ""))

    def start(self, number: int) -> None:
        """Begin one more case."""
        workflow = BpmnWorkflow(self.spec, self.subprocess_specs, script_engine=self.scripts)
        workflow.task_tree.data["rules"] = rule_sets.values("NMG_2020")
        workflow.do_engine_steps()
        self.passed[number] = []
        with self.connection.begin():
            self.connection.exec_driver_sql(self.begin, (number, self._saved(workflow)))

    def complete(self, number: int, step: Step, content: dict[str, Any]) -> None:
        """One user step, from reading the state to the commit. Raises OffTheWay when the case is not there."""
        with self.connection.begin():
            workflow = self._restored(number)
            task = _waiting_for_a_person(workflow, step.step)
            task.data[step.step] = {**content, "outcome": step.outcome}
            task.run()
            workflow.do_engine_steps()
            self.connection.exec_driver_sql(self.write, (self._saved(workflow), number))
            self.connection.exec_driver_sql(self.keep, (number, step.step, json.dumps(content)))
        self.passed[number].append(step.step)

    def write_only(self) -> None:
        """What no durable step can do without: one row of FLOOR_BYTES changed, one row added, one commit."""
        with self.connection.begin():
            self.connection.exec_driver_sql(self.write, ("x" * FLOOR_BYTES, FLOOR_ROW))
            self.connection.exec_driver_sql(self.keep, (FLOOR_ROW, "", ""))

    def end_wait(self, number: int) -> None:
        """Let the wait fire at which the case stands, if it stands at one."""
        with self.connection.begin():
            workflow = self._restored(number)
            for task in workflow.get_tasks(state=TaskState.WAITING):
                if isinstance(task.task_spec, IntermediateCatchEvent):
                    task.internal_data["event_value"] = PAST
            workflow.refresh_timers()
            workflow.do_engine_steps()
            self.connection.exec_driver_sql(self.write, (self._saved(workflow), number))

    def size(self, number: int) -> int:
        """Bytes of the saved state."""
        with self.connection.begin():
            state: str = self.connection.exec_driver_sql(self.read, (number,)).scalar_one()
        return len(state.encode())

    def close(self) -> None:
        """Give the connection back."""
        self.connection.close()

    def _restored(self, number: int) -> BpmnWorkflow:
        state = self.connection.exec_driver_sql(self.read, (number,)).scalar_one()
        workflow = self.serializer.deserialize_json(state)
        workflow.script_engine = self.scripts
        return workflow

    def _saved(self, workflow: BpmnWorkflow) -> str:
        saved: str = self.serializer.serialize_json(workflow)
        return saved


def _waiting_for_a_person(workflow: BpmnWorkflow, step: str) -> Task:
    ready = workflow.get_tasks(state=TaskState.READY, manual=True)
    for task in ready:
        if task.task_spec.name == step:
            return task
    standing = ", ".join(task.task_spec.name for task in ready) or "nowhere"
    raise OffTheWay(f"bare SpiffWorkflow should stand at {step} and stands at {standing}")
