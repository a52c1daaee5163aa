"""Member numbers: 12 digits, year, province and serial (`202015000001`), cut level by level from contiguous blocks.

A block belongs to one unit of one plan. Whoever changes the blocks of a unit holds the lock of the unit's quota
account. A number is issued by moving `next` forward; a number that was reserved and released without ever having been
used may be reserved again by the same unit [D]; a used number never. Every change of hands leaves a passage, which
nothing may alter, so that blocks can be proved and a number can tell where it has been.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from workflows.database import Base, BigId
from workflows.domain.columns import reference, word

PROVINCE = "15"
"""Inner Mongolia's code within a member number."""

SERIALS = 999_999

_ACTIVE = text("state <> 'released' AND state <> 'expired'")
_NOT_RELEASED = text("state <> 'released'")


class PlaceState(StrEnum):
    """What became of a place and its number; VOID: its form was spoilt, and no other bears the number yet."""

    RESERVED = "reserved"
    VOID = "void"
    USED = "used"
    FILED = "filed"
    RELEASED = "released"
    EXPIRED = "expired"


RESERVING = (PlaceState.RESERVED, PlaceState.VOID)
USING = (PlaceState.USED, PlaceState.FILED)
HOLDING = RESERVING + USING
"""States in which a case holds the place."""


class NumberBlock(Base):
    """A run of numbers of one unit, both ends inclusive; `next` is the first not yet issued, past `last` when none is.

    A block that was passed on entirely keeps its row, with `last` before `first`, as the origin of the blocks below.
    """

    __tablename__ = "number_block"
    __table_args__ = (
        CheckConstraint("next >= first AND CAST(next AS BIGINT) <= CAST(last AS BIGINT) + 1", name="next_within"),
        Index("ix_number_block_owner", "plan_id", "unit_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    first: Mapped[str] = mapped_column(String(12))
    last: Mapped[str] = mapped_column(String(12))
    next: Mapped[str] = mapped_column(String(12))
    parent_block_id: Mapped[int | None] = reference("number_block.id", nullable=True)

    @property
    def left(self) -> int:
        """How many numbers of the block were never issued."""
        return int(self.last) - int(self.next) + 1


class NumberPassage(Base):
    """A run of numbers came into a unit's hands by a movement; `from_unit_id` is None when the plan brought it.

    Triggers in the database refuse to change or delete it.
    """

    __tablename__ = "number_passage"
    __table_args__ = (Index("ix_number_passage_run", "plan_id", "first", "last"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    movement_id: Mapped[int] = reference("quota_movement.id")
    from_unit_id: Mapped[int | None] = reference("unit.id", nullable=True, index=False)
    to_unit_id: Mapped[int] = reference("unit.id", index=False)
    first: Mapped[str] = mapped_column(String(12))
    last: Mapped[str] = mapped_column(String(12))


class Place(Base):
    """One place with its number, held for one case. The partial indexes refuse a second holder of either."""

    __tablename__ = "place"
    __table_args__ = (
        Index("uq_place_active_case", "case_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
        Index(
            "uq_place_active_number",
            "number",
            unique=True,
            sqlite_where=_NOT_RELEASED,
            postgresql_where=_NOT_RELEASED,
        ),
        Index("ix_place_owner", "plan_id", "unit_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    plan_id: Mapped[int] = reference("quota_plan.id", index=False)
    unit_id: Mapped[int] = reference("unit.id", index=False)
    case_id: Mapped[int] = mapped_column(BigId, index=True)
    number: Mapped[str] = mapped_column(String(12), index=True)
    state: Mapped[PlaceState] = mapped_column(word(PlaceState))
    reserved_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    released_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Run:
    """A run of numbers, both ends inclusive."""

    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


def number_of(year: int, serial: int) -> str:
    """The number of this serial in the year's plan: `number_of(2020, 1)` is `202015000001`."""
    if not 1 <= serial <= SERIALS:
        raise ValueError(f"a serial has six digits, {serial} has not")
    return f"{year:04d}{PROVINCE}{serial:06d}"


def after(number: str, steps: int = 1) -> str:
    """The number `steps` further on."""
    return f"{int(number) + steps:012d}"


def year_fits(number: str, joined_year: int) -> bool:
    """Whether somebody admitted in `joined_year` may bear the number.

    Its first four digits are that year from 2019 on; 2017 and 2018 stand for one another, and earlier years are not
    checked (rule of the national register).
    """
    if joined_year < 2017:
        return True
    alike = {2017, 2018} if joined_year < 2019 else {joined_year}
    return int(number[:4]) in alike


def found_block(
    session: Session, plan_id: int, unit_id: int, year: int, total: int, *, first_serial: int = 1
) -> NumberBlock:
    """A new block of a plan: `total` numbers of the year from `first_serial` on, unissued, at the top unit."""
    first, last = number_of(year, first_serial), number_of(year, first_serial + total - 1)
    block = NumberBlock(plan_id=plan_id, unit_id=unit_id, first=first, last=last, next=first)
    session.add(block)
    session.flush()
    return block


def note_passage(
    session: Session, plan_id: int, movement_id: int, from_unit_id: int | None, to_unit_id: int, runs: Sequence[Run]
) -> None:
    """Put on record that runs of numbers changed hands by a movement."""
    session.add_all(
        NumberPassage(
            plan_id=plan_id,
            movement_id=movement_id,
            from_unit_id=from_unit_id,
            to_unit_id=to_unit_id,
            first=run.first,
            last=run.last,
        )
        for run in runs
    )
    session.flush()


def blocks_of(session: Session, plan_id: int, unit_id: int) -> list[NumberBlock]:
    """The unit's blocks that hold numbers, lowest first, read afresh."""
    query = (
        select(NumberBlock)
        .where(NumberBlock.plan_id == plan_id, NumberBlock.unit_id == unit_id, NumberBlock.first <= NumberBlock.last)
        .order_by(NumberBlock.first)
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def unissued(session: Session, plan_id: int, unit_id: int) -> int:
    """How many numbers of the unit's blocks were never issued; only these can be passed on or given back."""
    return sum(block.left for block in blocks_of(session, plan_id, unit_id))


def draw(session: Session, plan_id: int, unit_id: int) -> str | None:
    """The number for the unit's next place: one released unused, else the next of its blocks; None when none is left.

    Lock the unit's quota account first.
    """
    again = _released_unused(session, plan_id, unit_id)
    if again is not None:
        return again
    for block in blocks_of(session, plan_id, unit_id):
        if block.left:
            number, block.next = block.next, after(block.next)
            session.flush()
            return number
    return None


def _released_unused(session: Session, plan_id: int, unit_id: int) -> str | None:
    """The lowest number of the unit that was released and that no active place holds (a used place stays active)."""
    active = aliased(Place)
    held_now = select(active.id).where(active.number == Place.number, active.state != PlaceState.RELEASED).exists()
    query = (
        select(Place.number)
        .where(Place.plan_id == plan_id, Place.unit_id == unit_id, Place.state == PlaceState.RELEASED, ~held_now)
        .order_by(Place.number)
        .limit(1)
    )
    return session.scalar(query)


def cut(session: Session, plan_id: int, from_unit_id: int, to_unit_id: int, amount: int) -> list[Run]:
    """Cut `amount` unissued numbers from the tails of one unit's blocks into new blocks of another.

    One piece when a single run is long enough (the shortest such run, so that long ones stay long), else several,
    longest first. The caller holds both accounts' locks and has checked `unissued`.
    """
    pieces: list[Run] = []
    blocks = [block for block in blocks_of(session, plan_id, from_unit_id) if block.left]
    while amount:
        enough = [block for block in blocks if block.left >= amount]
        block = min(enough, key=_left) if enough else max(blocks, key=_left)
        size = min(amount, block.left)
        piece = Run(after(block.last, 1 - size), block.last)
        block.last = after(block.last, -size)
        _receive(session, plan_id, to_unit_id, piece, block)
        pieces.append(piece)
        blocks = [block for block in blocks if block.left]
        amount -= size
    session.flush()
    return sorted(pieces, key=lambda run: run.first)


def _left(block: NumberBlock) -> int:
    return block.left


def _receive(session: Session, plan_id: int, unit_id: int, piece: Run, origin: NumberBlock) -> None:
    """Put a cut piece into the unit's hands; a piece that comes back to where it was cut from grows on again."""
    parent = session.get(NumberBlock, origin.parent_block_id) if origin.parent_block_id else None
    if parent is not None and parent.unit_id == unit_id and after(parent.last) == piece.first:
        parent.last = piece.last
        return
    session.add(
        NumberBlock(
            plan_id=plan_id,
            unit_id=unit_id,
            first=piece.first,
            last=piece.last,
            next=piece.first,
            parent_block_id=origin.id,
        )
    )
