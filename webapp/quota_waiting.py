"""Changes of places that wait for the signed-in person's answer; navigation, inbox and the pages of places ask here."""

from dataclasses import dataclass

from flask import g

from webapp import database, identity
from workflows.domain import quota_news, quota_waiting
from workflows.domain.posts import PostKind
from workflows.domain.quota_waiting import Waiting

ANSWERING = (*quota_news.COMMITTEES, PostKind.BRANCH_SECRETARY)


@dataclass(frozen=True)
class WaitingSeen:
    """What waits at one unit whose places the person manages."""

    unit_id: int
    unit_name: str
    waiting: Waiting


def of_mine() -> list[WaitingSeen]:
    """What waits at the units whose places the person manages, looked up once in a request."""
    if "quota_waiting" not in g:
        names = {held.unit_id: held.unit_name for held in identity.posts_held() if held.kind in ANSWERING}
        found = quota_waiting.at_units(database.session(), names)
        g.quota_waiting = [WaitingSeen(key, names[key], each) for key, each in sorted(found.items())]
    return list(g.quota_waiting)


def count() -> int:
    """How many changes of places wait for the person."""
    return sum(each.waiting.total for each in of_mine())
