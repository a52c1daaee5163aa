"""The tree: who reports to whom, and what lies above and below."""

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows.domain import units
from workflows.domain.units import NothingAbove, UnitCodeTaken, UnitKind
from workflows.errors import NotFound


def test_a_path_lists_all_reporting_ancestors_and_the_unit_itself(cast: Cast) -> None:
    line = [cast.region, cast.city, cast.county, cast.school, cast.branch]
    assert cast.branch.line() == [unit.id for unit in line]
    assert cast.branch.path == "/" + "/".join(str(unit.id) for unit in line) + "/"


def test_an_ancestor_is_found_by_level_itself_included(session: Session, cast: Cast) -> None:
    assert units.ancestor(session, cast.branch.id, UnitKind.SCHOOL) is cast.school
    assert units.ancestor(session, cast.school.id, UnitKind.SCHOOL) is cast.school


def test_a_level_that_is_not_above_is_refused_by_name(session: Session, cast: Cast) -> None:
    with pytest.raises(NothingAbove) as refusal:
        units.ancestor(session, cast.county.id, UnitKind.SCHOOL)
    assert "新城区团委" in str(refusal.value)
    assert "基层团委" in str(refusal.value)


def test_a_line_runs_from_the_top_down(session: Session, cast: Cast) -> None:
    assert units.line_of(session, cast.county.id) == [cast.region, cast.city, cast.county]


def test_children_report_directly(session: Session, cast: Cast) -> None:
    assert units.children(session, cast.city.id) == [cast.county, cast.other_county]


def test_a_subtree_holds_the_unit_and_everything_below(session: Session, cast: Cast) -> None:
    below = {cast.school.id, cast.branch.id, cast.small_branch.id}
    assert set(units.subtree_ids(session, cast.school.id)) == below


def test_a_subtree_is_not_confused_by_ids_that_begin_alike(session: Session, cast: Cast) -> None:
    many = [units.add(session, cast.county, code=f"X{order}", name="某校", kind=UnitKind.SCHOOL) for order in range(30)]
    assert units.subtree_ids(session, many[0].id) == [many[0].id]


def test_within_means_itself_or_below(session: Session, cast: Cast) -> None:
    assert units.is_within(session, cast.branch.id, cast.county.id)
    assert units.is_within(session, cast.branch.id, cast.branch.id)
    assert not units.is_within(session, cast.county.id, cast.branch.id)
    assert not units.is_within(session, 10**9, cast.region.id)


def test_a_code_belongs_to_one_unit(session: Session, cast: Cast) -> None:
    with pytest.raises(UnitCodeTaken) as refusal:
        units.add(session, cast.county, code="S1", name="另一校", kind=UnitKind.SCHOOL)
    assert set(refusal.value.fields) == {"code"}


def test_an_unknown_unit_is_said_to_be_unknown(session: Session, cast: Cast) -> None:
    assert units.by_code(session, "S1") is cast.school
    with pytest.raises(NotFound):
        units.by_code(session, "nowhere")
    for look in (units.get, units.lock):
        with pytest.raises(NotFound):
            look(session, 10**9)


def test_the_line_is_read_once_in_an_act_and_anew_after_something_was_taken_back(session: Session, cast: Cast) -> None:
    asked: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *given: asked.append(given[2]))
    line = units.line_of(session, cast.branch.id)
    assert [unit.id for unit in units.line_of(session, cast.branch.id)] == [unit.id for unit in line]
    assert units.ancestor(session, cast.branch.id, UnitKind.SCHOOL) is cast.school
    assert sum("RECURSIVE" in statement for statement in asked) == 1
    with session.begin_nested() as savepoint:
        cast.school.name = "改过的名称"
        session.flush()
        savepoint.rollback()
    assert [unit.name for unit in units.line_of(session, cast.branch.id)] == [unit.name for unit in line]
    assert sum("RECURSIVE" in statement for statement in asked) == 2
