"""Shares as exact fractions."""

import pytest

from workflows.domain import majorities, rule_sets

PEOPLE: dict[majorities.Base, int] = {"should-attend": 9, "present": 6, "ballots": 7}


@pytest.mark.parametrize(
    "text, needed",
    [
        (">1/2 of should-attend", 5),
        (">1/2 of present", 4),
        (">=1/2 of present", 3),
        (">1/2 of ballots", 4),
        (">=2/3 of should-attend", 6),
        (">2/3 of should-attend", 7),
        (">= 3/4 of ballots", 6),
        (">=1/1 of present", 6),
    ],
)
def test_the_smallest_number_that_is_enough(text: str, needed: int) -> None:
    assert majorities.read(text).needed(PEOPLE) == needed


def test_of_nobody_at_least_one_is_needed() -> None:
    assert majorities.read(">=1/2 of ballots").needed({**PEOPLE, "ballots": 0}) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "half",
        "1/2 of present",
        ">1/0 of present",
        ">0/2 of present",
        ">3/2 of present",
        ">1/1 of present",
        ">1/2 of all",
    ],
)
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"share|reached"):
        majorities.read(text)


@pytest.mark.parametrize("rule_set", [rule_sets.NMG_2020.name, rule_sets.CYL_2023.name])
@pytest.mark.parametrize("parameter", ["quorum", "pass_rule"])
def test_the_shares_of_the_rule_sets_can_be_read(rule_set: str, parameter: str) -> None:
    assert majorities.read(rule_sets.values(rule_set)[parameter]).base == "should-attend"
