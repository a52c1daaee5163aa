"""The two ratios: exact at their limits, amber within three points, and a forecast."""

from fractions import Fraction

import pytest
from sqlalchemy.orm import Session

from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows.domain import ratios
from workflows.domain.head_counts import Counts, Line
from workflows.domain.ratios import Limits, Mark, Ratio, Scope
from workflows.domain.rule_sets import Confidence
from workflows.domain.units import Field

LIMITS = Limits(junior=30, senior=60, margin=3, reduction=10, youth_goal=30, reserve=5, vocational=120, graduating=0)


@pytest.mark.parametrize(
    "students, members, mark",
    [
        (1000, 601, Mark.RED),
        (1000, 600, Mark.AMBER),
        (1000, 570, Mark.AMBER),
        (1000, 569, Mark.GREEN),
        (0, 0, Mark.NONE),
    ],
)
def test_red_is_above_the_limit_and_amber_within_three_points_of_it(students: int, members: int, mark: Mark) -> None:
    assert Ratio(students, members, 60, 3).mark_now is mark


def test_the_forecast_adds_what_is_planned_and_takes_off_who_leaves() -> None:
    ratio = Ratio(50, 28, 60, 3, admissions=5, leavers=1)
    assert (ratio.now, ratio.next) == (Fraction(28, 50), Fraction(32, 50))
    assert (ratio.mark_now, ratio.mark_next) == (Mark.GREEN, Mark.RED)
    assert (ratio.most, ratio.room) == (30, -2)
    assert Ratio(50, 28, 60, 3, leavers=99).members_next == 0


def test_only_graduating_classes_of_the_stage_are_measured() -> None:
    counts = Counts(
        (
            Line(Field.JUNIOR, True, 100, 31),
            Line(Field.JUNIOR, False, 100, 90),
            Line(Field.SENIOR, True, 60, 30),
            Line(Field.VOCATIONAL, True, 40, 20),
            Line(Field.UNIVERSITY, True, 500, 500),
        )
    )
    junior, senior = (ratios.of_scope(counts, scope, LIMITS) for scope in Scope)
    assert (junior.students, junior.members, junior.limit, junior.mark_now) == (100, 31, 30, Mark.RED)
    assert (senior.students, senior.members, senior.limit, senior.mark_now) == (100, 50, 60, Mark.GREEN)


def test_members_to_youth_needs_the_youth_counted() -> None:
    line = Line(Field.SOCIETY, False, 400, 90)
    assert ratios.of_youth(Counts((line,), 300)) == Fraction(3, 10)
    assert ratios.of_youth(Counts((line,))) is None


def test_the_worst_mark_speaks_for_all() -> None:
    assert ratios.worst([Mark.GREEN, Mark.RED, Mark.AMBER]) is Mark.RED
    assert ratios.worst([Mark.NONE, Mark.GREEN]) is Mark.GREEN
    assert ratios.worst([]) is Mark.NONE


def test_a_ratio_is_written_to_a_tenth_of_a_percent() -> None:
    assert ratios.percent(Fraction(7, 12)) == "58.3%"
    assert ratios.percent(Fraction(1, 2000)) == "0.1%"
    assert ratios.percent(None) == "—"


@ON_SQLITE
def test_limits_come_from_the_rule_set_with_their_article(session: Session, cast: Cast) -> None:
    found = ratios.limits_for(session, cast.branch.id)
    assert found == LIMITS
    assert found.origins["junior"].confidence is Confidence.RULE
    assert ratios.limits_below(session, cast.school, [cast.branch]) == {cast.branch.id: found}
    assert Limits(**found.as_data()) == found
