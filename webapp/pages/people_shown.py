"""Names of people and posts for a page, fetched together."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.people import Person
from workflows.domain.posts import Post, PostKind
from workflows.domain.units import Unit


@dataclass(frozen=True)
class Names:
    """Names by id; an unknown id reads as a dash, the product itself as 系统."""

    people: dict[int, str]
    posts: dict[int, str]

    def who(self, person_id: int | None, for_person_id: int | None = None) -> str:
        """A person's name, "B 代 A" for a substitute."""
        if person_id is None:
            return gettext("系统")
        name = self.people.get(person_id, "—")
        if for_person_id is None:
            return name
        return gettext("%(name)s 代 %(absent)s", name=name, absent=self.people.get(for_person_id, "—"))

    def post(self, post_id: int | None) -> str:
        """The unit and title of a post."""
        return self.posts.get(post_id, "") if post_id else ""


def names_of(session: Session, person_ids: Iterable[int | None], post_ids: Iterable[int | None] = ()) -> Names:
    """The names of some people and posts."""
    wanted = {person_id for person_id in person_ids if person_id}
    people = dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted))).all())
    held = {post_id for post_id in post_ids if post_id}
    query = select(Post.id, Post.kind, Unit.short_name).join(Unit, Unit.id == Post.unit_id).where(Post.id.in_(held))
    titles = {post_id: f"{unit} {gettext(PostKind(kind).label)}" for post_id, kind, unit in session.execute(query)}
    return Names(people, titles)
