"""The pages about foreign drawings and limits say what the code says."""

import re
from pathlib import Path

from workflows.engine import drawing, due_times, expressions, forms, mailbox, repeats, saving
from workflows.engine.catalogue import MOST_ELEMENTS
from workflows.engine.drawing import Mark
from workflows.engine.gate import bounds, dialects, foreign, intake, limits, patterns, shapes

ROOT = Path(__file__).parents[3]
HOWTO = (ROOT / "docs/howto/bring-a-drawing-from-another-tool.md").read_text("utf-8")
REFERENCE = (ROOT / "docs/reference/drawings.md").read_text("utf-8")
LIMITS = REFERENCE.partition("## 限度")[2].partition("\n## ")[0]
ENGINE = "\n".join(path.read_text("utf-8") for path in (ROOT / "workflows/engine").rglob("*.py"))

CAMUNDA = "http://camunda.org/schema/1.0/bpmn"


def rows(heading: str) -> list[tuple[str, str]]:
    part = HOWTO.partition(heading)[2].partition("\n## ")[0]
    found = re.findall(r"^\| (.+?) \| (.+?) \|$", part, re.MULTILINE)
    return [row for row in found if "`" in row[0]]


def test_every_name_of_another_tool_on_the_page_is_told_what_to_write_instead() -> None:
    told = rows("## 别的工具的写法")
    assert len(told) > 10
    for names, instead in told:
        for name in re.findall(r"`(\w[\w-]*)`", names):
            [(code, message)] = foreign.faults([Mark(CAMUNDA, name, "")], "step")
            assert code == "extension.foreign"
            parts = {instead[at : at + 3] for at in range(len(instead) - 2)}
            assert any(part in message for part in parts if part.strip("`、，： ")), (name, message)


def test_every_condition_on_the_page_is_told_as_the_page_says() -> None:
    told = rows("## 条件")
    assert len(told) >= 5
    for written, here in told:
        assert here.strip("`") in (dialects.foreign(written.strip("`")) or ""), written


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    numbers = {int(found.replace(",", "")) for found in re.findall(r"\d[\d,]*", LIMITS)}
    for limit in (
        intake.MOST_FILES,
        limits.LARGEST_BUNDLE // 1_000_000,
        drawing.LARGEST_DRAWING // 1_000_000,
        limits.LARGEST_TEXT // 1_000,
        drawing.DEEPEST_XML,
        drawing.MOST_XML_ELEMENTS,
        drawing.MOST_ATTRIBUTES,
        drawing.LONGEST_ATTRIBUTE,
        MOST_ELEMENTS,
        limits.DEEPEST_DATA,
        limits.MOST_ENTRIES,
        shapes.MOST_COMPONENTS,
        shapes.MOST_CHOICES,
        shapes.LONGEST_FIELD,
        patterns.LONGEST_PATTERN,
        expressions.LONGEST_EXPRESSION,
        bounds.DEEPEST,
        bounds.LARGEST_RANGE,
        bounds.LONGEST_LIST,
        bounds.MOST_ROUNDS,
        bounds.MOST_KEPT,
        due_times.LONGEST_WAIT.years,
        due_times.MOST_TIMES,
        forms.LONGEST_TEXT,
        forms.FIRST_DAY.year,
        forms.LAST_DAY.year,
        repeats.MOST_INSTANCES,
        mailbox.LARGEST_PAYLOAD,
        saving.LARGEST_STATE // 1_000_000,
    ):
        assert limit in numbers, limit


def test_every_code_among_the_limits_exists() -> None:
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", LIMITS))
    assert named
    assert {code for code in named if f'"{code}"' not in ENGINE} == set()
