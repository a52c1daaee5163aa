"""What eligibility is decided on, from the record of the League, that of the Party, and what the branch enters."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.support import recommending
from tests.support.cast import Cast
from workflows import clock
from workflows.domain import party_events, recommendation_facts, recommendations, rule_sets
from workflows.domain.people import Person
from workflows.domain.recommendation_facts import Entered
from workflows.domain.recommendation_refusals import NotAMember
from workflows.domain.recommendation_rounds import Product
from workflows.journal import SYSTEM

ON = date(2021, 4, 1)
RULES = rule_sets.values("CYL_2023")


@pytest.fixture
def youth(session: Session, cast: Cast) -> Person:
    found = recommending.members(session, cast.branch, 11)
    recommending.open_round(session, cast)
    return found[0]


def facts(session: Session, cast: Cast, person: Person, product: Product = Product.ACTIVIST, **given: Any) -> Any:
    asked = {"person_id": person.id, "product": product, "unit_id": cast.branch.id, "rules": RULES, "on": ON}
    return recommendation_facts.of_member(session, **{**asked, **given})


@pytest.mark.parametrize(
    "since,until,months",
    [
        (date(2020, 4, 1), date(2021, 4, 1), 12),
        (date(2020, 4, 2), date(2021, 4, 1), 11),
        (date(2020, 1, 31), date(2020, 2, 29), 0),
        (date(2021, 5, 1), date(2021, 4, 1), -1),
    ],
)
def test_only_full_months_count(since: date, until: date, months: int) -> None:
    assert recommendation_facts.months_between(since, until) == months


def test_the_record_tells_age_and_league_age(session: Session, cast: Cast, youth: Person) -> None:
    found = facts(session, cast, youth)
    told = {key: found[key] for key in ("age", "of_age_on", "too_old_on", "league_months", "is_cadre", "is_clear")}
    assert told == {
        "age": 17,
        "of_age_on": "2021-05-01",
        "too_old_on": "2031-05-01",
        "league_months": 22,
        "is_cadre": False,
        "is_clear": True,
    }
    assert facts(session, cast, youth, on=date(2021, 5, 1))["age"] == 18


def test_who_holds_a_post_of_the_league_is_a_cadre(session: Session, cast: Cast, youth: Person) -> None:
    assert facts(session, cast, cast.saren)["is_cadre"]
    assert not facts(session, cast, cast.bator)["is_cadre"]  # guides applicants, leads nobody


def test_the_party_s_date_of_application_goes_before_the_branch_s(session: Session, cast: Cast, youth: Person) -> None:
    assert facts(session, cast, youth)["has_applied"] is False
    entered = Entered(applied_on=date(2020, 9, 1))
    assert facts(session, cast, youth, entered=entered)["application_months"] == 7


def test_who_was_determined_by_either_record_is_an_activist(session: Session, cast: Cast, youth: Person) -> None:
    assert facts(session, cast, youth, Product.TARGET)["is_activist"] is False
    recommending.recommended(session, cast, youth, date(2020, 3, 1))
    recommendations.determine(session, case_id=1, determined_on=date(2020, 3, 20), actor=SYSTEM)
    found = facts(session, cast, youth, Product.TARGET)
    assert (found["activist_on"], found["activist_months"], found["is_live"]) == ("2020-03-20", 12, False)
    with clock.standing_at(clock.start_of(date(2022, 3, 1))):
        assert facts(session, cast, youth)["is_live"]
    with clock.standing_at(clock.start_of(date(2022, 3, 2))):
        assert not facts(session, cast, youth)["is_live"]


def test_what_the_party_has_filed_counts(
    session: Session, cast: Cast, youth: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = {
        party_events.PartyEventKind.PARTY_APPLICATION: date(2019, 12, 1),
        party_events.PartyEventKind.ACTIVIST_FILED: date(2020, 6, 1),
    }
    monkeypatch.setattr(party_events, "day_of", lambda _session, _person, kind: days[kind])
    found = facts(session, cast, youth, entered=Entered(applied_on=date(2020, 9, 1)))
    assert (found["applied_on"], found["activist_on"]) == ("2019-12-01", "2020-06-01")


@pytest.mark.parametrize(
    "punishment,revoked,clear",
    [
        (None, None, True),
        ("in_force", None, False),
        ("revoked", date(2020, 4, 2), False),
        ("revoked", date(2020, 4, 1), True),
    ],
)
def test_a_punishment_stands_in_the_way_for_a_year_after_it_was_revoked(
    session: Session, cast: Cast, youth: Person, punishment: str | None, revoked: date | None, clear: bool
) -> None:
    entered = Entered(punishment=punishment, punishment_revoked_on=revoked)
    assert facts(session, cast, youth, entered=entered)["is_clear"] is clear


def test_who_is_no_member_of_the_branch_has_no_facts(session: Session, cast: Cast, youth: Person) -> None:
    with pytest.raises(NotAMember):
        facts(session, cast, youth, unit_id=cast.small_branch.id)
