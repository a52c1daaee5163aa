"""Facts and conditions in the words of the reader."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from webapp import reasons_told
from workflows.engine.environment import Choice, Origin
from workflows.engine.forms import Field
from workflows.engine.reasons.reason import Condition, Fact, Gate, Kind, Reason, Source, SourceKind, Way

FORM = Source(SourceKind.FORM, "learn")
GRADES = tuple(Choice(value, f"{value} 等") for value in "ABCDE")


@pytest.fixture(autouse=True)
def reading(application: Flask) -> Iterator[None]:
    with application.test_request_context():
        yield


def fact(value: Any = 5, unit: str = "", field: Field | None = None, *, secret: bool = False) -> Fact:
    return Fact("learn.x", "栏", value, FORM, field, unit, secret)


def condition(kind: str, *wanted: Any, first: Fact | None = None, ends: str = "", text: str = "") -> Condition:
    return Condition("r", "栏", "learn.x", "?", (first or fact(),), kind, wanted, ends, text)


@pytest.mark.parametrize(
    "value,unit,words",
    [
        (None, "", "未登记"),
        (True, "", "是"),
        (False, "", "否"),
        (5, "学时", "5 学时"),
        (90, "%", "90 %"),
        ("P3M", "", "3 个月"),
        ("P10D", "", "10 天"),
        ("2020-05-04", "", "2020-05-04"),
        ("P3MX", "", "P3MX"),
    ],
)
def test_values_are_told_in_words(value: Any, unit: str, words: str) -> None:
    assert reasons_told.fact_said(fact(value, unit)) == words


def test_a_choice_is_told_by_its_label_and_a_secret_not_at_all() -> None:
    field = Field("x", "栏", "select", choices=GRADES)
    assert reasons_told.fact_said(fact("B", field=field)) == "B 等"
    assert reasons_told.fact_said(fact("Z", field=field)) == "Z"
    assert reasons_told.fact_said(fact(None, secret=True)) == "（保密，不显示）"


@pytest.mark.parametrize(
    "asked,words",
    [
        (condition("at_least", 8, first=fact(5, "学时")), "须达到 8 学时"),
        (condition("less_than", 28), "须小于 28"),
        (condition("at_most", 3), "不得超过 3"),
        (condition("more_than", 3), "须大于 3"),
        (condition("at_least", "2020-08-25"), "不得早于 2020-08-25"),
        (condition("less_than", "2020-08-25"), "须早于 2020-08-25"),
        (condition("is", True), "须为 是"),
        (condition("is", "a", "b"), "须为 a、b 之一"),
        (condition("is_not", None), "须已登记"),
        (condition("is_not", "a", "b"), "不得为 a、b"),
        (condition("within", 1, 3, ends="[]"), "须在 1 与 3 之间（含两端）"),
        (condition("within", 1, 3, ends="[)"), "须在 1 与 3 之间（含 1）"),
        (condition("outside", 1, 3, ends="(]"), "不得在 1 与 3 之间（含 3）"),
        (condition("outside", 1, 3, ends="()"), "不得在 1 与 3 之间（不含两端）"),
        (condition("passes", "len($) > 3", text="须符合 len($) > 3"), "须符合 len($) > 3"),
        (condition("at_least", 8, first=fact(None, secret=True)), "须符合规则（条件保密，不显示）"),
    ],
)
def test_conditions_are_told_in_words(asked: Condition, words: str) -> None:
    assert reasons_told.condition_said(asked) == words


@pytest.mark.parametrize(
    "barred,words",
    [
        ("ABCD", "须为 E 等"),
        ("AB", "须为 C 等、D 等、E 等 之一"),
        ("A", "不得为 A 等"),
        ("ABCDE", "不得为 A 等、B 等、C 等、D 等、E 等"),
    ],
)
def test_what_may_still_be_chosen_is_told_where_it_is_little(barred: str, words: str) -> None:
    first = fact("A", field=Field("x", "栏", "radio", choices=GRADES))
    assert reasons_told.condition_said(condition("is_not", *barred, first=first)) == words


@pytest.mark.parametrize(
    "reason,words",
    [
        (Reason(Kind.DECISION, "s", "核对"), "核对：没有通过"),
        (Reason(Kind.REFUSAL, "s", "预留"), "预留：没有办成"),
        (Reason(Kind.GATE, "s", "结论", gate=Gate("g", "结论", Way("f", "退回", None), ())), "结论 退回"),
        (Reason(Kind.INCIDENT, "s", "登记"), "有异常：登记"),
        (Reason(Kind.JOB, "s", "登记"), "登记：后台正在办理"),
        (
            Reason(Kind.JOB, "s", "登记", until=datetime(2020, 6, 1, 2, 5, tzinfo=UTC)),
            "登记：后台未办成，2020-06-01 10:05 再试",
        ),
        (Reason(Kind.TIMER, "s", "期满", until=datetime(2020, 5, 31, 16, tzinfo=UTC)), "期满：等到 2020-06-01"),
        (Reason(Kind.EVENT, "s", "听", rule="message", expression="news"), "听：等待消息“news”"),
        (Reason(Kind.EVENT, "s", "听", rule="signal", expression="news"), "听：等待信号“news”"),
        (Reason(Kind.EVENT, "s", "听", rule="conditional", expression="a > 1"), "听：等待条件成立"),
    ],
)
def test_each_kind_of_reason_has_a_heading(reason: Reason, words: str) -> None:
    assert reasons_told.heading(reason) == words


def test_words_that_only_a_program_reads_are_left_to_the_label_of_the_way() -> None:
    result = Fact("meeting.result", "计票", "not_adopted", Source(SourceKind.OPERATION, "count"))
    day = Fact("notice.ends_on", "期满日", "2020-06-01", Source(SourceKind.OPERATION, "notice"))
    value = Fact("rules.way", "办法", "secret", Source(SourceKind.RULE, origin=Origin("办法", "第1条", "rule")))
    assert reasons_told.shown_facts(Reason(Kind.GATE, "s", "结论", facts=(result, day, value))) == [day, value]
