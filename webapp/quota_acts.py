"""Who may act on a unit's places: its committee, and for a class its secretary; API and pages ask here."""

from flask_babel import gettext

from webapp import database, errors, identity
from workflows.domain import quota_news, units
from workflows.domain.posts import Held
from workflows.domain.units import Unit
from workflows.errors import NotAuthorised
from workflows.journal import Actor

COMMITTEES = quota_news.COMMITTEES
"""Posts that manage a unit's places."""

AT_A_CLASS = quota_news.AT_A_CLASS
"""Levels whose secretary manages the places too."""


def managing(unit_id: int) -> Actor:
    """The person in the post that manages the places of this very unit; raises NotFound, NotAuthorised."""
    unit = units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    held = _post_at(unit)
    if held is None:
        raise NotAuthorised(unit=unit.name, post=gettext("名额经办人"))
    return identity.as_actor(held)


def manages(unit: Unit) -> bool:
    """Whether the person manages the places of this very unit."""
    return _post_at(unit) is not None


def _post_at(unit: Unit) -> Held | None:
    kinds = quota_news.managing_posts(unit)
    return next((held for held in identity.posts_held() if held.unit_id == unit.id and held.kind in kinds), None)


def insist_on_sight(unit_id: int) -> Unit:
    """The unit, when the person may read it; raises NotFound, which is also what a foreign unit reads like."""
    unit = units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    identity.insist_on_sight(unit_id, gettext("组织"))
    return unit
