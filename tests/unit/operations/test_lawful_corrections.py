"""A corrected date is checked like one that is entered, and so is everything that was done after it."""

from datetime import date

from workflows.domain.lawful_dates import Day
from workflows.engine.environment import DatedField
from workflows.operations import lawful_days
from workflows.operations.wiring import origin_of

FIELDS = [
    DatedField("submit_application", "applied_on", Day.APPLIED),
    DatedField("initial_talk", "talked_on", Day.TALKED, ("suitable",)),
    DatedField("determine_activist", "decided_on", Day.PROPOSED, ("propose",)),
]


def data(applied: str, talked: str, proposed: str) -> dict[str, object]:
    return {
        "rule_set": "NMG_2020",
        "rules": {"activist_confirmation": "FILE", "training_min_months": 3},
        "submit_application": {"applied_on": applied, "outcome": "submit", "birth_date": "2005-01-01"},
        "initial_talk": {"talked_on": talked, "outcome": "suitable"},
        "determine_activist": {"decided_on": proposed, "outcome": "propose"},
    }


LAWFUL = data("2020-03-02", "2020-03-10", "2020-03-16")


def test_a_correction_that_leaves_everything_in_its_order_upsets_nothing() -> None:
    after = data("2020-03-02", "2020-03-12", "2020-03-16")
    assert lawful_days.upset_by(origin_of, FIELDS, LAWFUL, after) == {}


def test_a_date_moved_behind_a_later_step_upsets_that_step() -> None:
    [(field, why)] = lawful_days.upset_by(
        origin_of, FIELDS, LAWFUL, data("2020-03-02", "2020-03-18", "2020-03-16")
    ).items()
    assert field.step == "determine_activist"
    assert why.text == "最早 2020-03-18，从“派人谈话”2020-03-18 起算。所填为 2020-03-16"


def test_what_was_out_of_order_before_hinders_no_other_correction() -> None:
    crossed = data("2020-03-02", "2020-03-18", "2020-03-16")
    assert lawful_days.upset_by(origin_of, FIELDS, crossed, data("2020-03-03", "2020-03-18", "2020-03-16")) == {}


def test_the_first_lesson_that_counts_is_read_from_the_evidence() -> None:
    counted = {**LAWFUL, "evidence": {"class_hours": 2, "first_class_on": "2020-04-10"}}
    facts = lawful_days.facts_of(FIELDS, counted, [Day.ASSESSED])
    assert facts.known[Day.FIRST_CLASS] == date(2020, 4, 10)
    assert Day.FIRST_CLASS not in lawful_days.facts_of(FIELDS, LAWFUL, [Day.ASSESSED]).known


def test_a_refused_date_is_told_in_the_reader_s_language() -> None:
    why = lawful_days.forbidden_day(origin_of, FIELDS, LAWFUL, Day.TALKED, date(2020, 3, 1))
    english = {
        lawful_days.UNLAWFUL: "{until}{counted}{sake}. Entered was {given}",
        lawful_days.EARLIEST: "earliest {on}",
        lawful_days.COUNTED_FROM: ", counted from “{day}” on {since}",
        "申请入团": "application",
    }
    assert why is not None
    assert why.text.said(lambda text: english.get(text, text)) == (
        "earliest 2020-03-02, counted from “application” on 2020-03-02. Entered was 2020-03-01"
    )
