"""The read side: inboxes, boards, a case's history and progress. Nothing here changes anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, func, or_, select, union_all
from sqlalchemy.orm import Session, joinedload, undefer

from workflows import clock
from workflows.engine import bundles, passage, running, saving
from workflows.engine.environment import Held
from workflows.engine.tables import Case, DueTimer, StepRecord, WorkItem
from workflows.errors import InvalidData

NO_DATE = date(9999, 12, 31)
"""Stands for "no due date" in a cursor: such items come last."""

MOST_COUNTED = 1_000
"""Nobody reads further; counting on would look at the case of every item there is, at each opening of the page."""


@dataclass(frozen=True)
class Page:
    """One page of an inbox."""

    items: list[WorkItem]
    next_cursor: str | None
    total: int
    """How many items there are in all, counted up to MOST_COUNTED."""
    is_counted_out: bool = True


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
    sources = [_filtered(where, step, unit_ids, overdue, title) for where in _addressed_to(held, person_id)]
    found = union_all(*(_as_source(query.limit(MOST_COUNTED + 1)) for query in sources)).limit(MOST_COUNTED + 1)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    first = [_as_source(_ordered(query, sort, after).limit(limit + 1)) for query in sources]
    ids = select(union_all(*first).subquery().c.id)
    query = select(WorkItem).where(WorkItem.id.in_(ids)).options(joinedload(WorkItem.case))
    rows = list(session.scalars(_ordered(query, sort, None).limit(limit + 1)))
    more = len(rows) > limit
    cursor = _cursor(rows[limit - 1], sort) if more else None
    return Page(rows[:limit], cursor, min(total, MOST_COUNTED), is_counted_out=total <= MOST_COUNTED)


def _addressed_to(held: Sequence[Held], person_id: int) -> list[ColumnElement[bool]]:
    """What makes an item a person's, one condition for each post and one for the person; no item meets two of them.

    One condition over all would keep a database from reading each in the order of its index, and SQLite from using it.
    """
    posts = sorted({(post.unit_id, post.kind) for post in held})
    to_posts = [
        and_(WorkItem.unit_id == unit_id, WorkItem.post_kind == kind, WorkItem.person_id.is_(None))
        for unit_id, kind in posts
    ]
    return [*to_posts, WorkItem.person_id == person_id]


def _filtered(
    where: ColumnElement[bool],
    step: str | None,
    unit_ids: Sequence[int] | None,
    overdue: bool | None,
    title: str | None,
) -> Select[Any]:
    query = select(WorkItem.id).where(where)
    if step:
        query = query.where(WorkItem.step == step)
    if overdue is not None:
        late = WorkItem.due_on < clock.today()
        query = query.where(late if overdue else or_(WorkItem.due_on.is_(None), ~late))
    # A case is looked at only where it is asked for: an inbox may hold thousands, a page shows few.
    if unit_ids is not None or title:
        query = query.join(Case, Case.id == WorkItem.case_id)
    if unit_ids is not None:
        query = query.where(Case.unit_id.in_(unit_ids))
    if title:
        query = query.where(Case.title.contains(title, autoescape=True))
    return query


def _as_source(query: Select[Any]) -> Select[Any]:
    """Enclosed, because SQLite takes no order inside a union."""
    return select(query.subquery().c.id)


def _ordered(query: Select[Any], sort: str, after: str | None) -> Select[Any]:
    if sort == "new":
        query = query.order_by(WorkItem.id.desc())
        return query.where(WorkItem.id < _number(after)) if after else query
    query = query.order_by(WorkItem.due_on.asc().nulls_last(), WorkItem.id)
    if not after:
        return query
    day, _, text = after.partition("_")
    number = _number(text)
    try:
        since = date.fromisoformat(day)
    except ValueError:
        raise InvalidData(fields={"after": "翻页位置无效，请从第一页重新打开"}) from None
    without_date = WorkItem.due_on.is_(None)
    if since == NO_DATE:
        return query.where(without_date, WorkItem.id > number)
    later = or_(WorkItem.due_on > since, and_(WorkItem.due_on == since, WorkItem.id > number))
    return query.where(or_(later, without_date))


def _cursor(item: WorkItem, sort: str) -> str:
    return str(item.id) if sort == "new" else f"{item.due_on or NO_DATE}_{item.id}"


def _number(text: str) -> int:
    if not text.isdigit() or len(text) > 18:
        raise InvalidData(fields={"after": "翻页位置无效，请从第一页重新打开"})
    return int(text)


def counts(session: Session, held: Sequence[Held], person_id: int) -> list[StepCount]:
    """How many items wait for a person, by step."""
    late = func.sum(func.coalesce(WorkItem.due_on < clock.today(), False).cast(Integer)).label("late")
    columns = (WorkItem.step.label("step"), func.max(WorkItem.id).label("newest"), func.count().label("number"), late)
    sources = _addressed_to(held, person_id)
    each = union_all(*(select(*columns).where(where).group_by(WorkItem.step) for where in sources)).subquery()
    newest, number, overdue = func.max(each.c.newest), func.sum(each.c.number), func.sum(each.c.late)
    steps = (
        select(newest.label("newest"), number.label("number"), overdue.label("late")).group_by(each.c.step).subquery()
    )
    # The label is the newest item's, looked up by its id: read from every item, it would keep the index from sufficing.
    query = select(WorkItem.step, WorkItem.label, steps.c.number, steps.c.late)
    found = session.execute(query.join(steps, steps.c.newest == WorkItem.id).order_by(WorkItem.step))
    return [StepCount(step, label, int(count), int(late or 0)) for step, label, count, late in found]


_OPEN_ITEM = (
    select(WorkItem).where(WorkItem.id == bindparam("item")).options(joinedload(WorkItem.case).joinedload(Case.bundle))
)


def open_item(session: Session, work_item_id: int) -> WorkItem | None:
    """An open work item with its case and the bundle's row; None when it is done or never was."""
    return session.scalars(_OPEN_ITEM, {"item": work_item_id}).first()


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
    case = session.get_one(Case, case_id, options=[undefer(Case.state)])
    bundle = bundles.parsed(session, case.bundle_id)
    workflow = saving.restore(case.state, bundle)
    return Progress(
        done=sorted(passage.passed(workflow, bundle) & set(bundle.drawing.nodes)),
        current=sorted(running.elements_in(workflow, bundle, running.ACTIVE)),
    )
