"""Punishments: clear when none, or when revoked so many full years ago."""

import pytest

from workflows.domain.punishments import is_clear


@pytest.mark.parametrize(
    "punishment,revoked_on,years,clear",
    [
        (None, None, 1, True),
        ("in_force", None, 1, False),
        ("in_force", None, 0, False),
        ("revoked", "2019-03-04", 1, True),
        ("revoked", "2019-03-05", 1, False),
        ("revoked", "2020-03-04", 0, True),
        ("revoked", "2018-03-05", 2, False),
        ("revoked", "2016-02-29", 4, True),
    ],
)
def test_a_punishment_stands_against_it_until_so_many_years_after_it_was_revoked(
    punishment: str | None, revoked_on: str | None, years: int, clear: bool
) -> None:
    application = {"applied_on": "2020-03-04", "punishment": punishment, "punishment_revoked_on": revoked_on}
    assert is_clear(application, years) is clear
