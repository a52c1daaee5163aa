"""Nothing drawn keeps a case busy for long: expressions, timers and what a case keeps are bounded."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.engine.conftest import MONDAY, Office
from tests.support.drawings import ANY_FORM, boundary, bundle, drawing, end, flow, start, timer, user, wait, way
from workflows import clock
from workflows.engine import check, due_times, expressions, saving
from workflows.engine.gate import bounds, dialects
from workflows.engine.gate.bounds import DEEPEST, LARGEST_RANGE
from workflows.engine.running import DrawingAtFault
from workflows.engine.saving import CaseTooLarge
from workflows.errors import InvalidData


@pytest.mark.parametrize(
    "text",
    [
        "map([1..100000000], #)",
        f"len(map([0..{LARGEST_RANGE}], #))",
        "map([1..10000], map([1..10000], #))",
        "some([1..10000], some([1..10000], # < 0))",
        "some(a, some(b, some(c, # > 1)))",
        "count(filter(map([1..1000], #), some([1..10000], # > 1)), true)",
        "flatMap([1..10000], [1..10000])",
        "len(flatMap([1..100], flatMap([1..100], map([1..100], #))))",
        "flatten(map(a, flatten(map(a, #))))",
        "map([1..10000], [a, a, a, a, a, a])",
        "map([1..n], #)",
        "map([n..10], #)",
        "map([1..1000*1000], #)",
        "map([1..1e6], #)",
        "map([1..1_000_000], #)",
        "map(([1..n]), #)",
        "map(a ?? [1..n], #)",
        "[[1..n]][0]",
        "{a: [1..n]}",
        "`${len(map([1..10000], map([1..10000], #)))}`",
        "`it's ${len(map([1..n], #))} '`",
        '"a\\" + len(map([1..n], #))',
        "map([1..10000], (5 in ]1..3[) ? 1 : map([1..10000], #))",
        "some(split(a, ''), some(b, true))",
        "(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1),
        "r = [1..9999]",
    ],
)
def test_what_may_take_too_long_or_grow_too_large_is_refused(text: str) -> None:
    why = expressions.fault_in(text)
    assert why is not None
    assert why


@pytest.mark.parametrize(
    "text, context, value",
    [
        ("len(map([1..10000], #))", {}, 10_000),
        ("a in [1..10000]", {"a": 5}, True),
        ("a in [low..high]", {"a": 5, "low": 1, "high": 9}, True),
        ("a in (low..high]", {"a": 9, "low": 1, "high": 9}, True),
        ("count(answers, #.outcome == 'yes') * 2 > len(answers)", {"answers": [{"outcome": "yes"}]}, True),
        ("some(a, some(b, # == 2))", {"a": [1], "b": [2]}, True),
        ("map(people, {name: #.name, age: #.age})", {"people": [{"name": "王一", "age": 14}]}, None),
        ("flatMap(people, [#.a, #.b])", {"people": [{"a": 1, "b": 2}]}, [1, 2]),
        ('"[1..n] map(map("', {}, "[1..n] map(map("),
        ('"a = b" == text', {"text": "a = b"}, True),
        ("`共 ${len(a)} 人`", {"a": [1, 2]}, "共 2 人"),
        ("10 ^ 20", {}, 1e20),
    ],
)
def test_what_is_bounded_is_published_and_evaluated(text: str, context: dict, value: object) -> None:
    assert expressions.fault_in(text) is None
    found = expressions.evaluate(text, context)
    assert value is None or found == value


def test_the_cost_of_an_expression_is_an_upper_bound_of_what_it_does() -> None:
    """Counted with lists of the greatest length: what is made on the way counts as well as what comes of it."""
    assert len(expressions.evaluate("flatMap([1..25], map([1..1000], #))", {})) == 25_000
    assert bounds.fault_in("flatMap([1..25], map([1..1000], #))") is None
    assert "52000" in (bounds.fault_in("flatMap([1..26], map([1..1000], #))") or "")
    assert bounds.fault_in("some(a, some(b, true))") is None
    assert "1001000" in (bounds.fault_in("flatten(map(a, flatten(map(a, #))))") or "")


@pytest.mark.parametrize(
    "foreign, here",
    [
        ("${a && !b}", "a and not b"),
        ("#{a eq 'x || y'}", "a == 'x || y'"),
        ("=a = 1", "a == 1"),
        ("a || b", "a or b"),
        ("a = 1", "a == 1"),
        ("if a then 1 else 2", "? 甲 : 乙"),
        ("return a;", "脚本"),
        ("execution.getVariable('a')", "脚本"),
        ('=duration("P3D")', "P3D"),
    ],
)
def test_another_tools_expression_is_told_in_the_words_used_here(foreign: str, here: str) -> None:
    assert here in (dialects.foreign(foreign) or "")
    assert dialects.foreign(foreign) == expressions.fault_in(foreign)


@pytest.mark.parametrize(
    "text",
    [
        "a == 1",
        "a >= 1 and b != 2",
        '"${a}"',
        "a ? b : c",
        "notes == 'x = y'",
        "return.outcome == 1",
        "execution.outcome == 1",
    ],
)
def test_what_is_written_as_here_is_left_alone(text: str) -> None:
    assert dialects.foreign(text) is None


@pytest.mark.parametrize(
    "text, word",
    [
        ("P11Y", "10 年"),
        ("P4000D", "10 年"),
        ("PT99999999H", "10 年"),
        ("P99999999999Y", "10 年"),
        ("2199-01-01", "10 年"),
        ("9999-12-31", "10 年"),
        ("2020-13-01", "不是日期"),
        ("0001-01-01", "不存在"),
    ],
)
def test_a_literal_wait_beyond_ten_years_is_refused_at_publishing(clock_on_monday: None, text: str, word: str) -> None:
    assert word in (due_times.fault_in(text) or "")


@pytest.mark.parametrize("text", ["P10Y", "P120M", "P28D", "PT1S", "2029-12-31", "2019-01-01"])
def test_a_wait_within_ten_years_is_not(clock_on_monday: None, text: str) -> None:
    assert due_times.fault_in(text) is None


@pytest.mark.parametrize(
    "text, word",
    [
        ("R/PT1H", "一天"),
        ("R/PT23H", "一天"),
        ("R3/P11Y", "10 年"),
        ("R3/PT1M", "一小时"),
        ("R1001/P1D", "1000"),
        ("R3/2199-01-01/P1D", "10 年"),
    ],
)
def test_a_repeating_timer_has_a_count_or_days_between_its_times(clock_on_monday: None, text: str, word: str) -> None:
    assert word in (due_times.fault_in(text, repeats=True) or "")
    assert due_times.fault_in("R/P1D", repeats=True) is None
    assert due_times.fault_in("R24/PT1H", repeats=True) is None


def test_the_terms_of_a_timer_are_bounded_too() -> None:
    assert "10 年" in (due_times.fault_in_terms("P11Y", counted=False) or "")


def test_times_missed_for_centuries_are_made_up_for_at_once() -> None:
    with clock.standing_at(MONDAY):
        following = due_times.next_of_cycle({"due": "0002-01-01T00:00:00+00:00", "left": None, "every": "P1D"})
    assert following is not None
    due = datetime.fromisoformat(following["due"])
    assert MONDAY < due <= MONDAY + timedelta(days=1)
    assert due.time() == datetime(2, 1, 1, tzinfo=UTC).time()


def waiting_for(event: str, **values: str) -> str:
    return drawing(
        start(),
        user("ask"),
        wait("later", event, **values),
        end(),
        way("begin", "ask", "later", "done"),
        lanes={"书记": ["ask"]},
    )


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize(
    "text",
    [
        waiting_for(timer(day="ask.on")),
        waiting_for(timer("P9Y"), since="ask.on"),
    ],
    ids=["date", "since"],
)
def test_a_date_that_leads_beyond_ten_years_refuses_the_act_and_the_step_stays_open(office: Office, text: str) -> None:
    office.start(bundle(text, ask=ANY_FORM))
    with pytest.raises(DrawingAtFault, match="10 年"):
        office.do("ask", on="2199-12-31")
    office.session.rollback()
    office.do("ask", on="2020-03-09")
    assert office.waiting == ["later"]


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_a_literal_beyond_the_bound_is_a_fault_of_the_drawing(office: Office) -> None:
    text = waiting_for(timer("P11Y"))
    [fault] = check.faults_in(bundle(text, ask=ANY_FORM), office.environment)
    assert (fault.code, fault.element) == ("timer.broken", "later")
    late = drawing(
        start(),
        user("ask"),
        boundary("late", "ask", timer("P1D"), grace="P11Y"),
        end(),
        end("other"),
        way("begin", "ask", "done"),
        flow("late", "other"),
        lanes={"书记": ["ask"]},
    )
    assert [each.code for each in check.faults_in(bundle(late, ask=ANY_FORM), office.environment)] == ["timer.broken"]


FIELDS = """{"components":[{"type":"number","key":"n","label":"数"},{"type":"textarea","key":"t","label":"文"},
{"type":"datetime","subtype":"date","key":"on","label":"日期"}]}"""


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
@pytest.mark.parametrize(
    "key, value",
    [
        ("n", 10**16),
        ("n", -(10**30)),
        ("n", "9" * 4_000),
        ("t", "字" * 4_001),
        ("on", "0001-01-01"),
        ("on", "9999-12-31"),
    ],
)
def test_a_field_without_bounds_of_its_own_is_bounded(office: Office, key: str, value: object) -> None:
    office.start(
        bundle(drawing(start(), user("ask"), end(), way("begin", "ask", "done"), lanes={"书记": ["ask"]}), ask=FIELDS)
    )
    with pytest.raises(InvalidData) as refused:
        office.do("ask", **{key: value})
    assert set(refused.value.fields) == {key}


@pytest.mark.parametrize("office", ["saved and restored"], indirect=True)
def test_a_case_that_would_keep_too_much_refuses_the_act(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    text = drawing(
        start(), user("ask"), user("more"), end(), way("begin", "ask", "more", "done"), lanes={"书记": ["ask", "more"]}
    )
    office.start(bundle(text, ask=FIELDS, more=FIELDS))
    monkeypatch.setattr(saving, "LARGEST_STATE", 3_000)
    with pytest.raises(CaseTooLarge, match="3 KB"):
        office.do("ask", t="字" * 4_000)
    office.session.rollback()
    office.do("ask", t="字")
    assert office.waiting == ["more"]
