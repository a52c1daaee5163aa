"""docs/reference/bpmn.md says neither more nor less than what runs: its tests and codes exist, its table is true."""

import re
from pathlib import Path

import pytest

from tests.engine.test_elements_refused import EVENT_DEFINITIONS
from workflows.engine import catalogue, elements

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/bpmn.md").read_text()
ENGINE = "\n".join(path.read_text() for path in (ROOT / "workflows/engine").rglob("*.py"))


def test_every_test_the_page_names_exists() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    missing = [
        f"{file}::{test}" for file, test in named if f"def {test}(" not in (Path(__file__).parent / file).read_text()
    ]
    assert named
    assert missing == []


def test_every_code_the_page_names_exists() -> None:
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", PAGE))
    assert named
    assert {code for code in named if f'"{code}"' not in ENGINE} == set()


def test_every_code_by_which_elements_are_refused_is_on_the_page() -> None:
    codes = set(re.findall(r'yield "([a-z]+\.[a-z_]+)"', Path(elements.__file__).read_text()))
    elsewhere = {"expression.broken", "timer.terms"}
    assert {code for code in codes - elsewhere if f"`{code}`" not in PAGE} == set()


@pytest.mark.parametrize(
    "names",
    [
        elements.RUNS - {"boundaryEvent"},
        elements.INSTEAD,
        elements.ATTRIBUTES.keys() - {"parallelMultiple", "quantity"},
        catalogue.BESIDE_THE_FLOW & {"textAnnotation", "association", "group", "dataObject", "laneSet"},
    ],
)
def test_every_element_the_code_knows_is_on_the_page(names: frozenset[str]) -> None:
    assert {name for name in names if not re.search(rf"[`(]{name}[`)]", PAGE)} == set()


def test_the_table_of_events_is_what_the_code_says() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    head = next(line for line in lines if "`startEvent` | `startEvent of" in line)
    places = re.findall(r"`([^`]+)`", head)
    assert places == list(elements.EVENTS)
    drawn = {}
    for line in lines:
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(places) and set(cells) <= {"runs", "refused"}:
            drawn[None if name == "None" else name] = cells
    assert set(drawn) == set(EVENT_DEFINITIONS)
    for event, cells in drawn.items():
        runs = [place for place, cell in zip(places, cells, strict=True) if cell == "runs"]
        assert runs == [place for place in places if event in elements.EVENTS[place]], event
