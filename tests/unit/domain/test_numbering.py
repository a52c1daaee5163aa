"""Member numbers: twelve digits, contiguous blocks, cut from the tail, drawn from the front."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows.domain import numbering, quotas
from workflows.domain.numbering import NumberBlock, Run
from workflows.domain.quota_ledger import Plan
from workflows.journal import SYSTEM


@pytest.fixture
def plan(session: Session, cast: Cast) -> Plan:
    return quotas.open_plan(session, 2020, 100, SYSTEM)


def runs(session: Session, plan: Plan, unit_id: int) -> list[tuple[int, int]]:
    """The unit's unissued runs, by serial."""
    blocks = numbering.blocks_of(session, plan.id, unit_id)
    return [(int(block.next[6:]), int(block.last[6:])) for block in blocks if block.left]


def test_a_number_is_year_province_and_serial() -> None:
    assert numbering.number_of(2020, 1) == "202015000001"
    assert numbering.number_of(2020, 53_700) == "202015053700"
    assert numbering.after("202015000099") == "202015000100"
    for serial in (0, 1_000_000):
        with pytest.raises(ValueError, match="six digits"):
            numbering.number_of(2020, serial)


def test_a_new_plan_is_one_contiguous_block(session: Session, cast: Cast, plan: Plan) -> None:
    assert runs(session, plan, cast.region.id) == [(1, 100)]
    assert str(Run("202015000001", "202015000100")) == "202015000001–202015000100"


def test_blocks_are_cut_from_the_tail(session: Session, cast: Cast, plan: Plan) -> None:
    movement = quotas.allot(session, plan, cast.region.id, cast.city.id, 40, SYSTEM)
    assert runs(session, plan, cast.region.id) == [(1, 60)]
    assert runs(session, plan, cast.city.id) == [(61, 100)]
    assert movement.amount == 40
    origin = session.scalars(select(NumberBlock).where(NumberBlock.unit_id == cast.city.id)).one()
    assert origin.parent_block_id is not None


def test_several_units_served_at_once_get_ascending_numbers(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.allot(session, plan, cast.region.id, cast.city.id, 100, SYSTEM)
    quotas.allot_many(session, plan, cast.city.id, {cast.county.id: 30, cast.other_county.id: 70}, SYSTEM)
    assert runs(session, plan, cast.county.id) == [(1, 30)]
    assert runs(session, plan, cast.other_county.id) == [(31, 100)]
    assert runs(session, plan, cast.city.id) == []


def test_a_piece_given_back_grows_onto_the_block_it_was_cut_from(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.allot(session, plan, cast.region.id, cast.city.id, 40, SYSTEM)
    quotas.give_back(session, plan, cast.city.id, 40, SYSTEM)
    assert runs(session, plan, cast.region.id) == [(1, 100)]
    assert runs(session, plan, cast.city.id) == []


def test_a_piece_that_does_not_touch_its_origin_stays_a_block_of_its_own(
    session: Session, cast: Cast, plan: Plan
) -> None:
    quotas.allot(session, plan, cast.region.id, cast.city.id, 40, SYSTEM)
    quotas.give_back(session, plan, cast.city.id, 10, SYSTEM)
    assert runs(session, plan, cast.region.id) == [(1, 60), (91, 100)]


def test_the_shortest_run_that_suffices_is_cut(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.allot(session, plan, cast.region.id, cast.city.id, 40, SYSTEM)
    quotas.give_back(session, plan, cast.city.id, 10, SYSTEM)
    quotas.allot(session, plan, cast.region.id, cast.city.id, 6, SYSTEM)
    assert runs(session, plan, cast.region.id) == [(1, 60), (91, 94)]


def test_several_pieces_are_cut_when_no_run_is_long_enough(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.allot(session, plan, cast.region.id, cast.city.id, 40, SYSTEM)
    quotas.give_back(session, plan, cast.city.id, 10, SYSTEM)
    quotas.allot(session, plan, cast.region.id, cast.city.id, 65, SYSTEM)
    assert runs(session, plan, cast.region.id) == [(91, 95)]
    assert runs(session, plan, cast.city.id) == [(1, 60), (61, 90), (96, 100)]


def test_numbers_are_drawn_in_order_and_across_blocks(session: Session, cast: Cast, plan: Plan) -> None:
    quotas.allot(session, plan, cast.region.id, cast.city.id, 2, SYSTEM)
    quotas.allot(session, plan, cast.region.id, cast.city.id, 1, SYSTEM)
    drawn = [numbering.draw(session, plan.id, cast.city.id) for _ in range(4)]
    assert drawn == ["202015000098", "202015000099", "202015000100", None]


def test_the_database_refuses_a_next_number_outside_its_block(session: Session, cast: Cast, plan: Plan) -> None:
    block = numbering.blocks_of(session, plan.id, cast.region.id)[0]
    block.next = numbering.after(block.last, 2)
    with pytest.raises(IntegrityError):
        session.flush()
