"""Who keeps Party units and their links, and who may read and enter what the Party side makes known.

API and pages ask here.
"""

from flask_babel import gettext

from webapp import database, errors, identity
from webapp.quota_acts import COMMITTEES
from workflows.domain import party_units, units
from workflows.domain.posts import OF_THE_PARTY, Held, PostKind
from workflows.domain.units import Unit
from workflows.journal import Actor
from workflows.operations import party_events

KEEPERS = (PostKind.ADMINISTRATOR,)

READERS = (*OF_THE_PARTY, PostKind.BRANCH_SECRETARY, *COMMITTEES, PostKind.AUDITOR)
"""Posts that read what the Party side makes known, of the units they stand at or above."""


def keeper(unit_id: int | None = None) -> Actor:
    """The administrator, who founds Party units, links them and fills their posts; raises PostNeeded.

    A refusal is kept in the journal of the unit, where one is named.
    """
    if unit_id is not None:
        errors.concerning(unit_id=unit_id)
    identity.insist_on_post(*KEEPERS)
    return identity.actor(*KEEPERS)


def keeps() -> bool:
    """Whether the person keeps Party units."""
    return identity.holds(*KEEPERS)


def posts_seen_of(unit_id: int) -> Unit:
    """The Party unit, when the person may read who holds its posts; raises NotFound, OutOfSight."""
    unit = party_units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    if not may_see_posts_of(unit):
        raise identity.OutOfSight(what=gettext("党组织"))
    return unit


def may_see_posts_of(unit: Unit) -> bool:
    """Whether the person keeps Party units, audits them, or holds a post at the unit or above it."""
    return identity.holds(*KEEPERS, PostKind.AUDITOR) or identity.may_see(unit.id)


def read_of(unit_id: int) -> Unit:
    """The unit, Party or League, when the person may read what was made known of its people; raises OutOfSight."""
    unit = units.get(database.session(), unit_id)
    errors.concerning(unit_id=unit_id)
    if not reads(unit):
        raise identity.OutOfSight(what=gettext("组织"))
    return unit


def reads_id(unit_id: int) -> bool:
    """As `reads`, by the unit's id."""
    return reads(units.get(database.session(), unit_id))


def reads(unit: Unit) -> bool:
    """Whether one of the reading posts stands at the unit or above it."""
    line = unit.line()
    return any(held.unit_id in line and held.kind in READERS for held in identity.posts_held())


def enterer(unit_id: int) -> Actor:
    """The person in the post that enters the events of a Party unit; without such a post, in none.

    It is `operations.party_events` that refuses the act.
    """
    errors.concerning(unit_id=unit_id)
    held = entering_post(units.get(database.session(), unit_id))
    return identity.as_actor(held) if held else Actor(person_id=identity.current_person().id)


def entering_post(unit: Unit) -> Held | None:
    """The person's post that enters events of the unit, the nearest one first."""
    line = unit.line()
    held = [each for each in identity.posts_held() if each.unit_id in line and each.kind in party_events.ENTERED_BY]
    return max(held, key=lambda each: line.index(each.unit_id), default=None)
