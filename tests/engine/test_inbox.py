"""Inboxes and boards: what waits for whom, in which order, page by page."""

from datetime import timedelta

import pytest

from tests.engine.conftest import SECRETARY, Office
from tests.support.drawings import ANY_FORM, boundary, bundle, drawing, end, flow, service, start, timer, user, way
from workflows import clock
from workflows.engine import cases, inbox
from workflows.engine.environment import Held
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
