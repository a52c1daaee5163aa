"""Last year's places entered by people, for the units below their own: from a form or a file, all of it or none."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import past_share_files, past_shares
from workflows.domain.past_share_files import ShareRow
from workflows.domain.past_shares import AMOUNT_WRONG, KNOWN, PastShare, SharesWrong
from workflows.domain.units import Unit
from workflows.journal import Actor
from workflows.operations.head_counts import SEVERAL, UNKNOWN, CountRowsWrong, insist, units_by_name

NOT_BELOW = "上年名额由上级为下级补录，这不是您的下级"
TWICE = "同一单位只填一行"
FAULTS = (NOT_BELOW, TWICE)
"""What is said of a line, beside what is said of head counts."""


@dataclass(frozen=True)
class CheckedShare:
    """One line of the file, the unit it is about, and why it cannot be taken over (empty when it can)."""

    row: ShareRow
    unit: Unit | None
    fault: str = ""


def enter(
    session: Session, *, unit_id: int, year: int, amounts: Mapping[int, int], source: str, actor: Actor
) -> list[PastShare]:
    """Record what units below `unit_id` were allotted in a year; nobody enters his own.

    Raises NotAuthorised, NotFound, SharesWrong by unit.
    """
    top = insist(session, unit_id, actor)
    query = select(Unit.id).where(Unit.id.in_(list(amounts)), Unit.path.startswith(top.path, autoescape=True))
    below = set(session.scalars(query)) - {top.id}
    if strange := [key for key in amounts if key not in below]:
        raise SharesWrong(fields={f"amount-{key}": NOT_BELOW for key in strange})
    return past_shares.record(session, year=year, amounts=amounts, source=source, actor=actor)


def check_file(session: Session, *, unit_id: int, year: int, text: str, actor: Actor) -> list[CheckedShare]:
    """Every line of a file with the unit below `unit_id` it is about; nothing is kept.

    Raises NotAuthorised, and SharesUnreadable for what is no table.
    """
    top = insist(session, unit_id, actor)
    known = units_by_name(session, top)
    rows = past_share_files.read(text)
    named = [known[row.unit][0].id for row in rows if len(known.get(row.unit, [])) == 1]
    kept, seen = past_shares.in_ledger(session, year, named), set[int]()
    return [_checked(row, known.get(row.unit, []), top, kept, seen) for row in rows]


def take_file(session: Session, *, unit_id: int, year: int, text: str, source: str, actor: Actor) -> list[PastShare]:
    """Record what the file says; raises CountRowsWrong when one line is wrong, then none is taken, and SharesWrong."""
    rows = check_file(session, unit_id=unit_id, year=year, text=text, actor=actor)
    if wrong := [row for row in rows if row.fault]:
        raise CountRowsWrong(n=len(wrong))
    amounts = {row.unit.id: row.row.amount for row in rows if row.unit is not None and row.row.amount is not None}
    return enter(session, unit_id=unit_id, year=year, amounts=amounts, source=source, actor=actor)


def _checked(row: ShareRow, found: list[Unit], top: Unit, kept: Mapping[int, int], seen: set[int]) -> CheckedShare:
    if len(found) != 1:
        return CheckedShare(row, None, SEVERAL if found else UNKNOWN)
    [unit] = found
    faults = {
        NOT_BELOW: unit.id == top.id,
        TWICE: unit.id in seen,
        KNOWN: unit.id in kept,
        AMOUNT_WRONG: row.amount is None or row.amount > past_shares.MOST,
    }
    seen.add(unit.id)
    return CheckedShare(row, unit, next((fault for fault, holds in faults.items() if holds), ""))
