"""Which units a page is about: the person's own, or one below them that was chosen."""

from flask import request
from sqlalchemy.orm import Session

from webapp import identity
from workflows.domain import units
from workflows.domain.posts import PostKind
from workflows.domain.units import Unit


def own_units(session: Session, *kinds: PostKind) -> list[Unit]:
    """The units of the posts the person exercises, each once; of these kinds only, when some are given."""
    held = [post for post in identity.posts_held() if not kinds or post.kind in kinds]
    return [units.get(session, unit_id) for unit_id in dict.fromkeys(post.unit_id for post in held)]


def chosen_unit(session: Session, *kinds: PostKind) -> Unit:
    """The unit named by `?unit=`, when the person may see it; else the first of the person's own."""
    wanted = request.args.get("unit", type=int)
    if wanted is None:
        return own_units(session, *kinds)[0]
    identity.insist_on_sight(wanted, "组织")
    return units.get(session, wanted)


def units_below(session: Session, top: Unit) -> list[int]:
    """The ids of the unit and of everything that reports to it."""
    return units.subtree_ids(session, top.id)
