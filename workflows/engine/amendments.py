"""What was submitted at an earlier step is put right in a running case, because the world has corrected it.

The old record stays; the new one names it and says why. A case that has ended keeps its papers as they were.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import bundles, persistence
from workflows.engine.environment import Environment
from workflows.engine.running import Act, advance
from workflows.engine.tables import Case, StepRecord
from workflows.errors import NotFound
from workflows.journal import Actor, Event


def amend(
    session: Session,
    environment: Environment,
    *,
    case_id: int,
    operation: str,
    parameter: str,
    changes: Mapping[str, Any],
    found: Mapping[str, Any],
    title: str,
    reason: str,
    actor: Actor,
) -> Case:
    """Give the step that `operation` reads as `parameter` other values, the operation's result `found`, and a title.

    Conditions and timers that follow the case's data are looked at again. A case that has ended, or whose drawing
    calls no such operation, takes the title alone. Who may is asked by the caller. Journalled in the case's chain;
    raises NotFound.
    """
    case = persistence.lock(session, case_id)
    case.title = title
    bundle = bundles.parsed(session, case.bundle_id)
    node = next((node for node in bundle.drawing.nodes.values() if node.operation == operation), None)
    old = None if node is None else _last_record(session, case.id, node.parameters[parameter])
    act = Act(session, environment, case, bundle, actor)
    if node is None or old is None or case.ended_at is not None:
        act.note(Event.CASE_AMENDED, corrected=None, reason_digest=_digest(reason))
        session.flush()
        return case
    with persistence.discarded_on_refusal(environment, case.id):
        workflow = persistence.load(act)
        record = _instead_of(act, old, changes, reason)
        workflow.case_data[old.step] = {**record.content, "outcome": record.outcome}
        workflow.case_data[node.result or ""] = {**(workflow.case_data.get(node.result or "") or {}), **found}
        fields = sorted(key for key in changes if old.content.get(key) != changes[key])
        facts: dict[str, Any] = {"record": record.id, "instead_of": old.id, "fields": fields}
        act.note(Event.CASE_AMENDED, corrected=old.step, reason_digest=_digest(reason), **facts)
        advance(act, workflow)
        persistence.write(act, workflow)
    return case


def _last_record(session: Session, case_id: int, step: str) -> StepRecord | None:
    query = select(StepRecord).where(StepRecord.case_id == case_id, StepRecord.step == step)
    return session.scalars(query.order_by(StepRecord.id.desc()).limit(1)).first()


def _instead_of(act: Act, old: StepRecord, changes: Mapping[str, Any], reason: str) -> StepRecord:
    if act.actor.person_id is None:
        raise NotFound(what="更正人")
    record = StepRecord(
        case_id=old.case_id,
        work_item_id=None,
        case_version=act.case.version + 1,
        step=old.step,
        label=old.label,
        outcome=old.outcome,
        outcome_label=old.outcome_label,
        content={**old.content, **changes},
        happened_on=old.happened_on,
        recorded_at=clock.now(),
        person_id=act.actor.person_id,
        post_id=act.actor.post_id,
        for_person_id=act.actor.for_person_id,
        corrects_id=old.id,
        reason=reason,
    )
    act.session.add(record)
    act.session.flush()
    return record


def _digest(reason: str) -> str:
    return hashlib.sha256(reason.encode()).hexdigest()
