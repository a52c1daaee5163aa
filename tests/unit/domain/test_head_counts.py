"""Head counts: the latest report stands, and what a unit reports itself counts for everything below it."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import head_counts
from workflows.domain.head_counts import Counts, CountsWrong, HeadCountReport, Line, Standing
from workflows.domain.units import Field, Unit
from workflows.journal import Event

DAY = date(2019, 12, 31)
CLASS = Line(Field.SENIOR, False, 50, 20, 12)
LAST_CLASS = Line(Field.SENIOR, True, 40, 24)


def report(
    session: Session, cast: Cast, unit: Unit, *lines: Line, youth: int | None = None, source: str = "学籍系统"
) -> HeadCountReport:
    actor = cast.actor(cast.gaowa)
    return head_counts.record(session, unit_id=unit.id, as_of=DAY, lines=lines, source=source, actor=actor, youth=youth)


def of(session: Session, cast: Cast, unit: Unit) -> Counts:
    return Standing(session, cast.region, DAY).of(unit)


def test_a_plan_is_measured_by_the_end_of_the_year_before() -> None:
    assert head_counts.day_for(2020) == DAY


def test_classes_are_summed_upward_by_stage_and_graduating(session: Session, cast: Cast) -> None:
    report(session, cast, cast.branch, CLASS)
    report(session, cast, cast.small_branch, LAST_CLASS)
    report(session, cast, cast.other_school, Line(Field.SENIOR, False, 30, 3, 5))
    county = of(session, cast, cast.county)
    assert county.lines == (Line(Field.SENIOR, False, 80, 23, 17), LAST_CLASS)
    assert (county.students, county.members, county.applicants) == (120, 47, None)
    assert (county.reports, county.own) == (3, False)
    assert of(session, cast, cast.region) == county
    assert of(session, cast, cast.other_county) == Counts()


def test_what_a_unit_reports_itself_counts_for_everything_below(session: Session, cast: Cast) -> None:
    report(session, cast, cast.branch, CLASS)
    report(session, cast, cast.county, Line(Field.JUNIOR, True, 900, 200), youth=5000)
    county = of(session, cast, cast.county)
    assert (county.students, county.youth, county.own) == (900, 5000, True)
    assert of(session, cast, cast.region).students == 900
    assert of(session, cast, cast.branch).students == 50


def test_the_youth_of_an_area_alone_does_not_hide_its_classes(session: Session, cast: Cast) -> None:
    report(session, cast, cast.branch, CLASS)
    report(session, cast, cast.county, youth=5000)
    assert (of(session, cast, cast.city).students, of(session, cast, cast.city).youth) == (50, 5000)


def test_a_later_report_takes_the_place_of_an_earlier_one_and_both_stay(session: Session, cast: Cast) -> None:
    first = report(session, cast, cast.branch, CLASS)
    second = report(session, cast, cast.branch, Line(Field.SENIOR, True, 48, 21))
    assert of(session, cast, cast.branch).lines == (Line(Field.SENIOR, True, 48, 21),)
    assert head_counts.reports_of(session, cast.branch.id) == [second, first]
    assert head_counts.lines_of(session, first.id) == [CLASS]
    entries = journal.entries_of(session, journal.unit_chain(cast.branch.id))
    assert [entry.event for entry in entries] == [Event.HEAD_COUNTS_ENTERED] * 2
    assert entries[1].facts["corrects"] == first.id


def test_the_same_figures_again_change_nothing(session: Session, cast: Cast) -> None:
    first = report(session, cast, cast.branch, CLASS)
    assert report(session, cast, cast.branch, CLASS, source="再次填报") is first


@pytest.mark.parametrize("act", ["UPDATE head_count SET students = 9", "DELETE FROM head_count_report"])
def test_what_was_reported_can_be_neither_changed_nor_deleted(session: Session, cast: Cast, act: str) -> None:
    report(session, cast, cast.branch, CLASS)
    with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
        session.execute(text(act))


def test_another_day_is_another_report(session: Session, cast: Cast) -> None:
    report(session, cast, cast.branch, CLASS)
    assert Standing(session, cast.region, date(2018, 12, 31)).of(cast.branch) == Counts()


@ON_SQLITE
@pytest.mark.parametrize(
    "line, field",
    [
        (Line(Field.SENIOR, False, -1, 0), "students-0"),
        (Line(Field.SENIOR, False, head_counts.MOST + 1, 0), "students-0"),
        (Line(Field.SENIOR, False, 10, 11), "members-0"),
        (Line(Field.SENIOR, False, 10, 4, 7), "applicants-0"),
    ],
)
def test_figures_that_cannot_be_true_are_refused_by_field(session: Session, cast: Cast, line: Line, field: str) -> None:
    with pytest.raises(CountsWrong) as refused:
        report(session, cast, cast.branch, line)
    assert list(refused.value.fields) == [field]


@ON_SQLITE
def test_a_report_needs_a_day_a_source_and_lines_that_differ(session: Session, cast: Cast) -> None:
    actor = cast.actor(cast.gaowa)
    for lines, unit in ([CLASS, CLASS], cast.school), ([], cast.school), ([CLASS, LAST_CLASS], cast.branch):
        with pytest.raises(CountsWrong) as refused:
            report(session, cast, unit, *lines, source="?")
        assert set(refused.value.fields) == {"source", "lines"}
    with pytest.raises(CountsWrong) as refused:
        head_counts.record(
            session, unit_id=cast.school.id, as_of=date(2019, 9, 1), lines=[CLASS], source="学籍", actor=actor
        )
    assert list(refused.value.fields) == ["as_of"]
    with clock.standing_at(datetime(2019, 6, 1, tzinfo=UTC)), pytest.raises(CountsWrong):
        report(session, cast, cast.branch, CLASS)
