"""The rule of two keys: one recognition stands while both keys are signed over the same digest of the same facts."""

from collections.abc import Callable

import pytest

from workflows.domain import two_keys
from workflows.domain.two_keys import FactsChanged, Key, KeyStands, RecognitionSettled, SamePerson, Side, State, TwoKeys

NOW = TwoKeys("a")
LEAGUE, PARTY = Key("a", by=1), Key("a", by=2)
STANDS = TwoKeys("a", State.RECOGNISED, LEAGUE, PARTY)


@pytest.mark.parametrize("first", Side)
def test_the_second_key_makes_the_recognition_whoever_signs_first(first: Side) -> None:
    keys = {Side.LEAGUE: LEAGUE, Side.PARTY: PARTY}
    one = two_keys.sign(NOW, first, keys[first])
    assert (one.state, one.agree) == (State.OPEN, False)
    both = two_keys.sign(one, first.other, keys[first.other])
    assert both == STANDS


def test_what_is_signed_is_what_was_shown() -> None:
    with pytest.raises(FactsChanged):
        two_keys.sign(NOW, Side.LEAGUE, Key("b", by=1))


def test_a_side_signs_once() -> None:
    with pytest.raises(KeyStands, match="团组织"):
        two_keys.sign(TwoKeys("a", league=LEAGUE), Side.LEAGUE, Key("a", by=3))


@pytest.mark.parametrize(
    "key", [Key("a", by=1), Key("a", by=2, instead_of=1)], ids=["himself", "by a substitute for him"]
)
def test_nobody_answers_for_both_keys(key: Key) -> None:
    with pytest.raises(SamePerson):
        two_keys.sign(TwoKeys("a", league=LEAGUE), Side.PARTY, key)


def test_a_substitute_of_the_one_who_signed_does_not_sign_the_other_key_for_somebody_else() -> None:
    signed = TwoKeys("a", party=Key("a", by=5, instead_of=2))
    with pytest.raises(SamePerson):
        two_keys.sign(signed, Side.LEAGUE, Key("a", by=5, instead_of=1))
    assert two_keys.sign(signed, Side.LEAGUE, Key("a", by=1)).state is State.RECOGNISED


@pytest.mark.parametrize("before, after", [(TwoKeys("a", league=LEAGUE), State.OPEN), (STANDS, State.SUSPENDED)])
def test_new_facts_void_every_key(before: TwoKeys, after: State) -> None:
    assert two_keys.renew(before, "b") == TwoKeys("b", after)


def test_the_same_facts_again_change_nothing() -> None:
    assert two_keys.renew(STANDS, "a") is STANDS


def test_suspended_both_must_sign_again() -> None:
    suspended = two_keys.renew(STANDS, "b")
    one = two_keys.sign(suspended, Side.LEAGUE, Key("b", by=1))
    assert one.state is State.SUSPENDED
    assert two_keys.sign(one, Side.PARTY, Key("b", by=2)).state is State.RECOGNISED


def test_refused_before_it_stood_and_revoked_after() -> None:
    assert two_keys.refuse(TwoKeys("a", league=LEAGUE)).state is State.REFUSED
    assert two_keys.refuse(two_keys.renew(STANDS, "b")).state is State.REVOKED


def test_it_is_withdrawn_only_before_it_stood() -> None:
    assert two_keys.withdraw(TwoKeys("a", league=LEAGUE)).state is State.WITHDRAWN
    for state in (State.RECOGNISED, State.SUSPENDED):
        with pytest.raises(RecognitionSettled, match=state.label):
            two_keys.withdraw(TwoKeys("a", state))


ACTS: list[Callable[[TwoKeys], TwoKeys]] = [
    two_keys.refuse,
    two_keys.withdraw,
    lambda now: two_keys.sign(now, Side.LEAGUE, LEAGUE),
]


@pytest.mark.parametrize("act", ACTS, ids=["refuse", "withdraw", "sign"])
@pytest.mark.parametrize("state", [state for state in State if not state.is_live])
def test_what_has_ended_is_not_changed_any_more(state: State, act: Callable[[TwoKeys], TwoKeys]) -> None:
    ended = TwoKeys("a", state)
    with pytest.raises(RecognitionSettled):
        act(ended)
    assert two_keys.renew(ended, "b") is ended
    assert two_keys.expire(ended) is ended


def test_one_side_alone_does_not_end_what_both_recognised() -> None:
    with pytest.raises(RecognitionSettled, match="已认定后有新情况的，请报告新情况"):
        two_keys.refuse(STANDS)


@pytest.mark.parametrize("state", sorted(two_keys.LIVE))
def test_it_ends_with_the_recommendation_it_rests_on(state: State) -> None:
    assert two_keys.expire(TwoKeys("a", state)).state is State.EXPIRED
