"""What other tools write onto the elements of a drawing, and what to write here instead.

Their namespaces are known by name; what only says how a drawing looks, or who edited it, is left alone.
"""

from collections.abc import Iterator, Sequence

from workflows.engine.drawing import BPMN, Mark

_CAMUNDA = "Camunda 7"
_VENDORS = (
    ("http://camunda.org/schema/zeebe", "Camunda 8"),
    ("http://camunda.org/schema/modeler", None),
    ("http://camunda.org/schema/", _CAMUNDA),
    ("http://activiti.org/bpmn", "Activiti"),
    ("http://flowable.org/", "Flowable"),
    ("http://www.jboss.org/drools", "jBPM"),
    ("http://www.omg.org/bpmn20", "jBPM"),
    ("http://www.signavio.com", None),
    ("http://www.bizagi.com", None),
    ("http://bpmn.io/schema/bpmn/biocolor", None),
    ("http://www.omg.org/spec/BPMN/non-normative/color", None),
    ("http://www.omg.org/spec/BPMN/20100524/DI", None),
    ("http://www.omg.org/spec/DD/", None),
    ("http://www.yaoqiang.org", None),
    ("http://bpmn.sourceforge.net", None),
    ("http://www.trisotech.com", None),
    ("http://www.visual-paradigm.com", None),
    ("http://www.boc-group.com", None),
    ("http://www.w3.org/", None),
    (BPMN, "BPMN"),
)
"""Beginnings of namespaces and whose they are; None where they only describe looks, versions or authors."""

_POST = "由谁办理看泳道：请把它放进写有职务的泳道"
_FORM = "请写表单 forms/{id}.form，一栏一项；按钮写在 outcome 里"
_OPERATION = "请写服务任务的操作（serviceTaskOperator），操作名见 docs/reference/operations.md"
_NO_CODE = "流程图中不得有程序，请把要做的事写成服务任务（操作），要算的写成决策表或条件"
_TABLE = "请把决策表放进流程包（.dmn），在业务规则任务上写 calledDecisionId"
_DATA = "案件的数据各步共用，不必传递：请直接写“步骤标识.栏目”，服务任务的参数写在操作里"
_TIMER = "请在这一步的边上画定时边界事件"
_RETRY = "请写属性 asynchronous=true，重试次数写属性 retries"
_REPEAT = "请写 BPMN 自己的多实例：loopDataInputRef、inputDataItem"
_RECEIVER = "请定义关联属性（correlationProperty），或写属性 form 由人提出"
_CALLED = "请写 calledElement，并把被调用的流程放进同一个流程包"
_STARTER = "请删除；由谁发起看第一步的泳道"

_SKIPPED = "请用网关画出绕过这一步的连线"

_NAMES = {
    _POST: "assignee assignmentDefinition businessAdministrator candidateGroups candidateUsers humanPerformer owner"
    " performer potentialOwner resourceRole",
    _STARTER: "candidateStarterGroups candidateStarterUsers initiator",
    _FORM: "externalReference formData formDefinition formHandlerClass formKey formProperty formRef formRefBinding"
    " formRefVersion userTaskForm",
    _OPERATION: "class connector delegateExpression expression field operationRef resultVariable resultVariableName"
    " taskDefinition taskHeaders topic type",
    _NO_CODE: "executionListener executionListeners global import onEntry-script onExit-script resource script"
    " scriptFormat taskListener taskListeners",
    _TABLE: "calledDecision decisionRef decisionRefBinding decisionRefVersion decisionTableReferenceKey"
    " mapDecisionResult ruleFlowGroup ruleVariablesInput rules",
    _DATA: "in inputOutput inputParameter ioMapping out outputParameter variable variableName",
    _TIMER: "businessCalendarName dueDate followUpDate taskSchedule",
    _RETRY: "async asyncAfter asyncBefore failedJobRetryTimeCycle retryCounter",
    _REPEAT: "collection elementVariable loopCharacteristics",
    _RECEIVER: "correlationKey eventInParameter eventOutParameter eventType subscription",
    _CALLED: "calledElement calledElementBinding calledElementTenantId calledElementType calledElementVersion caseRef"
    " independent waitForCompletion",
    _SKIPPED: "skipExpression",
}
"""What to write here instead, and the names it stands for."""

_INSTEAD = {name: advice for advice, names in _NAMES.items() for name in names.split()}

_NO_EFFECT = (
    "adHoc diagramRelationId errorMessage exclusive executionPlatform executionPlatformVersion formFieldValidation"
    " historyTimeToLive isStartableInTasklist jobPriority localization metaData modelerTemplate modelerTemplateIcon"
    " modelerTemplateVersion packageName priority priorityDefinition processType properties taskName taskPriority"
    " userTask version versionTag"
)
"""Names that change neither who does what nor when."""

_SAYS_NOTHING = frozenset(_NO_EFFECT.split())


def faults(marks: Sequence[Mark], element: str) -> Iterator[tuple[str, str]]:
    """What must be written otherwise on an element: code and sentence, one for each kind of thing to change."""
    told: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        vendor = _vendor(mark.namespace)
        if vendor is None or mark.name in _SAYS_NOTHING:
            continue
        if not vendor:
            yield "extension.unknown", f"不认识扩展{_shown(mark)}，请删除，或改用属性（properties）"
            continue
        advice = _INSTEAD.get(mark.name, "它在这里不起作用，请删除，或改用属性（properties）")
        told.setdefault((vendor, advice), []).append(mark)
    for (vendor, advice), those in told.items():
        shown = "、".join(_shown(mark) for mark in those)
        yield "extension.foreign", f"{vendor} 的 {shown}，在这里不起作用：{advice.replace('{id}', element)}"


def _vendor(namespace: str) -> str | None:
    """Whose the namespace is: empty when unknown, None when it says nothing about what runs."""
    return next((vendor for begin, vendor in _VENDORS if namespace.startswith(begin)), "")


def _shown(mark: Mark) -> str:
    text = " ".join(mark.text.split())
    if len(text) > 60:
        text = text[:60] + "…"
    return f"{mark.name}（{text}）" if text else mark.name
