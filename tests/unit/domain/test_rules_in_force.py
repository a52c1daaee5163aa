"""What holds for a unit on a day, whatever units above it have decided in whatever order."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.support import cast as people
from tests.support.application import ON_SQLITE
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import quotas, rules_in_force
from workflows.domain.rule_sets import CYL_2023, NMG_2020, RuleSet
from workflows.domain.rules_in_force import Held, State, Tightening, strictest
from workflows.domain.units import Unit
from workflows.errors import NotFound
from workflows.journal import SYSTEM

SINCE, UNTIL = date(2020, 7, 1), date(2020, 12, 31)

ASKED = {
    "class_hours_min": st.integers(0, 50),
    "ceremony": st.sampled_from(["P1M", "P2M", "P4M", "P14D", "P59D", "P89D", "P90D", "P120D"]),
    "volunteer_hours_min": st.integers(0, 40),
    "quorum": st.sampled_from(
        [">=1/2 of should-attend", ">=2/3 of should-attend", ">2/3 of should-attend", ">1/2 of present"]
    ),
    "activist_confirmation": st.sampled_from(["FILE", "APPROVE"]),
    "ideology_assessment_required": st.booleans(),
    "mentor_may_be_party_member": st.booleans(),
    "introducers": st.integers(0, 4),
}
"""Anything at all, fitting or not: what was written under one rule set must do no harm under another."""


@st.composite
def decided(draw: st.DrawFn) -> Held:
    """A tightening at one of three units above each other; those of a unit have different numbers."""
    name = draw(st.sampled_from(sorted(ASKED)))
    unit = draw(st.integers(1, 3))
    row = Tightening(id=draw(st.integers(1, 10_000)), unit_id=unit, parameter=name, value=draw(ASKED[name]))
    return Held(row, Unit(id=unit, path="/" + "/".join(str(each) for each in range(1, unit + 1)) + "/"))


def in_order(held: Sequence[Held]) -> list[Held]:
    return sorted(held, key=lambda each: (each.unit.id, each.row.id))


@given(held=st.lists(decided(), max_size=8), rule_set=st.sampled_from([NMG_2020, CYL_2023]))
@settings(max_examples=50, deadline=None)
def test_nothing_is_ever_looser_than_the_rule_set_or_than_for_the_unit_above(
    held: list[Held], rule_set: RuleSet
) -> None:
    found = {low: strictest(rule_set, [each for each in in_order(held) if each.unit.id <= low]) for low in range(4)}
    for name, parameter in rule_set.parameters.items():
        if parameter.direction == "fixed":
            assert {each[name].value for each in found.values()} == {parameter.value}
            continue
        ranks = [parameter.rank(found[low][name].value) for low in range(4)]
        assert ranks == sorted(ranks)
        assert ranks[0] == parameter.rank(parameter.value)


@given(held=st.lists(decided(), max_size=4, unique_by=lambda each: each.row.id))
@settings(max_examples=30, deadline=None)
def test_the_order_in_which_it_was_decided_does_not_matter(held: list[Held]) -> None:
    answers = [
        {name: (each.value, each.by and each.by.row.id) for name, each in strictest(NMG_2020, in_order(some)).items()}
        for some in permutations(held)
    ]
    assert all(answer == answers[0] for answer in answers)


def test_of_two_equally_strict_the_higher_unit_s_is_named() -> None:
    rows = [
        Held(Tightening(id=2 - at, unit_id=at, parameter="class_hours_min", value=10), Unit(id=at)) for at in (1, 2)
    ]
    assert strictest(NMG_2020, rows)["class_hours_min"].by is rows[0]


def test_what_a_later_rule_set_does_not_know_or_fixes_does_not_count() -> None:
    rows = [
        Held(Tightening(id=1, unit_id=1, parameter="volunteer_hours_min", value=30), Unit(id=1)),
        Held(Tightening(id=2, unit_id=1, parameter="abolished", value=30), Unit(id=1)),
    ]
    assert strictest(NMG_2020, rows)["volunteer_hours_min"].value == 30
    assert strictest(CYL_2023, rows)["volunteer_hours_min"].value == 0


@pytest.fixture
def cast(session: Session) -> Cast:
    return people.build(session)


def approved(session: Session, unit: Unit, since: date, until: date, hours: int) -> Tightening:
    row = Tightening(
        unit_id=unit.id,
        parameter="class_hours_min",
        value=hours,
        reason="因排课需要",
        since=since,
        until=until,
        state=State.APPROVED,
        approver_unit_id=unit.parent_id,
        proposed_by=1,
        proposed_at=clock.now(),
        decided_by=2,
        decided_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


@ON_SQLITE
@given(
    terms=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 20), st.integers(9, 40)), max_size=5
    ),
    day=st.integers(0, 40),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_on_each_day_exactly_the_terms_around_it_count(
    session: Session, cast: Cast, terms: list[tuple[int, int, int, int]], day: int
) -> None:
    with session.begin_nested() as savepoint:
        line = [cast.city, cast.county, cast.school]
        for at, begin, length, hours in terms:
            since = SINCE + timedelta(days=begin)
            approved(session, line[at], since, since + timedelta(days=length), hours)
        found = rules_in_force.of_unit(session, cast.branch.id, SINCE + timedelta(days=day))
        expected = [hours for _, begin, length, hours in terms if begin <= day <= begin + length]
        assert found.values["class_hours_min"].value == max([8, *expected])
        savepoint.rollback()


def test_a_case_keeps_name_values_and_which_units_decided(session: Session, cast: Cast) -> None:
    row = approved(session, cast.school, date(2020, 1, 1), date(2099, 12, 31), 12)
    kept, numbers = rules_in_force.for_a_case(session, cast.branch.id)
    assert kept["rules"]["class_hours_min"] == 12
    assert kept["tightenings"] == {
        "class_hours_min": {"id": row.id, "unit": "第一中学团委", "since": "2020-01-01", "until": "2099-12-31"}
    }
    assert numbers == [row.id]
    elsewhere, none = rules_in_force.for_a_case(session, cast.other_school.id)
    assert (set(elsewhere), none) == ({"rule_set", "rules"}, [])


def test_the_open_plan_chooses_the_set_and_without_one_the_year_does(session: Session, cast: Cast) -> None:
    assert rules_in_force.set_on(session, date(2020, 5, 1)) is NMG_2020
    assert rules_in_force.set_on(session, date(2099, 5, 1)) is CYL_2023
    quotas.open_plan(session, 2020, 10, SYSTEM)
    assert rules_in_force.set_on(session, date(2024, 5, 1)) is NMG_2020


def test_an_unknown_unit_has_no_rules(session: Session) -> None:
    with pytest.raises(NotFound):
        rules_in_force.of_unit(session, 999_999)
