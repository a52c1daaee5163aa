"""Lawful days of an admission: the order, the calendars, the limits, and a slow second opinion on all of them."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.domain import lawful_dates, rule_sets, working_days
from workflows.domain.lawful_dates import ORDER, Day, Facts, Link, Span, Unit, Window

BIRTH = date(2005, 6, 1)
APPLIED = date(2020, 3, 2)


def facts_of(rule_set: str = "NMG_2020", birth: date = BIRTH, **known: date) -> Facts:
    return Facts({Day(name): on for name, on in known.items()}, birth, rule_sets.values(rule_set))


def windows_of(rule_set: str = "NMG_2020", **known: date) -> dict[Day, Window]:
    return lawful_dates.windows(facts_of(rule_set, **known))


def earliest(window: Window) -> date:
    assert window.earliest is not None
    return window.earliest.on


def latest(window: Window) -> date:
    assert window.latest is not None
    return window.latest.on


@pytest.mark.parametrize(
    "day, months, wanted",
    [
        (date(2020, 11, 30), 3, date(2021, 2, 28)),
        (date(2019, 11, 30), 3, date(2020, 2, 29)),
        (date(2020, 5, 31), 1, date(2020, 6, 30)),
        (date(2020, 2, 29), 12, date(2021, 2, 28)),
        (date(2020, 9, 15), 4, date(2021, 1, 15)),
        (date(2020, 9, 30), 3, date(2020, 12, 30)),
    ],
)
def test_months_end_on_the_last_day_of_a_shorter_month(day: date, months: int, wanted: date) -> None:
    assert lawful_dates.add_months(day, months) == wanted


def test_nobody_applies_before_his_fourteenth_birthday_nor_from_his_twenty_eighth_on() -> None:
    window = lawful_dates.windows(facts_of(birth=date(2008, 2, 29)))[Day.APPLIED]
    assert earliest(window) == date(2022, 2, 28) + timedelta(days=1)
    assert latest(window) < date(2036, 2, 29)


def test_the_whole_way_is_foreseen_from_the_day_of_application() -> None:
    found = windows_of(applied=APPLIED)
    assert earliest(found[Day.ASSESSED]) == date(2020, 6, 2)
    assert earliest(found[Day.NOTICE_CLOSED]) == date(2020, 6, 10)
    assert earliest(found[Day.FORM_FILLED]) == date(2020, 6, 10)
    assert earliest(found[Day.INTRODUCERS_WROTE]) == date(2020, 6, 11)
    assert earliest(found[Day.RESOLVED]) == date(2020, 6, 12)
    assert earliest(found[Day.ADMITTED]) == date(2020, 6, 13)


def test_a_notice_over_a_public_holiday_takes_its_working_days() -> None:
    found = windows_of(
        applied=APPLIED, assessed=date(2020, 9, 20), pre_reviewed=date(2020, 9, 25), posted=date(2020, 9, 25)
    )
    bound = found[Day.NOTICE_CLOSED].earliest
    assert bound is not None
    assert bound.on == date(2020, 10, 10)
    assert bound.parameter == "notice_target_working_days"
    assert (bound.counted_from, bound.counted_on, bound.is_estimate) == (Day.POSTED, date(2020, 9, 25), False)


def test_dates_of_the_booklet_that_would_be_equal_are_a_day_apart() -> None:
    known = dict.fromkeys(["applied", "assessed", "form_filled"], date(2020, 7, 6))
    window = windows_of(**known)[Day.RESOLVED]
    bound = window.refused(date(2020, 7, 6))
    assert bound is not None
    assert (bound.on, bound.rule, bound.article) == (date(2020, 7, 8), lawful_dates.STRICTLY, lawful_dates.BOOKLET)
    assert window.proposed(date(2020, 7, 6)) == date(2020, 7, 8)


def test_to_miss_a_deadline_is_late_and_not_forbidden() -> None:
    window = windows_of(applied=date(2020, 1, 31))[Day.TALKED]
    assert latest(window) == date(2020, 2, 29)
    assert window.refused(date(2020, 5, 1)) is None
    assert window.proposed(date(2020, 5, 1)) == date(2020, 5, 1)


def test_a_talk_that_did_not_suit_gives_another_month_from_then() -> None:
    facts = lawful_dates.standing({Day.APPLIED: APPLIED}, {Day.TALKED: date(2020, 3, 31)}, [Day.TALKED])
    found = lawful_dates.windows(Facts(facts.known, BIRTH, rule_sets.values("NMG_2020"), facts.again))
    assert latest(found[Day.TALKED]) == date(2020, 4, 30)


def test_the_twenty_eighth_birthday_binds_the_meeting_and_leaves_room_before_it() -> None:
    facts = facts_of(birth=date(1992, 7, 10), applied=date(2020, 1, 1), assessed=date(2020, 7, 1))
    found = lawful_dates.windows(facts)
    resolved, filled = found[Day.RESOLVED], found[Day.FORM_FILLED]
    assert resolved.barred_after is not None
    assert resolved.barred_after.on == date(2020, 7, 9)
    assert filled.barred_after is not None
    assert (filled.barred_after.on, filled.barred_after.for_the_sake_of) == (date(2020, 7, 7), Day.RESOLVED)
    assert resolved.refused(date(2020, 8, 1)) == resolved.barred_after


def test_where_the_list_is_only_filed_nobody_waits_for_an_approval() -> None:
    assert Day.APPROVED_AS_ACTIVIST not in windows_of("NMG_2020", applied=APPLIED)
    assert Day.APPROVED_AS_ACTIVIST in windows_of("CYL_2023", applied=APPLIED)


def test_after_a_meeting_that_did_not_adopt_three_months_begin_again() -> None:
    done = {Day.APPLIED: APPLIED, Day.PROPOSED: date(2020, 3, 16), Day.MENTOR_NAMED: date(2020, 3, 18)}
    later = {Day.ASSESSED: date(2020, 6, 17), Day.RESOLVED: date(2020, 8, 31)}
    facts = lawful_dates.standing({**done, **later}, {}, [Day.ASSESSED])
    assert set(facts.known) == set(done)
    found = lawful_dates.windows(Facts(facts.known, BIRTH, rule_sets.values("NMG_2020"), facts.again))
    assert earliest(found[Day.ASSESSED]) == date(2020, 11, 30)


def test_ceremony_and_file_stand_beside_each_other() -> None:
    done = dict.fromkeys(ORDER, APPLIED)
    assert set(lawful_dates.standing(done, {}, [Day.SWORN]).known) == set(ORDER) - {Day.SWORN}
    assert set(lawful_dates.standing(done, {}, [Day.SWORN, Day.ARCHIVED]).known) == set(ORDER) - {
        Day.SWORN,
        Day.ARCHIVED,
    }
    assert set(lawful_dates.standing(done, {}, []).known) == set(ORDER)


@given(st.dates(date(2019, 1, 1), date(2021, 12, 31)), st.integers(0, 24), st.sampled_from(Unit), st.integers(0, 1))
@settings(max_examples=40, deadline=None)
def test_the_last_day_before_is_found_as_by_going_back_day_by_day(day: date, n: int, unit: Unit, then: int) -> None:
    facts, span = facts_of(), Span(n, unit, then)
    slow = day
    while facts.after(slow, span) > day:
        slow -= timedelta(days=1)
    assert facts.before(day, span) == slow


BEGIN, DAYS = date(2020, 1, 10), 130
EVERY = [BEGIN + timedelta(days=n) for n in range(DAYS)]


@st.composite
def somewhere(draw: st.DrawFn) -> Facts:
    """A case somewhere on its way, its days not always lawful, under rules that may be tight or absent."""
    rules = {
        "activist_confirmation": draw(st.sampled_from(["FILE", "APPROVE"])),
        "training_min_months": draw(st.integers(0, 2)),
        "notice_target_working_days": draw(st.integers(0, 6)),
        "apply_age_max_exclusive": 28,
    }
    for parameter, _, _ in lawful_dates.DEADLINES:
        rules[parameter] = draw(st.sampled_from([None, "P5D", "P1M", "P40D", "P3M"]))
    on, known = BEGIN, {}
    for day in ORDER[: draw(st.integers(1, 18))]:
        on += timedelta(days=draw(st.sampled_from([0, 0, 1, 3, 9])))
        if day not in (Day.FIRST_CLASS, Day.INTRODUCERS_WROTE):
            known[day] = on
    return Facts(known, date(1992, draw(st.integers(4, 12)), 20), rules)


def slowly(facts: Facts, links: list[Link], deadlines: list[Link], by_age: Mapping[Day, date]) -> dict[Day, set[date]]:
    """Every day each step may still have, by striking out, until nothing changes, days that no other day goes with."""
    left = {day: {facts.known[day]} if day in facts.known else set(EVERY) for day in ORDER}
    for day, last in by_age.items():
        if day not in facts.known:
            left[day] = {one for one in left[day] if one <= last}
    pairs = [(link, False) for link in links] + [(link, True) for link in deadlines]
    table = {link: {one: facts.after(one, link.span) for one in left[link.earlier]} for link, _ in pairs}
    changed = True
    while changed and all(left.values()):
        changed = False
        for link, is_deadline in pairs:
            ends = {one: table[link][one] for one in left[link.earlier]}
            begins = set(ends.values())
            fits = (lambda end, one: one <= end) if is_deadline else (lambda end, one: one >= end)
            best = (max if is_deadline else min)(begins, default=None)
            later = {one for one in left[link.later] if best is not None and fits(best, one)}
            worst = (min if is_deadline else max)(left[link.later], default=None)
            earlier = {one for one, end in ends.items() if worst is not None and fits(end, worst)}
            for day, kept in ((link.later, later), (link.earlier, earlier)):
                if day not in facts.known and kept != left[day]:
                    left[day], changed = kept, True
    return left


@given(somewhere())
@settings(max_examples=8, deadline=None)
def test_every_window_is_what_striking_out_day_by_day_leaves(facts: Facts) -> None:
    links, deadlines = list(lawful_dates._minimums(facts)), list(lawful_dates._deadlines(facts))
    last = lawful_dates.birthday(facts.birth, 28) - timedelta(days=1) if facts.birth else date.max
    age = {Day.RESOLVED: last, Day.APPLIED: last}
    free, barred, whole = (
        slowly(facts, links, [], {}),
        slowly(facts, links, [], age),
        slowly(facts, links, deadlines, age),
    )
    for day, window in lawful_dates.windows(facts).items():
        if window.earliest is not None and all(free.values()):
            assert earliest(window) == min(free[day])
        for bound, left in ((window.barred_after, barred), (window.latest, whole)):
            if not all(left.values()):
                continue  # no lawful way is left at all; which limit to tell is told elsewhere
            expected = max(left[day])
            assert expected == max(free[day]) if bound is None else expected == min(bound.on, max(free[day]))


def test_working_days_are_those_of_the_office_calendar() -> None:
    assert facts_of().after(date(2020, 4, 28), Span(5, Unit.WORKING_DAYS)) == working_days.notice_end(
        date(2020, 4, 28), 5
    )
