"""What evidence counts for: class hours, volunteer hours, talks, the last assessment; and why something does not."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import count as numbers
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.domain import evidence_count, rule_sets
from workflows.domain.evidence import Evidence, standing_of
from workflows.domain.evidence_count import Frame, Why
from workflows.domain.evidence_forms import Kind, Mode, Result

BORN, ACTIVIST, ASSESSED = date(2005, 6, 1), date(2020, 3, 16), date(2020, 6, 16)
FRAME = Frame(BORN, ACTIVIST, ASSESSED, rule_sets.values("NMG_2020"))
_ids = numbers(1)


def entry(kind: Kind, day: date, **more: Any) -> Evidence:
    told = {"is_struck": False, "recorded_at": datetime(2020, 6, 16, tzinfo=UTC), **more}
    return Evidence(id=next(_ids), kind=kind, happened_on=day, **told)


def lesson(day: date, minutes: int, mode: Mode = Mode.IN_PERSON) -> Evidence:
    return entry(Kind.CLASS_HOURS, day, minutes=minutes, mode=mode)


def service(day: date, minutes: int) -> Evidence:
    return entry(Kind.VOLUNTEER_HOURS, day, minutes=minutes)


def under(**rules: Any) -> Frame:
    return replace(FRAME, rules={**FRAME.rules, **rules})


def reason(row: Evidence, frame: Frame = FRAME) -> tuple[int, Why | None]:
    [standing] = evidence_count.count([row], frame).rows
    return standing.counted, standing.why


@pytest.mark.parametrize("minutes, hours", [(44, 0), (45, 1), (89, 1), (90, 2), (360, 8)])
def test_a_lesson_counts_its_whole_class_hours(minutes: int, hours: int) -> None:
    assert evidence_count.count([lesson(ACTIVIST, minutes)], FRAME).class_hours == hours


def test_two_short_lessons_make_no_class_hour() -> None:
    two = [lesson(ACTIVIST, 30), lesson(ACTIVIST + timedelta(days=1), 30)]
    assert evidence_count.count(two, FRAME).class_hours == 0
    assert reason(two[0]) == (0, Why.SHORTER_THAN_AN_HOUR)


@pytest.mark.parametrize(
    "day, why",
    [
        (date(2019, 5, 31), Why.BEFORE_FOURTEENTH_BIRTHDAY),
        (date(2019, 6, 1), Why.BEFORE_ACTIVIST),
        (ACTIVIST - timedelta(days=1), Why.BEFORE_ACTIVIST),
        (ACTIVIST, None),
        (ASSESSED, None),
        (ASSESSED + timedelta(days=1), Why.AFTER_ASSESSMENT),
    ],
)
def test_a_lesson_counts_between_becoming_an_activist_and_the_assessment(day: date, why: Why | None) -> None:
    assert reason(lesson(day, 90)) == (2 if why is None else 0, why)


def test_nothing_counts_as_training_before_there_is_an_activist() -> None:
    nobody = replace(FRAME, since=None)
    assert reason(lesson(ASSESSED, 90), nobody) == (0, Why.NO_ACTIVIST_YET)
    assert reason(entry(Kind.TALK, ASSESSED), nobody) == (0, Why.NO_ACTIVIST_YET)


def test_online_lessons_count_only_up_to_what_the_rules_allow() -> None:
    first, second = lesson(ACTIVIST, 90, Mode.ONLINE), lesson(ASSESSED, 90, Mode.ONLINE)
    assert reason(first) == (0, Why.ONLINE_OVER_CAP)
    allowed = evidence_count.count([second, first, lesson(ASSESSED, 45)], under(online_hours_cap=3))
    assert allowed.class_hours == 4
    told = {each.row.id: (each.counted, each.why) for each in allowed.rows}
    assert (told[first.id], told[second.id]) == ((2, None), (1, Why.ONLINE_OVER_CAP))


@pytest.mark.parametrize(
    "year, first_day", [("last_12_months", date(2019, 6, 17)), ("calendar_year", date(2020, 1, 1))]
)
def test_service_is_added_up_over_the_year_the_rules_name(year: str, first_day: date) -> None:
    frame = under(volunteer_year=year)
    assert reason(service(first_day, 60), frame) == (60, None)
    assert reason(service(first_day - timedelta(days=1), 60), frame) == (0, Why.OUTSIDE_THE_YEAR)
    assert reason(service(ASSESSED + timedelta(days=1), 60), frame) == (0, Why.AFTER_ASSESSMENT)


def test_the_year_that_ends_on_the_day_after_a_leap_day_begins_on_the_first_of_march() -> None:
    frame = replace(FRAME, until=date(2020, 2, 29))
    assert reason(service(date(2019, 3, 1), 60), frame) == (60, None)
    assert reason(service(date(2019, 2, 28), 60), frame) == (0, Why.OUTSIDE_THE_YEAR)


def test_hours_of_service_are_rounded_down_to_a_tenth_once_they_have_been_added_up() -> None:
    almost = [service(ASSESSED, 1199)]
    assert evidence_count.count(almost, FRAME).volunteer_hours == 19.9
    assert evidence_count.count([*almost, service(ACTIVIST, 1)], FRAME).volunteer_hours == 20


def test_the_last_ideology_assessment_by_the_day_of_the_assessment_decides() -> None:
    passed = entry(Kind.IDEOLOGY_ASSESSMENT, ACTIVIST, result=Result.PASSED)
    failed = entry(Kind.IDEOLOGY_ASSESSMENT, ASSESSED, result=Result.FAILED)
    assert not evidence_count.count([], FRAME).ideology_passed
    assert evidence_count.count([passed], FRAME).ideology_passed
    assert not evidence_count.count([failed, passed], FRAME).ideology_passed
    earlier = replace(FRAME, until=ASSESSED - timedelta(days=1))
    assert evidence_count.count([failed, passed], earlier).ideology_passed


def test_talks_assessments_and_recommendations_are_told_as_well() -> None:
    rows = [entry(Kind.TALK, ACTIVIST), entry(Kind.ASSESSMENT, ASSESSED), entry(Kind.PIONEER_RECOMMENDATION, ACTIVIST)]
    data = evidence_count.count(rows, FRAME).as_data()
    assert (data["talks"], data["assessments"], data["pioneer_recommended"]) == (1, 1, True)
    assert "rows" not in data


def test_a_case_whose_rules_were_copied_before_they_said_so_counts_lessons_of_45_minutes_in_person() -> None:
    old = replace(FRAME, rules={})
    assert reason(lesson(ACTIVIST, 90), old) == (2, None)
    assert reason(lesson(ACTIVIST, 90, Mode.ONLINE), old) == (0, Why.ONLINE_OVER_CAP)


def test_what_was_corrected_or_struck_out_does_not_stand() -> None:
    wrong, struck = lesson(ACTIVIST, 45), lesson(ASSESSED, 45)
    rows = [
        wrong,
        entry(Kind.CLASS_HOURS, ACTIVIST, minutes=90, mode=Mode.IN_PERSON, corrects_id=wrong.id),
        struck,
        entry(Kind.CLASS_HOURS, ASSESSED, minutes=45, mode=Mode.IN_PERSON, corrects_id=struck.id, is_struck=True),
    ]
    assert evidence_count.count(standing_of(rows), FRAME).class_hours == 2


days = st.dates(date(2019, 4, 1), date(2020, 7, 31))
lessons = st.tuples(days, st.integers(1, 720), st.sampled_from(Mode))
services = st.tuples(days, st.integers(1, 240).map(lambda tenths: tenths * 6))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(lessons, max_size=12),
    st.lists(services, max_size=12),
    st.integers(1, 90),
    st.integers(0, 10),
    st.sampled_from(["last_12_months", "calendar_year"]),
)
def test_totals_are_those_of_a_plain_count(
    taught: list[tuple[date, int, Mode]], served: list[tuple[date, int]], length: int, cap: int, year: str
) -> None:
    frame = under(minutes_per_hour=length, online_hours_cap=cap, volunteer_year=year)
    rows = [lesson(*each) for each in taught] + [service(*each) for each in served]
    found = evidence_count.count(rows, frame)
    in_training = [(minutes // length, mode) for day, minutes, mode in taught if ACTIVIST <= day <= ASSESSED]
    online = sum(hours for hours, mode in in_training if mode == Mode.ONLINE)
    assert found.class_hours == sum(hours for hours, mode in in_training if mode != Mode.ONLINE) + min(online, cap)
    begins = date(2019, 6, 17) if year == "last_12_months" else date(2020, 1, 1)
    hours = sum(Fraction(minutes, 60) for day, minutes in served if begins <= day <= ASSESSED)
    assert Fraction(str(found.volunteer_hours)) == Fraction(hours * 10 // 1, 10)
    assert all((each.why is None) == (each.counted == _worth(each.row, length)) for each in found.rows)


def _worth(row: Evidence, length: int) -> int:
    """What a row would count for if nothing stood against it; a lesson too short for an hour never counts."""
    minutes = row.minutes or 0
    return minutes if row.kind == Kind.VOLUNTEER_HOURS else minutes // length or -1
