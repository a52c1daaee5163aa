"""The inbox: work items addressed to the person's posts, filtered, sorted, page by page."""

from typing import Any

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, identity, quota_waiting, rush_told
from webapp.due import due
from webapp.pages import furniture
from webapp.pages.units_seen import own_units
from workflows.domain import units
from workflows.domain.units import Unit
from workflows.engine import inbox
from workflows.engine.tables import WorkItem

bp = Blueprint("inbox", __name__, url_prefix="/inbox")

PAGE = 30


@bp.get("")
@identity.signed_in_needed
def show() -> Any:
    """One page of the inbox."""
    session = database.session()
    asked = request.args
    step, name = asked.get("step", ""), asked.get("name", "").strip()
    unit_id, overdue, sort = asked.get("unit", type=int), bool(asked.get("overdue")), asked.get("sort", "due")
    held, person_id = identity.engine_posts(), identity.current_person().id
    page = inbox.items(
        session,
        held,
        person_id,
        step=step or None,
        unit_ids=units.subtree_ids(session, unit_id) if unit_id else None,
        overdue=True if overdue else None,
        title=name or None,
        sort="new" if sort == "new" else "due",
        after=asked.get("after") or None,
        limit=PAGE,
    )
    filters = {"step": step, "name": name, "unit": unit_id, "overdue": "1" if overdue else "", "sort": sort}
    kept: dict[str, Any] = {key: value for key, value in filters.items() if value}
    return render_template(
        "inbox/show.html",
        page=page,
        rush=rush_told.for_reader(session),
        places_waiting=quota_waiting.of_mine(),
        rows=[(item, due(item.due_on)) for item in page.items],
        units=_names(session, page.items),
        acts_as=furniture.acts_as(page.items),
        counts=inbox.counts(session, held, person_id),
        below=_choosable_units(session),
        filters=filters,
        filtered=bool({key for key in kept if key != "sort"}),
        next_page=url_for("inbox.show", **kept, after=page.next_cursor) if page.next_cursor else None,
        first_page=url_for("inbox.show", **kept) if asked.get("after") else None,
    )


def _names(session: Session, items: list[WorkItem]) -> dict[int, str]:
    wanted = {item.case.unit_id for item in items}
    return dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(wanted))).all())


def _choosable_units(session: Session) -> list[Unit]:
    """The units one level below the person's own; none for who keeps a single branch."""
    return [child for unit in own_units(session) for child in units.children(session, unit.id)]
