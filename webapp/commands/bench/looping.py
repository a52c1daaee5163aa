"""Whether a case gets slower the longer it lives: one step, done over and over again by way of an exclusive gateway."""

from collections.abc import Callable
from datetime import timedelta
from statistics import median

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from webapp.commands.bench.cast import Casting
from webapp.commands.bench.metering import Cost, Meter
from workflows import clock
from workflows.database import only_reading, polite_when_busy
from workflows.engine import cases, check
from workflows.engine.bundles import BundleFiles
from workflows.engine.tables import Case, WorkItem
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT

PROCESS = "bench_loop"
STEPS = 210
EARLY = slice(2, 7)
LATE = slice(195, 205)
"""Steps 3 to 7 and 196 to 205."""

_DRAWING = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="definitions_loop" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:process id="bench_loop" name="测量·反复" isExecutable="true">
    <bpmn:laneSet id="lanes">
      <bpmn:lane id="lane_secretary" name="团支部书记">
        <bpmn:flowNodeRef>begin</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>again</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>talk</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>enough</bpmn:flowNodeRef>
        <bpmn:flowNodeRef>finish</bpmn:flowNodeRef>
      </bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="begin" name="开始"><bpmn:outgoing>to_again</bpmn:outgoing></bpmn:startEvent>
    <bpmn:exclusiveGateway id="again">
      <bpmn:incoming>to_again</bpmn:incoming><bpmn:incoming>back</bpmn:incoming><bpmn:outgoing>to_talk</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:userTask id="talk" name="谈话">
      <bpmn:incoming>to_talk</bpmn:incoming><bpmn:outgoing>to_enough</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:exclusiveGateway id="enough" name="是否再谈？">
      <bpmn:incoming>to_enough</bpmn:incoming><bpmn:outgoing>back</bpmn:outgoing><bpmn:outgoing>onwards</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:endEvent id="finish" name="结束"><bpmn:incoming>onwards</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="to_again" sourceRef="begin" targetRef="again"/>
    <bpmn:sequenceFlow id="to_talk" sourceRef="again" targetRef="talk"/>
    <bpmn:sequenceFlow id="to_enough" sourceRef="talk" targetRef="enough"/>
    <bpmn:sequenceFlow id="back" name="再谈" sourceRef="enough" targetRef="again">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">talk.outcome == "again"</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="onwards" name="结束" sourceRef="enough" targetRef="finish">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">talk.outcome == "enough"</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
  </bpmn:process>
</bpmn:definitions>
"""

_FORM = """{"type": "default", "id": "talk", "schemaVersion": 16, "components": [
  {"type": "textfield", "label": "谈话要点", "key": "points", "id": "field_points", "validate": {"required": true}},
  {"type": "radio", "label": "办理结果", "key": "outcome", "id": "field_outcome", "validate": {"required": true},
   "values": [{"label": "再谈", "value": "again"}, {"label": "结束", "value": "enough"}]}
]}
"""

FILES = BundleFiles({"loop.bpmn": _DRAWING, "forms/talk.form": _FORM})


def growth(engine: Engine, unit_id: int, number: int, tell: Callable[[int], None]) -> tuple[float, float]:
    """The cost of the 200th step of a looping case divided by that of the 5th, over `number` cases.

    Once in seconds as they pass, and once in what this process computed.
    """
    with Session(engine) as session, session.begin():
        check.publish(session, ENVIRONMENT, FILES, SYSTEM, "测量")
    meter, casting = Meter(engine), Casting()
    early: list[Cost] = []
    late: list[Cost] = []
    for _ in range(number):
        costs = _walk(engine, unit_id, meter, casting, tell)
        early += costs[EARLY]
        late += costs[LATE]
    seconds = median(cost.seconds for cost in late) / median(cost.seconds for cost in early)
    cpu = median(cost.cpu for cost in late) / median(cost.cpu for cost in early)
    return round(seconds, 3), round(cpu, 3)


def _walk(engine: Engine, unit_id: int, meter: Meter, casting: Casting, tell: Callable[[int], None]) -> list[Cost]:
    moment = clock.now()
    with clock.standing_at(moment), Session(engine) as session, session.begin():
        step, _ = cases.first_step(session, PROCESS)
        actor = casting.actor(session, ENVIRONMENT.directory.addressee(session, step.lane, unit_id, {}), set())
        case_id = cases.start(session, ENVIRONMENT, process=PROCESS, unit_id=unit_id, actor=actor).id
    costs = []
    for number in range(STEPS):
        with only_reading(), Session(engine) as session:
            item_id = session.scalars(select(WorkItem.id).where(WorkItem.case_id == case_id)).one()
            version = session.get_one(Case, case_id).version

        def act(item_id: int = item_id, version: int = version) -> None:
            with polite_when_busy(), Session(engine) as session, session.begin():
                cases.complete_step(
                    session,
                    ENVIRONMENT,
                    work_item_id=item_id,
                    actor=actor,
                    outcome="again",
                    content={"points": "思想端正，愿意接受培养。"},
                    seen_version=version,
                )

        with clock.standing_at(moment + timedelta(minutes=number + 1)):
            costs.append(meter.cost_of(act))
        tell(1)
    return costs
