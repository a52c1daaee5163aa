"""Who may do what waits, in words: asked for all the lines of a page at once."""

from collections.abc import Iterable

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.identity import Addressed
from workflows.domain import posts
from workflows.domain.people import Person
from workflows.domain.posts import PostKind

MOST_NAMES = 3


class WhoActs:
    """The post and the person behind each of some work items, read by two statements however many they are."""

    def __init__(self, session: Session, items: Iterable[Addressed]) -> None:
        of_post, of_person = set[tuple[int, str]](), set[int]()
        for item in items:
            if item.person_id is not None:
                of_person.add(item.person_id)
            else:
                of_post.add((item.unit_id, str(item.post_kind)))
        self._holders = posts.names_of_holders(session, of_post)
        query = select(Person.id, Person.name).where(Person.id.in_(of_person))
        self._names = dict(session.execute(query).all()) if of_person else {}

    def line(self, item: Addressed) -> str:
        """Post and name: `组织委员 演示·王五`; only the post when nobody holds it."""
        title = gettext(PostKind(item.post_kind).label)
        if item.person_id is not None:
            return f"{title} {self._names.get(item.person_id, '—')}"
        found = self._holders.get((item.unit_id, str(item.post_kind)), [])
        if not found:
            return gettext("%(post)s（暂无人任职）", post=title)
        return f"{title} {'、'.join(found[:MOST_NAMES])}"
