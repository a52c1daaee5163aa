"""Every parameter of the rule sets is obeyed somewhere, and no form of the admission repeats one in its own words."""

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from workflows.domain import rule_sets
from workflows.domain.rule_sets import Parameter

ROOT = Path(__file__).parents[2]
BUNDLES = ROOT / "bpmn"
PARAMETERS = sorted(rule_sets.TITLES)

ONLY_TOLD = {
    "prereview_required": "the drawing has one way, and it leads through the pre-review",
    "result_in_writing": "a returned or refused pre-review must give its reason in writing, whatever the rules say",
    "number_use_rate_year_end": "a figure of the yearly appraisal of committees; no case is decided by it",
}
"""Parameters that nothing reads, and why."""


def expressions_of_forms() -> Iterator[str]:
    for form in BUNDLES.rglob("*.form"):
        for component in orjson.loads(form.read_bytes())["components"]:
            properties = component.get("properties", {})
            yield properties.get("check", "")
            yield properties.get("required_when", "")


def code() -> Iterator[str]:
    for room in ("workflows/domain", "workflows/operations", "webapp", "tasks"):
        for file in (ROOT / room).rglob("*.py"):
            yield file.read_text("utf-8")


@pytest.fixture(scope="module")
def obeyed() -> set[str]:
    """What drawings, tables and forms decide by, and what Python reads by its name."""
    drawn = [file.read_text("utf-8") for ending in ("*.bpmn", "*.dmn") for file in BUNDLES.rglob(ending)]
    named = set(re.findall(r"\brules\.(\w+)", "\n".join([*drawn, *expressions_of_forms()])))
    return named | set(re.findall(r"""["'](\w+)["']""", "\n".join(code())))


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_is_obeyed_or_there_is_a_reason_why_it_is_only_told(name: str, obeyed: set[str]) -> None:
    assert (name in obeyed) != (name in ONLY_TOLD)


@pytest.mark.parametrize("name", ONLY_TOLD)
def test_what_is_only_told_cannot_be_tightened(name: str) -> None:
    assert not any(found.parameters[name].can_be_tightened() for found in rule_sets.ALL.values())


NUMERALS = dict(enumerate("〇一两三四五六七八九十"))

ANOTHER_MATTER = {
    ("approve_admission.form", "半数"): "the committee's own majority, which no rule set knows",
}
"""Words that look like a parameter and are something else."""


def words_for(parameter: Parameter) -> set[str]:
    """How somebody might write the value into a text: 5个工作日, 五个工作日, 三个月, 12页, 半数."""
    value = parameter.value
    if isinstance(value, str) and re.fullmatch(r"P\d+[DM]", value):
        number, units = int(value[1:-1]), ("天", "日") if value.endswith("D") else ("个月",)
    elif isinstance(value, bool) or not isinstance(value, int) or value < 2 or parameter.unit == "%":
        return {"半数"} if isinstance(value, str) and value.startswith(">1/2") else set()
    else:
        unit = parameter.unit.partition("/")[0]
        number, units = value, (unit, f"个{unit}", *(("名",) if unit == "人" else ()))
    return {f"{how}{unit}" for how in {str(number), NUMERALS.get(number, str(number))} for unit in units}


WRITTEN_OUT = {word for each in rule_sets.ALL.values() for one in each.parameters.values() for word in words_for(one)}


@pytest.mark.parametrize("form", sorted((BUNDLES / "admission" / "forms").glob("*.form")), ids=lambda form: form.stem)
def test_no_text_of_a_form_repeats_a_value_of_the_rule_sets(form: Path) -> None:
    text = re.sub(r"\{rules\.\w+\}|\s", "", form.read_text("utf-8"))
    found = {word for word in WRITTEN_OUT if re.search(rf"(?<![\d十]){re.escape(word)}", text)}
    assert {word for word in found if (form.name, word) not in ANOTHER_MATTER} == set()


def test_what_the_texts_of_forms_name_is_known() -> None:
    named = {
        name for form in BUNDLES.rglob("*.form") for name in re.findall(r"\{rules\.(\w+)\}", form.read_text("utf-8"))
    }
    assert named
    assert named <= set(PARAMETERS)
