"""The read side: inboxes, boards, a case's history and progress. Nothing here changes anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Integer, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload, undefer

from workflows import clock
from workflows.engine import bundles, passage, running, saving
from workflows.engine.environment import Held
from workflows.engine.tables import Case, DueTimer, StepRecord, WorkItem
from workflows.errors import InvalidData

NO_DATE = date(9999, 12, 31)
"""Stands for "no due date" in the order of an inbox: such items come last."""


@dataclass(frozen=True)
class Page:
    """One page of an inbox."""

    items: list[WorkItem]
    next_cursor: str | None
    total: int


@dataclass(frozen=True)
class StepCount:
    """How many work items of one step wait, and how many of them are overdue."""

    step: str
    label: str
    count: int
    overdue: int


@dataclass(frozen=True)
class BoardRow:
    """One case on a board: its open user steps and what it waits for."""

    case: Case
    items: list[WorkItem]
    waits: list[DueTimer]


@dataclass(frozen=True)
class Progress:
    """Where a case stands on its drawing."""

    done: list[str]
    current: list[str]


def items(
    session: Session,
    held: Sequence[Held],
    person_id: int,
    *,
    step: str | None = None,
    unit_ids: Sequence[int] | None = None,
    overdue: bool | None = None,
    title: str | None = None,
    sort: str = "due",
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Work items addressed to the posts a person exercises or to the person.

    `unit_ids` filters by the cases' units, `title` by the subject's name, `sort` is `due` (earliest first) or `new`
    (latest first), `after` is the cursor of the page before.
    """
    query = select(WorkItem).join(Case, Case.id == WorkItem.case_id).where(_addressed_to(held, person_id))
    if step:
        query = query.where(WorkItem.step == step)
    if unit_ids is not None:
        query = query.where(Case.unit_id.in_(unit_ids))
    if overdue is not None:
        late = and_(WorkItem.due_on.is_not(None), WorkItem.due_on < clock.today())
        query = query.where(late if overdue else ~late)
    if title:
        query = query.where(Case.title.contains(title, autoescape=True))
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    rows = list(session.scalars(_ordered(query, sort, after).options(joinedload(WorkItem.case)).limit(limit + 1)))
    more = len(rows) > limit
    return Page(rows[:limit], _cursor(rows[limit - 1], sort) if more else None, total)


def _addressed_to(held: Sequence[Held], person_id: int) -> ColumnElement[bool]:
    posts = [(post.unit_id, post.kind) for post in held]
    to_post = and_(WorkItem.person_id.is_(None), tuple_(WorkItem.unit_id, WorkItem.post_kind).in_(posts))
    return or_(to_post, WorkItem.person_id == person_id) if posts else WorkItem.person_id == person_id


def _ordered(query: Select[WorkItem], sort: str, after: str | None) -> Select[WorkItem]:
    due = func.coalesce(WorkItem.due_on, NO_DATE)
    if sort == "new":
        query = query.order_by(WorkItem.id.desc())
        return query.where(WorkItem.id < _number(after)) if after else query
    query = query.order_by(due, WorkItem.id)
    if not after:
        return query
    day, _, number = after.partition("_")
    try:
        since = date.fromisoformat(day)
    except ValueError:
        raise InvalidData(fields={"after": "翻页位置无效，请从第一页重新打开"}) from None
    return query.where(tuple_(due, WorkItem.id) > tuple_(since, _number(number)))


def _cursor(item: WorkItem, sort: str) -> str:
    return str(item.id) if sort == "new" else f"{item.due_on or NO_DATE}_{item.id}"


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 18:
        raise InvalidData(fields={"after": "翻页位置无效，请从第一页重新打开"})
    return int(text)


def counts(session: Session, held: Sequence[Held], person_id: int) -> list[StepCount]:
    """How many items wait for a person, by step."""
    late = func.sum(func.coalesce(WorkItem.due_on < clock.today(), False).cast(Integer))
    query = (
        select(WorkItem.step, func.max(WorkItem.label), func.count(), late)
        .where(_addressed_to(held, person_id))
        .group_by(WorkItem.step)
        .order_by(WorkItem.step)
    )
    return [StepCount(step, label, count, int(overdue or 0)) for step, label, count, overdue in session.execute(query)]


def open_item(session: Session, work_item_id: int) -> WorkItem | None:
    """An open work item with its case; None when it is done or never was."""
    return session.scalars(
        select(WorkItem).where(WorkItem.id == work_item_id).options(joinedload(WorkItem.case))
    ).first()


def record_of(session: Session, work_item_id: int) -> StepRecord | None:
    """What was done with a work item that is no longer open."""
    return session.scalars(select(StepRecord).where(StepRecord.work_item_id == work_item_id)).first()


def cases_of(
    session: Session, unit_ids: Sequence[int], *, ended: bool = False, after: int | None = None, limit: int = 200
) -> list[BoardRow]:
    """Cases of some units, newest first, with what each waits for; `after` is the last case id of the page before."""
    query = select(Case).where(Case.unit_id.in_(unit_ids))
    query = query.where(Case.ended_at.is_not(None) if ended else Case.ended_at.is_(None))
    if after is not None:
        query = query.where(Case.id < after)
    found = list(session.scalars(query.order_by(Case.id.desc()).limit(limit)))
    ids = [case.id for case in found]
    open_items = session.scalars(select(WorkItem).where(WorkItem.case_id.in_(ids)).order_by(WorkItem.id)).all()
    waits = session.scalars(
        select(DueTimer).where(DueTimer.case_id.in_(ids), DueTimer.attached_to.is_(None)).order_by(DueTimer.id)
    ).all()
    return [
        BoardRow(
            case,
            [item for item in open_items if item.case_id == case.id],
            [wait for wait in waits if wait.case_id == case.id],
        )
        for case in found
    ]


def history(session: Session, case_id: int) -> list[StepRecord]:
    """Every step done in a case, oldest first."""
    return list(session.scalars(select(StepRecord).where(StepRecord.case_id == case_id).order_by(StepRecord.id)))


def progress(session: Session, case_id: int) -> Progress:
    """The elements of the drawing a case has passed and those where it stands now."""
    case = session.scalars(select(Case).where(Case.id == case_id).options(undefer(Case.state))).one()
    bundle = bundles.parsed(session, case.bundle_id)
    workflow = saving.restore(case.state, bundle)
    return Progress(
        done=sorted(passage.passed(workflow, bundle) & set(bundle.drawing.nodes)),
        current=sorted(running.elements_in(workflow, bundle, running.ACTIVE)),
    )
