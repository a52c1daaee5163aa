"""Which cases and work items the signed-in person may read. What is out of sight reads like what does not exist."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload, undefer

from webapp import database, errors, identity, joint_training_seen
from workflows.engine import cases, inbox
from workflows.engine.bundles import MessageInfo
from workflows.engine.environment import Addressee
from workflows.engine.tables import Case, WorkItem
from workflows.errors import NotFound
from workflows.operations.wiring import ENVIRONMENT

_CASE = select(Case).where(Case.id == bindparam("case")).options(undefer(Case.state), joinedload(Case.bundle))
_ADDRESSEE = (
    select(
        WorkItem.case_id,
        WorkItem.unit_id,
        WorkItem.post_kind,
        WorkItem.person_id,
        Case.unit_id.label("case_unit_id"),
    )
    .join(Case, Case.id == WorkItem.case_id)
    .where(WorkItem.id == bindparam("item"))
)
_OPEN_ITEMS = select(WorkItem).where(WorkItem.case_id == bindparam("case")).order_by(WorkItem.id)


def case(case_id: int) -> Case:
    """The case with its state, when a post of the person stands at or above its unit, or the person must act on it.

    A joint training is the case of both sides. Raises NotFound, or OutOfSight, which reads the same and is kept in the
    case's journal.
    """
    found = database.session().scalars(_CASE, {"case": case_id}).first()
    if found is None:
        raise NotFound(what="案卷")
    errors.concerning(case_id=found.id)
    in_sight = identity.may_see(found.unit_id) or any(map(is_addressed_to_me, open_items(found.id)))
    if not (in_sight or joint_training_seen.shares(found)):
        raise identity.OutOfSight(what="案卷")
    return found


def work_item(item_id: int) -> WorkItem:
    """The open work item; raises NotFound or OutOfSight, also when it has been done by now."""
    item = inbox.open_item(database.session(), item_id)
    if item is None:
        raise NotFound(what="待办事项")
    errors.concerning(case_id=item.case_id)
    if not (is_addressed_to_me(item) or identity.may_see(item.case.unit_id)):
        raise identity.OutOfSight(what="待办事项")
    return item


def addressee(item_id: int) -> Addressee:
    """Whom the open work item waits for, without the item; raises NotFound or OutOfSight as `work_item` does."""
    found = database.session().execute(_ADDRESSEE, {"item": item_id}).first()
    if found is None:
        raise NotFound(what="待办事项")
    errors.concerning(case_id=found.case_id)
    waits_for = Addressee(found.unit_id, found.post_kind, found.person_id)
    if not (is_addressed_to_me(waits_for) or identity.may_see(found.case_unit_id)):
        raise identity.OutOfSight(what="待办事项")
    return waits_for


def work_items(ids: Sequence[int]) -> list[WorkItem]:
    """Those of the work items that are open, all in sight; raises NotFound when none is, or OutOfSight."""
    query = select(WorkItem).where(WorkItem.id.in_(ids)).options(joinedload(WorkItem.case)).order_by(WorkItem.id)
    found = list(database.session().scalars(query))
    if not found:
        raise NotFound(what="待办事项")
    seen = {unit_id: identity.may_see(unit_id) for unit_id in {item.case.unit_id for item in found}}
    for item in found:
        if not (seen[item.case.unit_id] or is_addressed_to_me(item)):
            errors.concerning(case_id=item.case_id)
            raise identity.OutOfSight(what="待办事项")
    return found


def open_items(case_id: int) -> list[WorkItem]:
    """The user steps of a case that wait."""
    return list(database.session().scalars(_OPEN_ITEMS, {"case": case_id}))


def may_act(item: WorkItem) -> bool:
    """Whether the person may do the work item."""
    actor, addressee = identity.acting_for(item), cases.addressee_of(item)
    return ENVIRONMENT.directory.may_act(database.session(), actor, addressee)


def sender(session: Session, case: Case, info: MessageInfo, data: Mapping[str, Any]) -> Addressee:
    """As whom the person would send the message: the first post drawn for it that he exercises, else the first."""
    found = cases.senders(session, ENVIRONMENT, case, info, data)
    return next((each for each in found if is_addressed_to_me(each)), found[0])


def is_addressed_to_me(item: identity.Addressed) -> bool:
    """Whether a post held today, or the person, is who the work item waits for; asks the database nothing new."""
    if item.person_id is not None:
        return item.person_id == identity.current_person().id
    return identity.acting_for(item).post_id is not None
