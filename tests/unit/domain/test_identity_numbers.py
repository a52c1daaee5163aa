"""Identity numbers: right ones pass, wrong ones say which field and why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain import identity_numbers
from workflows.domain.identity_numbers import IdentityNumberWrong

BORN = date(2005, 3, 8)
HERS = identity_numbers.made_up(BORN, "Wuyun", "female")


def wrong(number: str, **changes: object) -> dict[str, str]:
    facts = {"birth_date": BORN, "sex": "female"} | changes
    with pytest.raises(IdentityNumberWrong) as refusal:
        identity_numbers.verify(number, **facts)  # type: ignore[arg-type]
    return refusal.value.fields


def test_the_example_of_the_standard_has_the_check_character_it_prints() -> None:
    assert identity_numbers.check_character("11010519491231002") == "X"  # GB 11643-1999, the standard's own example


@given(st.dates(date(1950, 1, 1), date(2015, 12, 31)), st.integers(), st.sampled_from(["male", "female"]))
def test_a_made_up_number_verifies_and_can_belong_to_nobody(born: date, seed: int, sex: str) -> None:
    number = identity_numbers.made_up(born, seed, sex)
    assert identity_numbers.verify(number, birth_date=born, sex=sex) == number
    assert number.startswith("99")


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, by: int) -> None:
    digit = (int(HERS[place]) + by) % 10
    assert "id_number" in wrong(HERS[:place] + str(digit) + HERS[place + 1 :])


def test_blanks_small_x_and_full_width_characters_are_forgiven() -> None:
    number = next(
        found for seed in range(100) if (found := identity_numbers.made_up(BORN, seed, "female")).endswith("X")
    )
    typed = " " + number.replace("X", "x").translate({ord("9"): "９"}) + " "
    assert identity_numbers.verify(typed, birth_date=BORN, sex="female") == number


def test_a_number_of_another_shape_is_refused() -> None:
    assert "18位" in wrong("12345")["id_number"]
    assert "18位" in wrong("")["id_number"]


def test_another_birth_date_names_both_fields() -> None:
    assert set(wrong(HERS, birth_date=date(2005, 3, 9))) == {"birth_date", "id_number"}


def test_the_other_sex_names_both_fields() -> None:
    assert set(wrong(HERS, sex="male")) == {"sex", "id_number"}


def test_papers_of_others_are_checked_for_shape_alone() -> None:
    taken = identity_numbers.verify("h1234567(8)", birth_date=BORN, sex="male", nationality="HK")
    assert taken == "H1234567(8)"
    assert "id_number" in wrong("@", nationality="TW")


def test_a_number_is_shown_masked() -> None:
    assert identity_numbers.mask(HERS) == "*" * 16 + HERS[-2:]
    assert BORN.strftime("%Y%m%d") not in identity_numbers.mask(HERS)


def test_a_digest_is_keyed_and_the_same_for_the_same_number(monkeypatch: pytest.MonkeyPatch) -> None:
    first = identity_numbers.digest(HERS)
    assert identity_numbers.digest(f" {HERS.lower()} ") == first
    monkeypatch.setenv("TUANCHENG_DATA_KEY", "another key, for this test alone")
    assert identity_numbers.digest(HERS) != first
