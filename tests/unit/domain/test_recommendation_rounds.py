"""Rounds of recommendation: places proposed, edited, confirmed, taken, given back, closed."""

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.support import recommending
from tests.support.cast import Cast
from workflows import journal
from workflows.domain import recommendation_rounds as rounds
from workflows.domain.recommendation_refusals import (
    LessThanTaken,
    NoPlaceInRound,
    NoRoundOpen,
    OverTheShare,
    PlacesWrong,
    RoundNotDraft,
    RoundOpenAlready,
    RoundOver,
    TermWrong,
)
from workflows.domain.recommendation_rounds import Product, RoundPlaces
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event

ACTIVIST, TARGET = Product.ACTIVIST, Product.TARGET


@pytest.fixture
def cast(session: Session, cast: Cast) -> Cast:
    recommending.members(session, cast.branch, 11)  # three stand there already
    return cast


def left(session: Session, round_id: int, unit_id: int) -> int:
    row = rounds.lock_row(session, round_id, unit_id)
    assert row is not None
    return row.left


@pytest.mark.parametrize("members,places", [(0, 0), (4, 0), (5, 1), (14, 2), (15, 3), (49, 9), (50, 10)])
def test_the_share_is_a_ceiling(members: int, places: int) -> None:
    assert rounds.proposal(members, 20) == places


def test_a_round_proposes_places_for_every_branch_of_the_committee(session: Session, cast: Cast) -> None:
    opened = recommending.open_round(session, cast, confirmed=False)
    found = {
        row.unit_id: (row.members, row.proposed, row.places, row.taken) for row in rounds.places_of(session, opened.id)
    }
    assert found == {cast.branch.id: (14, 2, 2, 0), cast.small_branch.id: (0, 0, 0, 0)}


def test_only_the_committee_that_approves_admissions_opens_one(session: Session, cast: Cast) -> None:
    asked = {"product": ACTIVIST, "basis": "计划", "share": 20, "actor": SYSTEM}
    with pytest.raises(NotFound):
        rounds.open_round(session, committee_id=cast.county.id, term="春", **asked)
    with pytest.raises(TermWrong) as refused:
        rounds.open_round(session, committee_id=cast.school.id, term=" ", **asked)
    assert refused.value.fields.keys() == {"term"}


def test_one_round_of_a_product_at_a_time(session: Session, cast: Cast) -> None:
    first = recommending.open_round(session, cast)
    with pytest.raises(RoundOpenAlready):
        recommending.open_round(session, cast)
    recommending.open_round(session, cast, TARGET)
    rounds.close(session, first.id, SYSTEM)
    recommending.open_round(session, cast)


def test_the_committee_gives_less_and_never_more_than_the_share(session: Session, cast: Cast) -> None:
    opened = recommending.open_round(session, cast, confirmed=False)
    rounds.set_places(session, opened.id, {cast.branch.id: 1}, SYSTEM)
    assert left(session, opened.id, cast.branch.id) == 1
    for places, refusal in ((3, OverTheShare), (-1, PlacesWrong)):
        with pytest.raises(refusal) as refused:
            rounds.set_places(session, opened.id, {cast.branch.id: places}, SYSTEM)
        assert list(refused.value.fields) == [f"places_{cast.branch.id}"]
    with pytest.raises(PlacesWrong):
        rounds.set_places(session, opened.id, {cast.school.id: 1}, SYSTEM)


def test_places_are_taken_only_from_a_confirmed_round_until_none_is_left(session: Session, cast: Cast) -> None:
    opened = recommending.open_round(session, cast, confirmed=False)
    with pytest.raises(NoRoundOpen):
        rounds.take(session, unit_id=cast.branch.id, product=ACTIVIST)
    rounds.confirm(session, opened.id, SYSTEM)
    with pytest.raises(NoRoundOpen):
        rounds.take(session, unit_id=cast.branch.id, product=TARGET)
    for _ in range(2):
        rounds.take(session, unit_id=cast.branch.id, product=ACTIVIST)
    with pytest.raises(NoPlaceInRound) as refused:
        rounds.take(session, unit_id=cast.branch.id, product=ACTIVIST)
    assert "2个名额" in str(refused.value)
    with pytest.raises(LessThanTaken):
        rounds.set_places(session, opened.id, {cast.branch.id: 1}, SYSTEM)
    rounds.give_back(session, round_id=opened.id, unit_id=cast.branch.id)
    assert left(session, opened.id, cast.branch.id) == 1


def test_a_place_comes_back_to_a_closed_round_but_nothing_else_changes_there(session: Session, cast: Cast) -> None:
    opened = recommending.open_round(session, cast)
    rounds.take(session, unit_id=cast.branch.id, product=ACTIVIST)
    rounds.close(session, opened.id, SYSTEM)
    rounds.give_back(session, round_id=opened.id, unit_id=cast.branch.id)
    rounds.give_back(session, round_id=opened.id, unit_id=cast.branch.id)
    assert left(session, opened.id, cast.branch.id) == 2
    with pytest.raises(NoRoundOpen):
        rounds.take(session, unit_id=cast.branch.id, product=ACTIVIST)
    for act in (rounds.close, rounds.confirm):
        with pytest.raises((RoundOver, RoundNotDraft)):
            act(session, opened.id, SYSTEM)
    with pytest.raises(RoundOver):
        rounds.set_places(session, opened.id, {cast.branch.id: 1}, SYSTEM)


def test_the_database_refuses_more_than_there_are(session: Session, cast: Cast) -> None:
    recommending.open_round(session, cast)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(RoundPlaces).values(taken=RoundPlaces.places + 1))


def test_what_the_committee_did_is_journalled(session: Session, cast: Cast) -> None:
    opened = recommending.open_round(session, cast, confirmed=False)
    rounds.set_places(session, opened.id, {cast.branch.id: 1}, cast.actor(cast.gaowa))
    rounds.set_places(session, opened.id, {cast.branch.id: 1}, cast.actor(cast.gaowa))  # nothing changes
    rounds.confirm(session, opened.id, cast.actor(cast.gaowa))
    rounds.close(session, opened.id, cast.actor(cast.gaowa))
    journal.write(session)
    found = journal.entries_of(session, journal.unit_chain(cast.school.id))
    assert [entry.event for entry in found] == [
        Event.ROUND_OPENED,
        Event.ROUND_PLACES_SET,
        Event.ROUND_CONFIRMED,
        Event.ROUND_CLOSED,
    ]
    assert found[1].facts == {"round": opened.id, "places": {str(cast.branch.id): 1}}
    assert found[1].person_id == cast.gaowa.id
