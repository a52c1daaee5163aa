"""What a case waits for without anybody having to act: days, messages, signals, conditions."""

from sqlalchemy import bindparam, select

from workflows.clock import OFFICE_ZONE
from workflows.engine import expressions
from workflows.engine.drawing import Node
from workflows.engine.mailbox import AwaitedEvent
from workflows.engine.reasons.on_record import OnRecord
from workflows.engine.reasons.reason import Fact, Kind, Reason
from workflows.engine.tables import DueTimer

_TIMERS = (
    select(DueTimer)
    .where(DueTimer.case_id == bindparam("case"), DueTimer.attached_to.is_(None))
    .order_by(DueTimer.due_at, DueTimer.id)
)
_AWAITED = select(AwaitedEvent).where(AwaitedEvent.case_id == bindparam("case")).order_by(AwaitedEvent.id)


def waits(known: OnRecord, positions: frozenset[str]) -> list[Reason]:
    """The timers and events at which the case stands; what lies in wait beside its way keeps nothing back."""
    return [*_timers(known), *_events(known, positions)]


def _timers(known: OnRecord) -> list[Reason]:
    rows = known.session.scalars(_TIMERS, {"case": known.case.id})
    return [_timer(known, row) for row in rows if known.bundle.drawing.nodes[row.step].kind != "startEvent"]


def _timer(known: OnRecord, row: DueTimer) -> Reason:
    node = known.bundle.drawing.nodes[row.step]
    texts = [text for text in (node.detail, node.properties.get("since")) if text]
    facts = _facts(known, texts)
    return Reason(
        kind=Kind.TIMER,
        step=row.step,
        label=row.label,
        article=_articles(facts),
        facts=facts,
        until=row.due_at,
        then=steps_after(known, node),
        earliest=row.due_at.astimezone(OFFICE_ZONE).date(),
        expression=" ".join(texts),
    )


def steps_after(known: OnRecord, node: Node) -> tuple[str, ...]:
    """The steps people come to next behind an element, whichever way the case takes then."""
    drawing, found, seen = known.bundle.drawing, list[str](), {node.id}
    waiting = [flow.target for flow in drawing.outgoing(node.id)]
    while waiting:
        each = waiting.pop(0)
        if each in known.bundle.steps:
            found.append(each)
        elif each not in seen and drawing.nodes[each].event is None:
            waiting += [flow.target for flow in drawing.outgoing(each)]
        seen.add(each)
    return tuple(dict.fromkeys(found))


def _facts(known: OnRecord, texts: list[str]) -> tuple[Fact, ...]:
    names = [name for text in texts for name in known.decisive(text)]
    told = [known.fact(name) for name in dict.fromkeys(names)]
    return tuple(each for fact in told for each in (fact, *known.behind(fact)))


def _articles(facts: tuple[Fact, ...]) -> str:
    """What stands behind the values of the rule set, but for those that nobody has seen published."""
    origins = [fact.source.origin for fact in facts if fact.source.origin]
    return "；".join(dict.fromkeys(each.article for each in origins if each.confidence != "unverified"))


def _events(known: OnRecord, positions: frozenset[str]) -> list[Reason]:
    since = {row.step: row.since for row in known.session.scalars(_AWAITED, {"case": known.case.id})}
    nodes = [known.bundle.drawing.nodes[step] for step in sorted(positions)]
    return [
        Reason(
            kind=Kind.EVENT,
            step=node.id,
            label=known.label(node.id),
            since=since.get(node.id),
            rule=node.event or "",
            facts=_conditional(known, node),
            then=steps_after(known, node),
            expression=node.detail or "",
        )
        for node in nodes
        if node.event in ("message", "signal", "conditional") and node.kind in ("intermediateCatchEvent", "receiveTask")
    ]


def _conditional(known: OnRecord, node: Node) -> tuple[Fact, ...]:
    if node.event != "conditional" or not node.detail:
        return ()
    names = [name for name in expressions.names_in(node.detail) if expressions.at(name, known.data) is not None]
    return tuple(known.fact(name) for name in names or expressions.names_in(node.detail))
