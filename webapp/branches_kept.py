"""Who may put on record how a branch is set up: the committee that approves its admissions; API and pages ask here."""

from flask_babel import gettext

from webapp import database, errors, identity
from webapp.quota_acts import COMMITTEES
from workflows.domain import units
from workflows.domain.posts import Held
from workflows.domain.units import APPROVING, Unit
from workflows.errors import NotAuthorised
from workflows.journal import Actor


def keeper(unit_id: int) -> Actor:
    """The person in the post of the committee above the branch; raises NotFound, NothingAbove, NotAuthorised."""
    errors.concerning(unit_id=unit_id)
    committee = units.ancestor(database.session(), unit_id, *APPROVING)
    held = _post_at(committee)
    if held is None:
        raise NotAuthorised(unit=committee.name, post=gettext("团委经办人"))
    return identity.as_actor(held)


def keeps(committee: Unit) -> bool:
    """Whether the person sets up the branches of this committee."""
    return committee.kind in APPROVING and _post_at(committee) is not None


def _post_at(committee: Unit) -> Held | None:
    return next(
        (held for held in identity.posts_held() if held.unit_id == committee.id and held.kind in COMMITTEES), None
    )
