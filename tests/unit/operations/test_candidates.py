"""A file is closed with the card that the stock gave to the member, where a stock of cards is kept."""

import pytest
from sqlalchemy.orm import Session

from tests.support.application import ON_SQLITE
from tests.support.cast import APPLIED, Cast, apply, plan_for_school
from workflows import clock
from workflows.domain import members, quotas, stock_card_codes, stock_copies, stock_handovers
from workflows.domain.members import LeagueMember
from workflows.domain.numbering import PlaceState
from workflows.domain.stock_ledger import StockKind
from workflows.domain.stock_refusals import CardNotIssued
from workflows.engine.environment import Call
from workflows.journal import SYSTEM
from workflows.operations import candidates

CASE = 7


@pytest.fixture
def member(session: Session, cast: Cast) -> LeagueMember:
    """Admitted on her place; her file is still open."""
    plan_for_school(session, cast, 1)
    apply(session, cast, CASE)
    number = quotas.reserve(session, unit_id=cast.school.id, case_id=CASE, actor=SYSTEM).number
    quotas.use(session, case_id=CASE, actor=SYSTEM)
    return members.admit(session, case_id=CASE, joined_on=APPLIED, number=number)


def close(session: Session, cast: Cast, card_number: str) -> None:
    """The step that closes the file."""
    parameters = {"card_number": card_number, "entered_on": clock.today().isoformat()}
    candidates.close_file(Call(session, CASE, cast.branch.id, SYSTEM, data={}, parameters=parameters, key="1"))


@ON_SQLITE
def test_where_cards_are_kept_only_the_one_given_out_closes_the_file(
    session: Session, cast: Cast, member: LeagueMember
) -> None:
    stock_handovers.receive(session, StockKind.CARD, cast.school.id, 2, document="出库单1号", actor=SYSTEM)
    stock_card_codes.set_card_code(session, cast.school.id, "012", actor=SYSTEM)
    with pytest.raises(CardNotIssued) as refused:
        close(session, cast, "01200001")
    assert set(refused.value.fields) == {"card_number"}
    stock_copies.bind_card(session, case_id=CASE, actor=SYSTEM)
    with pytest.raises(CardNotIssued):
        close(session, cast, "01200002")
    assert member.card_number is None
    close(session, cast, " ０1200001")
    place = quotas.place_of(session, CASE)
    assert (member.card_number, place and place.state) == ("01200001", PlaceState.FILED)


@ON_SQLITE
def test_where_no_cards_are_kept_any_card_closes_the_file(session: Session, cast: Cast, member: LeagueMember) -> None:
    close(session, cast, "12300045")
    assert member.card_number == "12300045"
