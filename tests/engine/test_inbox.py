"""Inboxes and boards: what waits for whom, in which order, page by page."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import Session

from tests.engine.conftest import SECRETARY, Office
from tests.support.drawings import ANY_FORM, boundary, bundle, drawing, end, flow, service, start, timer, user, way
from workflows import clock
from workflows.engine import cases, inbox
from workflows.engine.environment import Held
from workflows.engine.tables import Case, WorkItem
from workflows.errors import InvalidData

TEXT = drawing(
    start(),
    user("ask"),
    boundary("late", "ask", timer("P10D")),
    service("remind", "shelf.note"),
    end("reminded"),
    user("judge"),
    end(),
    way("begin", "ask", "judge", "done"),
    flow("late", "remind"),
    flow("remind", "reminded"),
    lanes={"书记": ["ask", "judge"]},
)
AT_SEVEN = [Held(7, "secretary")]


@pytest.fixture
def five(office: Office) -> Office:
    """Five cases at unit 7, started a day apart, and one at unit 8."""
    office.publish(bundle(TEXT, ask=ANY_FORM, judge=ANY_FORM))
    for days in range(5):
        with clock.moved_by(timedelta(days=days)):
            case = cases.start(office.session, office.environment, process="tiny", unit_id=7, actor=SECRETARY)
            case.title = f"演示·{days}"
    cases.start(office.session, office.environment, process="tiny", unit_id=8, actor=SECRETARY)
    office.session.commit()
    return office


def test_an_inbox_shows_what_is_addressed_to_the_posts_held(five: Office) -> None:
    page = inbox.items(five.session, AT_SEVEN, 1)
    assert (page.total, {item.unit_id for item in page.items}) == (5, {7})
    assert inbox.items(five.session, [], 1).total == 0


def test_the_earliest_due_comes_first_and_pages_do_not_overlap(five: Office) -> None:
    titles, cursor = [], None
    for _ in range(3):
        page = inbox.items(five.session, AT_SEVEN, 1, after=cursor, limit=2)
        titles += [item.case.title for item in page.items]
        cursor = page.next_cursor
    assert titles == [f"演示·{days}" for days in range(5)]
    assert cursor is None


def test_the_newest_first_pages_the_other_way(five: Office) -> None:
    page = inbox.items(five.session, AT_SEVEN, 1, sort="new", limit=3)
    rest = inbox.items(five.session, AT_SEVEN, 1, sort="new", limit=3, after=page.next_cursor)
    assert [item.case.title for item in [*page.items, *rest.items]] == [f"演示·{days}" for days in (4, 3, 2, 1, 0)]


def test_items_without_a_due_date_come_last_and_are_paged_too(five: Office) -> None:
    first = inbox.items(five.session, AT_SEVEN, 1, limit=2).items
    for item in first:
        item.due_on = None
    five.session.commit()
    titles, cursor = [], None
    for _ in range(5):
        page = inbox.items(five.session, AT_SEVEN, 1, after=cursor, limit=1)
        titles += [item.case.title for item in page.items]
        cursor = page.next_cursor
    assert titles == [f"演示·{days}" for days in (2, 3, 4, 0, 1)]
    assert cursor is None


def test_posts_and_the_person_are_one_inbox(five: Office) -> None:
    mine, *_ = inbox.items(five.session, AT_SEVEN, 1).items
    mine.person_id = 99
    five.session.commit()
    both = [*AT_SEVEN, Held(8, "secretary"), *AT_SEVEN]
    page = inbox.items(five.session, both, 99, limit=10)
    assert (page.total, len({item.id for item in page.items})) == (6, 6)
    assert [item.due_on for item in page.items] == sorted(item.due_on for item in page.items if item.due_on)
    [count] = inbox.counts(five.session, both, 99)
    assert (count.step, count.label, count.count) == ("ask", mine.label, 6)
    assert inbox.items(five.session, both, 1).total == 5


def test_counting_ends_where_nobody_reads_on(five: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "MOST_COUNTED", 5)
    page = inbox.items(five.session, AT_SEVEN, 1)
    assert (page.total, page.is_counted_out) == (5, True)
    monkeypatch.setattr(inbox, "MOST_COUNTED", 4)
    page = inbox.items(five.session, AT_SEVEN, 1)
    assert (page.total, page.is_counted_out, len(page.items)) == (4, False, 5)


@pytest.fixture
def crowded(five: Office) -> Office:
    """The same among a thousand cases of other units, with statistics, as a database in use has them."""
    [case] = rows_of(five.session, Case, Case.unit_id == 8)
    [item] = rows_of(five.session, WorkItem, WorkItem.case_id == case["id"])
    others = range(case["id"] + 1, case["id"] + 1_001)
    five.session.execute(insert(Case), [{**case, "id": number, "unit_id": number} for number in others])
    five.session.execute(
        insert(WorkItem), [{**item, "id": number, "case_id": number, "unit_id": number} for number in others]
    )
    five.session.execute(text("ANALYZE"))
    five.session.commit()
    return five


def rows_of(session: Session, model: Any, where: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(select(*model.__table__.c).where(where)).mappings()]


FILTERS: list[dict[str, Any]] = [{}, {"sort": "new"}, {"overdue": True}, {"overdue": False}, {"step": "ask"}]


@pytest.mark.parametrize("asked", [*FILTERS, {"title": "1"}, {"after": "2020-01-01_1"}])
def test_an_inbox_is_read_by_its_indexes(crowded: Office, asked: dict[str, Any]) -> None:
    session, held = crowded.session, [*AT_SEVEN, Held(8, "secretary")]
    plans = plans_of(session, lambda: inbox.items(session, held, 1, **asked))
    assert len(plans) == 2
    for plan in plans:
        assert "SCAN work_item" not in plan
        assert plan.count("ix_work_item_inbox (unit_id=? AND post_kind=?") == 2
        assert plan.count("ix_work_item_person (person_id=?") == 1


def test_a_filter_by_unit_looks_at_every_item_no_more_than_the_others(crowded: Office) -> None:
    for plan in plans_of(crowded.session, lambda: inbox.items(crowded.session, AT_SEVEN, 1, unit_ids=[7])):
        assert "SCAN work_item" not in plan
        assert "SCAN process_case" not in plan


def test_counts_are_read_from_the_index_alone(crowded: Office) -> None:
    [plan] = plans_of(crowded.session, lambda: inbox.counts(crowded.session, AT_SEVEN, 1))
    assert "COVERING INDEX ix_work_item_inbox (unit_id=? AND post_kind=?)" in plan
    assert "SCAN work_item" not in plan


def plans_of(session: Session, ask: Callable[[], object]) -> list[str]:
    """How SQLite answers each statement on work items."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    return [
        "\n".join(row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
        for statement, parameters in asked
    ]


@pytest.mark.parametrize("cursor", ["x", "2020-01-01", "2020-13-01_4", "1_2_3", "9" * 30])
def test_a_cursor_that_was_made_up_is_refused(five: Office, cursor: str) -> None:
    with pytest.raises(InvalidData):
        inbox.items(five.session, AT_SEVEN, 1, after=cursor)


def test_filters_narrow_by_name_step_unit_and_lateness(five: Office) -> None:
    assert inbox.items(five.session, AT_SEVEN, 1, title="·3").total == 1
    assert inbox.items(five.session, AT_SEVEN, 1, title="%").total == 0
    assert inbox.items(five.session, AT_SEVEN, 1, step="judge").total == 0
    assert inbox.items(five.session, AT_SEVEN, 1, unit_ids=[8]).total == 0
    with clock.moved_by(timedelta(days=12)):
        assert inbox.items(five.session, AT_SEVEN, 1, overdue=True).total == 2
        assert inbox.items(five.session, AT_SEVEN, 1, overdue=False).total == 3


def test_counts_tell_each_step_and_what_is_overdue(five: Office) -> None:
    with clock.moved_by(timedelta(days=12)):
        assert inbox.counts(five.session, AT_SEVEN, 1) == [inbox.StepCount("ask", "ask", 5, 2)]


def test_a_board_shows_open_cases_of_a_unit_with_what_they_wait_for(five: Office) -> None:
    rows = inbox.cases_of(five.session, [7])
    assert [row.case.title for row in rows] == [f"演示·{days}" for days in (4, 3, 2, 1, 0)]
    assert [item.step for item in rows[0].items] == ["ask"]
    assert inbox.cases_of(five.session, [7], ended=True) == []
    assert [row.case.title for row in inbox.cases_of(five.session, [7], after=rows[3].case.id)] == ["演示·0"]


def test_progress_tells_what_is_done_and_where_the_case_stands(office: Office) -> None:
    case = office.start(bundle(TEXT, ask=ANY_FORM, judge=ANY_FORM))
    office.do("ask")
    progress = inbox.progress(office.session, case.id)
    assert progress.current == ["judge"]
    assert {"begin", "ask"} <= set(progress.done)
