"""How invented people behave: lawfully at every form there is, differently by seed, and never for ever."""

from datetime import date

import pytest

from webapp.embedded.founding import packaged_bundles
from workflows import clock
from workflows.domain import demo_applicants, rule_sets
from workflows.domain.demo_applicants import Applicant
from workflows.domain.demo_population import Branch
from workflows.domain.units import Field
from workflows.engine import bundles
from workflows.engine.bundles import ParsedBundle
from workflows.operations import demo_conduct

TODAY = date(2020, 4, 1)


@pytest.fixture(scope="module")
def admission() -> ParsedBundle:
    """The drawing that the people of a demo year go through."""
    folder = next(folder for folder in packaged_bundles() if folder.name == "admission")
    return bundles.parse(bundles.read_folder(folder))


@pytest.fixture(scope="module")
def applicants() -> list[Applicant]:
    """Six hundred of one class."""
    return demo_applicants.of_year([Branch(3, 2, 1, Field.JUNIOR, "八年级1班", 600, 10, (7, 8))], 2020, 1)


def outcomes_of(drawing: ParsedBundle, step: str) -> set[str]:
    return {outcome.value for outcome in drawing.form(step).outcomes}


def test_every_lapse_is_an_outcome_that_its_form_has(admission: ParsedBundle) -> None:
    standing_for_more = {demo_conduct.WITHDRAWS, demo_conduct.NO_QUORUM, demo_conduct.NOT_ADOPTED}
    for step, lapses in demo_conduct.LAPSES.items():
        assert {outcome for outcome, _ in lapses} - standing_for_more <= outcomes_of(admission, step)
        assert sum(share for _, share in lapses) <= 1


def test_at_every_step_everything_is_filled_in_that_the_form_wants(
    admission: ParsedBundle, applicants: list[Applicant]
) -> None:
    for step in admission.steps:
        form = admission.form(step)
        for outcome in outcomes_of(admission, step):
            decided, content = demo_conduct.submitted(applicants[0], form, outcome, TODAY)
            assert decided == outcome
            assert {field.key for field in form.fields if field.required} <= content.keys()


def test_an_application_is_read_without_a_fault(admission: ParsedBundle, applicants: list[Applicant]) -> None:
    for applicant in applicants[:20]:
        form = admission.form("submit_application")
        outcome, content = demo_conduct.submitted(applicant, form, "submit", applicant.applies_on)
        with clock.standing_at(clock.start_of(applicant.applies_on)):
            read = form.read(outcome, content, {}, lambda _source: [])
        assert read["name"] == applicant.name


def test_the_votes_of_a_meeting_add_up_and_decide_what_was_meant(
    admission: ParsedBundle, applicants: list[Applicant]
) -> None:
    form = admission.form("branch_meeting")
    found = {}
    for decided in ("held", demo_conduct.NO_QUORUM, demo_conduct.NOT_ADOPTED):
        outcome, content = demo_conduct.submitted(applicants[0], form, decided, TODAY)
        assert outcome == "held"
        votes = sum(content[key] for key in ("votes_for", "votes_against", "votes_abstain"))
        assert votes == content["present_voters"] + content["written_opinions"]
        found[decided] = content["present_voters"] * 2 > 10, content["votes_for"] * 2 > 10
    assert found == {"held": (True, True), "no quorum": (False, False), "not adopted": (True, False)}


def test_the_same_seed_decides_the_same_and_another_otherwise(
    admission: ParsedBundle, applicants: list[Applicant]
) -> None:
    def decided(seed: int) -> list[str]:
        form = admission.form("pre_review")
        return [demo_conduct.decision(seed, each, "pre_review", 1, form) for each in applicants]

    assert decided(1) == decided(1)
    assert decided(1) != decided(2)
    assert set(decided(1)) == {"pass", "fix", "reject"}


def test_the_third_time_nothing_goes_wrong_any_more(admission: ParsedBundle, applicants: list[Applicant]) -> None:
    for step in demo_conduct.LAPSES:
        form = admission.form(step)
        assert len({demo_conduct.decision(1, each, step, 3, form) for each in applicants}) == 1
    assert not any(demo_conduct.objects(1, each, 3) for each in applicants)
    assert any(demo_conduct.objects(1, each, 1) for each in applicants)


@pytest.mark.parametrize("rule_set", ["NMG_2020", "CYL_2023"])
def test_most_collect_the_evidence_that_the_rules_ask_for_and_the_others_make_up_for_it(
    rule_set: str, applicants: list[Applicant]
) -> None:
    rules = rule_sets.values(rule_set)
    least = rules["class_hours_min"] * rules["minutes_per_hour"]
    short = 0
    for each in applicants:
        entries = demo_conduct.evidence(1, each, rules)
        lessons = sum(entry.values["minutes"] for entry in entries if entry.kind == "class_hours")
        assert sum(entry.values.get("hours", 0) for entry in entries) >= rules["volunteer_hours_min"]
        assert sum(entry.kind == "talk" for entry in entries) >= rules["mentor_min_talks"]
        short += lessons < least
    assert 20 < short < 90
    assert demo_conduct.made_up_for(rules).values["minutes"] >= least
