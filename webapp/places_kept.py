"""Who acts on a unit's places and head counts; API and pages ask here."""

from flask_babel import gettext

from webapp import database, errors, identity
from workflows.domain import units
from workflows.domain.posts import PostKind
from workflows.domain.quota_ledger import Plan
from workflows.domain.units import Unit, UnitKind
from workflows.errors import NotAuthorised
from workflows.journal import Actor
from workflows.operations.head_counts import ENTERED_BY

COMMITTEES = ENTERED_BY
EXCEPTIONS_BY = (PostKind.COUNTY_COMMITTEE, PostKind.PREFECTURE_COMMITTEE, PostKind.REGION_COMMITTEE)
"""Posts that may grant a class an exception; a unit reporting to the region directly turns to the region."""


def committee_of(unit_id: int) -> Actor:
    """The person acting for the committee of this very unit; raises NotFound, NotAuthorised."""
    unit = units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    for held in identity.posts_held():
        if held.unit_id == unit_id and held.kind in COMMITTEES:
            return identity.as_actor(held)
    raise NotAuthorised(unit=unit.name, post=gettext("团委经办人"))


def keeps(unit_id: int) -> bool:
    """Whether the person acts for the committee of this very unit."""
    return any(held.unit_id == unit_id and held.kind in COMMITTEES for held in identity.posts_held())


def above_of(unit: Unit, *kinds: PostKind) -> Actor | None:
    """The person in one of these posts (a committee's, when none are given) at the unit or above it; else None."""
    line = unit.line()
    wanted = kinds or COMMITTEES
    for held in identity.posts_held():
        if held.unit_id in line and held.kind in wanted:
            return identity.as_actor(held)
    return None


def counter_of(unit_id: int) -> Actor:
    """The person who enters head counts for the unit; raises NotFound, NotAuthorised."""
    unit = units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    actor = above_of(unit)
    if actor is None:
        raise NotAuthorised(unit=unit.name, post=gettext("团委经办人"))
    return actor


def granter_of(unit: Unit) -> Actor:
    """The person who may grant the class an exception: of a committee from the county up; raises NotAuthorised."""
    errors.concerning(unit_id=unit.id)
    actor = above_of(unit, *EXCEPTIONS_BY)
    if actor is None:
        raise NotAuthorised(unit=unit.name, post=gettext("旗县以上团委经办人"))
    return actor


def has_classes(unit: Unit, below: list[Unit]) -> bool:
    """Whether the unit hands its places to classes, so that its head counts are entered class by class."""
    return unit.kind in (UnitKind.SCHOOL, UnitKind.DIRECT) and any(each.kind == UnitKind.BRANCH for each in below)


def year_shown(plan: Plan | None, asked: int | None, today_year: int) -> int:
    """The plan year a page is about: the one asked for, the open plan's, else this year's."""
    return asked or (plan.year if plan else today_year)
