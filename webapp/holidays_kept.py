"""Who keeps the school holidays of a unit, and what is shown of them. API and pages ask here."""

from datetime import date, timedelta

from flask_babel import gettext

from webapp import database, errors, identity
from workflows import clock
from workflows.domain import calendars, units, working_days
from workflows.domain.calendars import Holiday
from workflows.domain.posts import PostKind
from workflows.errors import NotAuthorised
from workflows.journal import Actor

KEEPERS = (
    PostKind.GRASSROOTS_COMMITTEE,
    PostKind.COUNTY_COMMITTEE,
    PostKind.PREFECTURE_COMMITTEE,
    PostKind.REGION_COMMITTEE,
)
"""Posts that enter the holidays of their own unit, which hold for everything below it."""

SHOWN_FOR = timedelta(days=366)
"""Holidays that ended earlier are left out, unless somebody asks for them."""


def keeper(unit_id: int) -> Actor:
    """The person in the committee's post at this very unit; raises NotFound or NotAuthorised."""
    unit = units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    for held in identity.posts_held():
        if held.unit_id == unit_id and held.kind in KEEPERS:
            return identity.as_actor(held)
    raise NotAuthorised(unit=unit.name, post=gettext("团委经办人"))


def keeps(unit_id: int) -> bool:
    """Whether the person may enter holidays of the unit."""
    return any(held.unit_id == unit_id and held.kind in KEEPERS for held in identity.posts_held())


def holding_for(unit_id: int, since: date | None = None) -> list[Holiday]:
    """What holds for the unit, by date, from `since` on (a year back when it is not given); raises NotFound."""
    return calendars.holidays_of(database.session(), unit_id, since or clock.today() - SHOWN_FOR)


def last_announced_year() -> int:
    """The last year whose public holidays are known; after it only weekends count as free."""
    return working_days.last_announced_year()


def unknown_is_near() -> bool:
    """Whether periods that begin about now may reach a year whose public holidays are not known."""
    return working_days.unknown_year_near(clock.today()) is not None
