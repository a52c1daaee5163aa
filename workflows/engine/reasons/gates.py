"""The gateways a case passed since somebody acted, and those of them that led it back or to an early end."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from workflows.engine import expressions
from workflows.engine.drawing import Flow, Node
from workflows.engine.expressions import ExpressionFault
from workflows.engine.forms import Field, Form
from workflows.engine.reasons.on_record import OnRecord
from workflows.engine.reasons.reason import Fact, Gate, Kind, Reason, Way
from workflows.engine.tables import StepRecord
from workflows.journal import Event, JournalEntry

_PASSED_THROUGH = frozenset(
    ["exclusiveGateway", "inclusiveGateway", "parallelGateway", "serviceTask", "businessRuleTask", "scriptTask", "task"]
)
"""What a case does not wait at."""


@dataclass
class Passage:
    """What a case passed on its way from one act: gateways with the flow taken, and operations that were refused."""

    gates: list[tuple[Node, Flow]] = field(default_factory=list)
    refused: list[tuple[Node, JournalEntry]] = field(default_factory=list)


def since(known: OnRecord, record: StepRecord) -> Passage:
    """The way a case went after a record, until it had to wait or to end."""
    drawing, passage, begin = known.bundle.drawing, Passage(), known.step_of(record)
    waiting, seen = [begin] if begin in drawing.nodes else [], set[str]()
    while waiting:
        node = drawing.nodes[waiting.pop(0)]
        if node.id in seen or not (node.id == begin or node.kind in _PASSED_THROUGH):
            continue
        seen.add(node.id)
        refused = _refusal(known, node, record)
        if refused is not None:
            passage.refused.append((node, refused))
            beside = [each for each in drawing.nodes.values() if each.attached_to == node.id and each.event == "error"]
            waiting += [flow.target for each in beside for flow in drawing.outgoing(each.id)]
            continue
        taken = _taken(known, node)
        if node.kind == "exclusiveGateway" and len(drawing.outgoing(node.id)) > 1:
            passage.gates += [(node, flow) for flow in taken]
        waiting += [flow.target for flow in taken]
    return passage


def _refusal(known: OnRecord, node: Node, record: StepRecord) -> JournalEntry | None:
    """The operation's refusal that no later call of it has overtaken."""
    if not node.operation:
        return None
    refused = known.last_entry(Event.STEP_REFUSED, node.id)
    called = known.last_entry(Event.OPERATION_CALLED, node.id)
    if refused is None or refused.position < known.position(record) or (called and called.position > refused.position):
        return None
    return refused


def _taken(known: OnRecord, node: Node) -> list[Flow]:
    flows = known.bundle.drawing.outgoing(node.id)
    if node.kind not in ("exclusiveGateway", "inclusiveGateway") or len(flows) < 2:
        return flows
    open_ways = [flow for flow in flows if flow.condition and _holds(known, flow.condition)]
    if node.kind == "exclusiveGateway":
        open_ways = open_ways[:1]
    return open_ways or [flow for flow in flows if flow.id == node.default_flow]


def _holds(known: OnRecord, condition: str) -> bool:
    try:
        return expressions.holds(condition, known.data)
    except ExpressionFault:
        return False


def kept_back(known: OnRecord, positions: frozenset[str], told: frozenset[str]) -> list[Reason]:
    """The gateways and refusals that keep the case where it stands, the earliest first.

    `positions` are the elements at which the case stands; what the decisions `told` led to is told with them.
    """
    found: dict[str, Reason] = {}
    for record in _acts(known, positions):
        passage = since(known, record)
        for node, entry in passage.refused:
            found[node.id] = _refused(known, node, entry)
        asked = set(told)
        for node, flow in passage.gates:
            read = {name.partition(".")[0] for name in _read_at(known, node)}
            if not read & asked and _is_adverse(known, node, flow, _done_by(known, record)):
                found[node.id] = _passed(known, node, flow, record)
                asked |= read  # a second gateway that asks about the same answer tells nothing new
    return list(found.values())


def _acts(known: OnRecord, positions: frozenset[str]) -> Iterator[StepRecord]:
    """The records whose answers hold: the last one, and adverse ones whose step waits again or that ended the case."""
    if not known.records:
        return
    last = max(known.records, key=known.position)
    for step in dict.fromkeys(map(known.step_of, known.records)):
        record = known.last_record(step)
        if record is None or record is last or not grounds_asked(known.form_of(record), record.outcome):
            continue
        if step in positions or (known.case.ended_step and known.case.ended_step in _ahead(known, record)):
            yield record
    yield last


def _ahead(known: OnRecord, record: StepRecord) -> set[str]:
    """What lies on the way that the record's outcome led to, up to steps that had been done before."""
    flows = [flow for _, flow in since(known, record).gates] or known.bundle.drawing.outgoing(known.step_of(record))
    return reachable(known, [flows[-1].target], without=_done_by(known, record)) if flows else set()


def _done_by(known: OnRecord, record: StepRecord) -> frozenset[str]:
    """The steps that had been done when the record was kept."""
    until = known.position(record)
    return frozenset(known.step_of(each) for each in known.records if known.position(each) <= until)


def _read_at(known: OnRecord, node: Node) -> list[str]:
    return [
        name for flow in known.bundle.drawing.outgoing(node.id) for name in expressions.names_in(flow.condition or "")
    ]


def _is_adverse(known: OnRecord, node: Node, taken: Flow, done: frozenset[str]) -> bool:
    """Whether it leads back, to an end, or was given grounds for, where another way leads to more that is yet to do."""
    others = [flow for flow in known.bundle.drawing.outgoing(node.id) if flow.id != taken.id]
    new = _yet_to_do(known, taken, done)
    # What another way leads to by way of this one is a detour and no gain: a consent that this case did not need.
    gains = [_gain(_yet_to_do(known, other, done, frozenset({taken.target})), new) for other in others]
    stops = known.case.ended_at is not None and not new & known.bundle.steps.keys()
    asked = _asked_for(known, node)
    if max(gains, default=-1) > 0:
        return stops or bool(asked) or _leads_back(known, node, taken, others)
    if 0 in gains:
        return any(field.kind == "textarea" for field in asked) or _leads_back(known, node, taken, others)
    return False


def _gain(elsewhere: set[str], here: set[str]) -> int:
    """How much more another way leads to."""
    return len(elsewhere - here) - len(here - elsewhere)


def _leads_back(known: OnRecord, node: Node, taken: Flow, others: list[Flow]) -> bool:
    """Whether there is an end that another way leads to, and this one only by way of the same gateway."""
    if node.id not in reachable(known, [taken.target]):
        return False
    here = _ends(known, taken)
    return any(_ends(known, other) - here for other in others)


def _ends(known: OnRecord, way: Flow) -> set[str]:
    ahead = reachable(known, [way.target], without=frozenset({way.source}))
    return {each for each in ahead if known.bundle.drawing.nodes[each].kind == "endEvent"}


def _yet_to_do(known: OnRecord, way: Flow, done: frozenset[str], without: frozenset[str] = frozenset()) -> set[str]:
    """The ends ahead, and the steps that had not been done."""
    drawing = known.bundle.drawing
    ahead = reachable(known, [way.target], without=without | {way.source})
    return {each for each in ahead if each in known.bundle.steps or drawing.nodes[each].kind == "endEvent"} - done


def _asked_for(known: OnRecord, node: Node) -> list[Field]:
    """The grounds that were asked for with the outcomes the gateway looks at."""
    asked = [name.partition(".") for name in _read_at(known, node)]
    records = [known.last_record(root) for root, _, rest in asked if rest == "outcome"]
    forms = [(known.form_of(record), record.outcome) for record in records if record]
    return [field for form, outcome in forms for field in grounds_asked(form, outcome)]


def reachable(known: OnRecord, starts: list[str], without: frozenset[str] = frozenset()) -> set[str]:
    """Every element ahead of these, deadlines and errors aside, without passing one of them."""
    found, waiting = set[str](), list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found and node not in without:
            found.add(node)
            waiting += known.onward[node]
    return found


def grounds_asked(form: Form, outcome: str) -> list[Field]:
    """The fields the form asks for with some outcomes only, this one among them: the grounds of an adverse answer."""
    outcomes = [choice.value for choice in form.outcomes]
    return [
        field
        for field in form.fields
        if field.required_when
        and _needs(field.required_when, outcome)
        and not all(_needs(field.required_when, each) for each in outcomes)
    ]


def _needs(condition: str, outcome: str) -> bool:
    try:
        return expressions.holds(condition, {"outcome": outcome})
    except ExpressionFault:
        return False  # it depends on more than the outcome


def _passed(known: OnRecord, node: Node, taken: Flow, record: StepRecord) -> Reason:
    flows = known.bundle.drawing.outgoing(node.id)
    condition = taken.condition or " or ".join(f"({flow.condition})" for flow in flows if flow.condition)
    facts = [known.fact(name) for name in known.decisive(condition)]
    grounds = _grounds(known, facts)
    return Reason(
        kind=Kind.GATE,
        step=known.step_of(record),
        label=known.label(node.id) if node.name else record.label,
        since=record.recorded_at,
        text=next((str(fact.value) for fact in grounds if fact.field and fact.field.kind in _WORDS), ""),
        gate=Gate(node.id, node.name, _way(taken), tuple(_way(flow) for flow in flows if flow.id != taken.id)),
        facts=(*facts, *(fact for fact in grounds if not (fact.field and fact.field.kind in _WORDS))),
    )


_WORDS = frozenset({"textarea", "textfield"})


def _grounds(known: OnRecord, facts: list[Fact]) -> list[Fact]:
    found = []
    for fact in facts:
        root, _, rest = fact.name.partition(".")
        if rest == "outcome" and fact.source.records:
            asked = grounds_asked(known.form_of(fact.source.records[0]), str(fact.value))
            found += [known.fact(f"{root}.{field.key}") for field in asked if not field.is_kept_back]
    return [fact for fact in found if fact.value not in (None, "")]


def _way(flow: Flow) -> Way:
    return Way(flow.id, flow.label, flow.condition)


def _refused(known: OnRecord, node: Node, entry: JournalEntry) -> Reason:
    return Reason(
        kind=Kind.REFUSAL,
        step=node.id,
        label=known.label(node.id),
        since=entry.recorded_at,
        code=str(entry.facts.get("code") or ""),
        rule=str(entry.facts.get("rule") or ""),
        article=str(entry.facts.get("article") or ""),
    )
