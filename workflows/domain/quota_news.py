"""News of changes of places: who must decide is told that something waits, who asked is told the answer and why.

The news goes to whoever manages the places of a unit, through the outbox, in the transaction of the act it tells of.
"""

from sqlalchemy.orm import Session

from workflows import outbox
from workflows.domain import units
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit, UnitKind

COMMITTEES = (
    PostKind.GRASSROOTS_COMMITTEE,
    PostKind.COUNTY_COMMITTEE,
    PostKind.PREFECTURE_COMMITTEE,
    PostKind.REGION_COMMITTEE,
)
"""Posts that manage a unit's places."""

AT_A_CLASS = (UnitKind.BRANCH, UnitKind.GENERAL_BRANCH)

WHERE = "请在“名额—追加、调剂与关闭”中办理。"

LONGEST = 500
"""A notice has no room for more; reasons are shorter, so that only what follows them may be cut."""


def managing_posts(unit: Unit) -> list[PostKind]:
    """The posts that manage the places of a unit: its committee's, and for a class its secretary's."""
    kinds = (*COMMITTEES, PostKind.BRANCH_SECRETARY) if unit.kind in AT_A_CLASS else COMMITTEES
    return [kind for kind in kinds if unit.kind in kind.at]


def tell(session: Session, unit_id: int, text: str) -> None:
    """Tell whoever manages the places of the unit, after the caller's commit."""
    unit = units.get(session, unit_id)
    for kind in managing_posts(unit):
        facts = {"unit_id": unit.id, "post_kind": str(kind), "person_id": None, "case_id": None}
        outbox.post(session, outbox.NOTICE, text=text[:LONGEST], **facts)


def name_of(session: Session, unit_id: int) -> str:
    """The unit as the news names it."""
    return units.get(session, unit_id).name
