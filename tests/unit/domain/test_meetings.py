"""The arithmetic of a branch meeting."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.domain import meetings, minutes, rule_sets
from workflows.domain.meetings import MeetingArithmetic
from workflows.errors import InvalidData

RULES = rule_sets.values("NMG_2020")
OF_PRESENT = RULES | {"pass_rule": ">1/2 of present"}


def meeting(eligible: int, present: int, yes: int, no: int = 0, abstain: int = 0, written: int = 0) -> dict[str, Any]:
    return {
        "eligible_voters": eligible,
        "present_voters": present,
        "written_opinions": written,
        "votes_for": yes,
        "votes_against": no,
        "votes_abstain": abstain,
    }


@pytest.mark.parametrize(
    "held, result",
    [
        (meeting(20, 20, 11, 9), "adopted"),
        (meeting(20, 20, 10, 10), "not_adopted"),
        (meeting(21, 21, 11, 10), "adopted"),
        (meeting(20, 11, 11), "adopted"),
        (meeting(20, 11, 10, 1), "not_adopted"),
        (meeting(20, 10, 10), "no_quorum"),
        (meeting(20, 11, 11, 0, 1, written=1), "adopted"),
        (meeting(20, 10, 15, written=5), "no_quorum"),
        (meeting(1, 1, 1), "adopted"),
        (meeting(3, 2, 2), "adopted"),
        (meeting(2, 1, 1), "no_quorum"),
        (meeting(20, 0, 0), "no_quorum"),
    ],
)
def test_more_than_half_must_come_and_more_than_half_of_those_who_should_must_agree(
    held: dict[str, Any], result: str
) -> None:
    assert meetings.decide(held, RULES).result == result


def test_where_the_rule_counts_those_present_fewer_are_enough() -> None:
    held = meeting(20, 11, 6, 5)
    assert meetings.decide(held, RULES).result == "not_adopted"
    assert meetings.decide(held, OF_PRESENT) == meetings.Decision("adopted", 11, 6, 11)


def test_written_opinions_are_ballots_only_where_the_rule_says_so() -> None:
    rules = RULES | {"count_written_absent": False}
    assert meetings.decide(meeting(20, 12, 12, written=3), rules).result == "adopted"
    with pytest.raises(MeetingArithmetic):
        meetings.decide(meeting(20, 12, 15, written=3), rules)


def test_a_missing_number_of_written_opinions_is_none() -> None:
    held = meeting(20, 12, 12)
    del held["written_opinions"]
    assert meetings.decide(held, RULES).result == "adopted"
    assert meetings.decide(held | {"votes_for": 12.0}, RULES).as_data() == {
        "result": "adopted",
        "present_needed": 11,
        "votes_needed": 11,
        "base": 20,
    }


@pytest.mark.parametrize(
    "held, field, told",
    [
        (meeting(20, 12, 10, 1, 0), "votes_for", "赞成 10 + 反对 1 + 弃权 0 = 11，应等于票数 12"),
        (meeting(20, 21, 21), "present_voters", "实到 21 人，多于应到 20 人"),
        (meeting(20, 18, 21, written=3), "written_opinions", "实到 18 + 书面意见 3 = 21，多于应到 20 人"),
        (meeting(0, 0, 0), "eligible_voters", "至少为1"),
        (meeting(20, 12, -1, 13), "votes_for", "不小于0的整数"),
        (meeting(20, 12, 12) | {"votes_against": None}, "votes_against", "反对票"),
        (meeting(20, 12, 12) | {"present_voters": 1.5}, "present_voters", "实到会"),
        (meeting(20, 12, 12) | {"votes_for": True}, "votes_for", "赞成票"),
        (meeting(20, 12, 12) | {"votes_for": "12"}, "votes_for", "赞成票"),
    ],
)
def test_numbers_that_contradict_one_another_are_refused_with_field_and_sum(
    held: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(MeetingArithmetic) as refusal:
        meetings.decide(held, RULES)
    assert told in refusal.value.fields[field]
    assert told in str(refusal.value)
    assert (refusal.value.code, refusal.value.kind) == ("meeting.arithmetic", "invalid")


counts = st.integers(0, 60)


@given(counts, counts, counts, counts, counts)
def test_a_decision_never_rests_on_half_or_less(absent: int, yes: int, no: int, abstain: int, written: int) -> None:
    ballots = yes + no + abstain
    present = max(ballots - written, 0)
    eligible = ballots + absent
    if not eligible:
        return
    decision = meetings.decide(meeting(eligible, present, yes, no, abstain, ballots - present), RULES)
    assert (decision.result == "no_quorum") == (2 * present <= eligible)
    assert (decision.result == "adopted") == (2 * present > eligible and 2 * yes > eligible)


MOST_VOTERS = 9


def every_outcome() -> Iterator[tuple[int, int, int, int, int]]:
    """Voters, those present, written opinions, yes and no votes: all that can happen among so many."""
    for eligible in range(1, MOST_VOTERS + 1):
        for present in range(eligible + 1):
            for written in range(eligible - present + 1):
                for yes in range(present + written + 1):
                    for no in range(present + written - yes + 1):
                        yield eligible, present, written, yes, no


@pytest.mark.parametrize("base", ["should-attend", "present", "ballots"])
@pytest.mark.parametrize("share", [">1/2", ">=2/3", ">=1/2"])
def test_every_outcome_among_nine_is_what_the_rule_says_word_for_word(share: str, base: str) -> None:
    strict, fraction = not share.startswith(">="), Fraction(share.lstrip(">="))
    rules = RULES | {"quorum": f"{share} of should-attend", "pass_rule": f"{share} of {base}"}
    for eligible, present, written, yes, no in every_outcome():
        of = {"should-attend": eligible, "present": present, "ballots": present + written}[base]
        enough_came = Fraction(present, eligible) > fraction if strict else Fraction(present, eligible) >= fraction
        enough_agreed = (
            of > 0 and yes > 0 and (Fraction(yes, of) > fraction if strict else Fraction(yes, of) >= fraction)
        )
        expected = ("adopted" if enough_agreed else "not_adopted") if enough_came else "no_quorum"
        held = meeting(eligible, present, yes, no, present + written - yes - no, written)
        found = meetings.decide(held, rules)
        assert found.result == expected, (held, rules)
        # The figures told beside the result lead to it by themselves.
        assert (found.result == "no_quorum") == (present < found.present_needed)
        assert found.result == "no_quorum" or (found.result == "adopted") == (yes >= found.votes_needed)


few = st.integers(0, MOST_VOTERS)


@given(st.lists(st.tuples(few, few, few), max_size=4), few, few, few)
@settings(max_examples=50)
def test_void_ballots_are_all_kept_as_counted_and_never_decide(
    void: list[tuple[int, int, int]], yes: int, no: int, abstain: int
) -> None:
    present = yes + no + abstain
    last = meeting(MOST_VOTERS * 3, present, yes, no, abstain)
    kept: list[dict[str, Any]] = []
    for agreed, refused, neither in void:
        ballot = meeting(MOST_VOTERS * 3, present, agreed, refused, neither) | {"void_reason": "miscount"}
        kept = meetings.keep_void(ballot, kept)
    assert [(each["votes_for"], each["votes_against"], each["votes_abstain"]) for each in kept] == void
    told = minutes.resolution("乌云", last | {"held_on": "2020-07-13"}, RULES, [each | DAY for each in kept])
    assert told.count("作废") == len(void)
    assert f"赞成{yes}票，反对{no}票，弃权{abstain}票。" in told
    assert meetings.decide(last, RULES).result == ("no_quorum" if 2 * present <= MOST_VOTERS * 3 else decided(yes))


DAY = {"held_on": "2020-07-13"}


def decided(yes: int) -> str:
    return "adopted" if 2 * yes > MOST_VOTERS * 3 else "not_adopted"


@pytest.mark.parametrize("wrong", [{}, {"void_reason": "他不够票"}])
def test_a_ballot_is_void_on_known_grounds_only(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidData) as refusal:
        meetings.keep_void(meeting(20, 12, 12) | wrong, [])
    assert set(refusal.value.fields) == {"void_reason"}


def test_figures_of_a_void_ballot_must_be_numbers_of_persons_though_they_need_not_add_up() -> None:
    assert meetings.keep_void(meeting(20, 12, 12, 3) | {"void_reason": "miscount"}, [])[0]["votes_against"] == 3
    with pytest.raises(MeetingArithmetic):
        meetings.keep_void(meeting(20, 12, -1) | {"void_reason": "miscount"}, [])
