"""No refusal without its rule, the fact, the article or that there is none, and what would let the act pass.

First every refusal class that somebody can meet in an admission, then every wrong field of every form, every rule of
every decision table, and every way back or out on the drawing. What is exempt is named with its reason.
"""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.application import ADMISSION
from workflows.engine import bundles
from workflows.engine.bundles import ParsedBundle
from workflows.engine.environment import Choice
from workflows.engine.forms import Field, Form
from workflows.errors import OWN_PRACTICE, InvalidData, Refusal
from workflows.operations.wiring import ENVIRONMENT

ROOT = Path(__file__).parents[1]
REFUSALS: list[type[Refusal]] = runpy.run_path(str(ROOT / "docs" / "generate.py"))["refusals"]()

EXEMPT_ROOMS = {
    "workflows.engine.moving.": "moving cases to another version is an administrator's, and each says what differs",
    "workflows.engine.bundles": "publishing a drawing; every fault is listed with its place",
    "workflows.engine.mailbox": "faults of a drawing that sends messages; an incident tells the administrator",
    "workflows.idempotency": "programs that call the API wrongly",
    "webapp.api.writing": "programs that call the API wrongly",
    "workflows.domain.calendars": "the office calendar is kept beside admissions",
}
EXEMPT = {
    "refused": "the root of all refusals; never raised itself",
    "data.invalid": "each wrong field carries its own rule and basis; the test of the forms walks over them",
    "not_found": "a 404: there is nothing to be told of what is out of sight",
    "busy": "nothing was refused: the lock could not be had in time, and the sentence says to try again",
    "job.failed": "a fault of the program, not a rule; it says whom to ask",
    "job.worker_lost": "a fault of the program, not a rule; it says whom to ask",
}


def met_in_an_admission() -> list[type[Refusal]]:
    return [
        each for each in REFUSALS if each.code not in EXEMPT and not each.__module__.startswith(tuple(EXEMPT_ROOMS))
    ]


@pytest.mark.parametrize("refusal", met_in_an_admission(), ids=lambda one: one.code)
def test_a_refusal_says_the_fact_the_rule_its_basis_and_what_would_let_it_pass(refusal: type[Refusal]) -> None:
    assert refusal.sentence.endswith(("。", "}")), "the fact, as a sentence"
    assert refusal.rule, "the rule behind it"
    assert refusal.remedy.endswith("。"), "what would let it pass"
    assert refusal.remedy not in refusal.sentence
    told = refusal()
    assert told.basis == (refusal.article or OWN_PRACTICE)
    assert told.message() == told.fact() + told.what_would_pass()


def test_no_exemption_outlives_what_it_exempts() -> None:
    codes = {refusal.code for refusal in REFUSALS}
    assert codes >= EXEMPT.keys()
    assert all(any(each.__module__.startswith(room) for each in REFUSALS) for room in EXEMPT_ROOMS)


@pytest.fixture(scope="module")
def admission() -> ParsedBundle:
    return bundles.parse(bundles.read_folder(ADMISSION))


def _forms(bundle: ParsedBundle) -> Iterator[tuple[str, Form]]:
    for step in [*bundle.steps, *(message.step for message in bundle.messages.values())]:
        yield step, bundle.form(step)


def _choices(_source: str) -> list[Choice]:
    return [Choice("1", "甲")]


def _refused(form: Form, outcome: str, raw: dict[str, object]) -> InvalidData | None:
    try:
        form.read(outcome, raw, {}, _choices)
    except InvalidData as refusal:
        return refusal
    return None


NONSENSE = ("？", "-7", "1800-01-01")
"""Fits no field: no number, no date and too short; too small; too early."""


def test_every_wrong_field_of_every_form_says_its_rule_and_what_it_should_be(admission: ParsedBundle) -> None:
    silent = []
    for step, form in _forms(admission):
        for outcome in form.outcomes:
            given: list[dict[str, object]] = [{}, *({field.key: text for field in form.fields} for text in NONSENSE)]
            for refusal in filter(None, (_refused(form, outcome.value, raw) for raw in given)):
                for key, sentence in refusal.fields.items():
                    rule, basis = refusal.grounds_of(key)
                    field = next((each for each in form.fields if each.key == key), None)
                    if not (rule and basis and field and _says_what_to_do(field, sentence)):
                        silent.append(f"{step}.{key}: {sentence} / {rule} / {basis}")
    assert not sorted(set(silent))


def _says_what_to_do(field: Field, sentence: str) -> bool:
    told = sentence.removeprefix(f"{field.label}：").partition("（")[0]
    return bool(field.rule or re.search(r"必填|请|须|应|不得|不能|至少|至多", told))


def test_every_answer_of_a_table_that_does_not_pass_says_why_and_by_which_article(admission: ParsedBundle) -> None:
    silent = []
    for table in admission.decisions.values():
        columns = [output.name for output in getattr(table, "outputs", ())]
        if "outcome" not in columns:
            continue
        for rule in table.rules:
            entries = {name: entry.text for name, entry in zip(columns, rule.entries, strict=True)}
            if entries["outcome"] == '"pass"':
                continue
            if not (entries.get("reason") and (entries.get("article") or rule.article)):
                silent.append(f"{table.id}.{rule.id}")
    assert not silent


def test_every_way_that_leads_back_or_out_of_an_admission_asks_for_its_grounds(admission: ParsedBundle) -> None:
    """What a person decides against a candidate is told with the reason he writes; the form must ask for one."""
    silent = []
    for step, form in _forms(admission):
        for outcome in form.outcomes:
            if outcome.value not in AGAINST:
                continue
            asked = _refused(form, outcome.value, {})
            grounds = {"reason", "objection", "findings"} & set(asked.fields if asked else ())
            if not grounds:
                silent.append(f"{step}: {outcome.label}")
    assert not silent


AGAINST = {"return", "reject", "postpone", "not_yet", "remove", "extend", "fix", "upheld", "extended", "replace"}


def test_every_operation_a_drawing_calls_offers_errors_that_are_refusals() -> None:
    codes = {refusal.code for refusal in REFUSALS}
    assert all(set(operation.errors) <= codes for operation in ENVIRONMENT.operations.values())
