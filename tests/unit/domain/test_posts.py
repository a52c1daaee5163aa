"""Posts: held for a time, at the right level, and exercised by substitutes under their own name."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import SINCE, Cast
from workflows import clock, journal
from workflows.domain import posts
from workflows.domain.people import Person
from workflows.domain.posts import (
    DutiesNotSeparate,
    Held,
    OwnSubstitute,
    Post,
    PostFilled,
    PostKind,
    TermWrong,
    WrongLevel,
)
from workflows.errors import NotFound
from workflows.journal import SYSTEM, Event

MAY_DAY = date(2020, 5, 1)


def post_of(session: Session, cast: Cast) -> Post:
    return posts.get(session, posts.held_by(session, cast.saren.id)[0].post_id)


def test_a_post_is_held_from_its_first_day_to_its_last(session: Session, cast: Cast) -> None:
    post = post_of(session, cast)
    posts.end(session, post_id=post.id, last_day=MAY_DAY, actor=SYSTEM)
    held = Held(post.id, PostKind.BRANCH_SECRETARY, cast.branch.id, cast.branch.name, cast.saren.id)
    assert posts.held_by(session, cast.saren.id, SINCE) == [held]
    assert posts.held_by(session, cast.saren.id, MAY_DAY) == [held]
    assert posts.held_by(session, cast.saren.id, SINCE - timedelta(days=1)) == []
    assert posts.held_by(session, cast.saren.id, MAY_DAY + timedelta(days=1)) == []


def test_without_a_day_the_clock_says_which(session: Session, cast: Cast) -> None:
    with clock.standing_at(clock.start_of(SINCE - timedelta(days=1))):
        assert posts.held_by(session, cast.saren.id) == []


def test_a_substitute_acts_under_his_own_name_for_the_holder(session: Session, cast: Cast) -> None:
    post = post_of(session, cast)
    week = MAY_DAY + timedelta(days=6)
    posts.substitute(session, post_id=post.id, person_id=cast.bator.id, since=MAY_DAY, until=week, actor=SYSTEM)
    standing_in = posts.held_by(session, cast.bator.id, MAY_DAY)[-1]
    assert (standing_in.person_id, standing_in.for_person_id, standing_in.for_name) == (
        cast.bator.id,
        cast.saren.id,
        "萨仁",
    )
    after = posts.held_by(session, cast.bator.id, week + timedelta(days=1))
    assert [held.kind for held in after] == [PostKind.MENTOR]


def test_a_post_is_exercised_by_its_holder_and_for_a_time_by_a_substitute(session: Session, cast: Cast) -> None:
    post = post_of(session, cast)
    posts.substitute(session, post_id=post.id, person_id=cast.bator.id, since=MAY_DAY, until=MAY_DAY, actor=SYSTEM)

    def may(person: Person, day: date = MAY_DAY, kind: PostKind = PostKind.BRANCH_SECRETARY, **as_post: int) -> bool:
        with clock.standing_at(clock.start_of(day)):
            return posts.exercises(session, person.id, cast.branch.id, kind, **as_post)

    assert [may(cast.saren), may(cast.bator), may(cast.lin)] == [True, True, False]
    assert [may(person, MAY_DAY + timedelta(days=1)) for person in (cast.saren, cast.bator)] == [True, False]
    assert may(cast.saren, SINCE - timedelta(days=1)) is False
    assert may(cast.saren, kind=PostKind.ORG_COMMISSIONER) is False
    assert [may(cast.saren, post_id=post_id) for post_id in (post.id, post.id + 1)] == [True, False]


def test_holders_are_those_in_the_post_and_on_request_their_substitutes(session: Session, cast: Cast) -> None:
    kinds = [PostKind.BRANCH_SECRETARY, PostKind.ORG_COMMISSIONER]
    assert posts.holders(session, cast.branch.id, kinds) == [cast.saren, cast.lin]
    posts.substitute(
        session, post_id=post_of(session, cast).id, person_id=cast.bator.id, since=MAY_DAY, until=MAY_DAY, actor=SYSTEM
    )
    assert posts.holders(session, cast.branch.id, kinds, MAY_DAY) == [cast.saren, cast.lin]
    assert posts.holders(session, cast.branch.id, kinds, MAY_DAY, substitutes=True) == [
        cast.saren,
        cast.lin,
        cast.bator,
    ]


def test_a_post_exists_only_at_its_level(session: Session, cast: Cast) -> None:
    with pytest.raises(WrongLevel) as refusal:
        posts.assign(
            session,
            person_id=cast.zhao.id,
            unit_id=cast.branch.id,
            kind=PostKind.COUNTY_COMMITTEE,
            since=SINCE,
            actor=SYSTEM,
        )
    assert set(refusal.value.fields) == {"kind"}


def test_a_branch_has_one_secretary_at_a_time(session: Session, cast: Cast) -> None:
    def put_lin_in(since: date) -> Post:
        return posts.assign(
            session,
            person_id=cast.lin.id,
            unit_id=cast.branch.id,
            kind=PostKind.BRANCH_SECRETARY,
            since=since,
            actor=SYSTEM,
        )

    with pytest.raises(PostFilled):
        put_lin_in(MAY_DAY)
    posts.end(session, post_id=post_of(session, cast).id, last_day=MAY_DAY, actor=SYSTEM)
    with pytest.raises(PostFilled):
        put_lin_in(MAY_DAY)
    assert put_lin_in(MAY_DAY + timedelta(days=1)).id


def test_several_sit_on_a_committee_but_nobody_twice(session: Session, cast: Cast) -> None:
    committee = posts.holders(session, cast.school.id, [PostKind.GRASSROOTS_COMMITTEE])
    assert committee == [cast.gaowa, cast.chen]
    with pytest.raises(PostFilled):
        posts.assign(
            session,
            person_id=cast.gaowa.id,
            unit_id=cast.school.id,
            kind=PostKind.GRASSROOTS_COMMITTEE,
            since=SINCE,
            actor=SYSTEM,
        )


def test_nobody_administers_and_audits(session: Session, cast: Cast) -> None:
    for person, kind in [(cast.he, PostKind.AUDITOR), (cast.ma, PostKind.ADMINISTRATOR)]:
        with pytest.raises(DutiesNotSeparate):
            posts.assign(session, person_id=person.id, unit_id=cast.region.id, kind=kind, since=SINCE, actor=SYSTEM)


def test_nobody_administers_for_one_and_audits_for_another(session: Session, cast: Cast) -> None:
    administers, audits = (posts.held_by(session, person.id)[0].post_id for person in (cast.he, cast.ma))

    def stand_in(person_id: int, post_id: int) -> None:
        posts.substitute(session, post_id=post_id, person_id=person_id, since=MAY_DAY, until=MAY_DAY, actor=SYSTEM)

    with pytest.raises(DutiesNotSeparate):
        stand_in(cast.he.id, audits)
    stand_in(cast.sun.id, administers)
    with pytest.raises(DutiesNotSeparate):
        stand_in(cast.sun.id, audits)


def test_nobody_stands_in_for_himself(session: Session, cast: Cast) -> None:
    with pytest.raises(OwnSubstitute):
        posts.substitute(
            session,
            post_id=post_of(session, cast).id,
            person_id=cast.saren.id,
            since=MAY_DAY,
            until=MAY_DAY,
            actor=SYSTEM,
        )


def test_a_term_does_not_end_before_it_begins(session: Session, cast: Cast) -> None:
    with pytest.raises(TermWrong) as refusal:
        posts.end(session, post_id=post_of(session, cast).id, last_day=SINCE - timedelta(days=1), actor=SYSTEM)
    assert set(refusal.value.fields) == {"until"}


def test_ending_a_post_ends_its_substitutions(session: Session, cast: Cast) -> None:
    post = post_of(session, cast)
    later = MAY_DAY + timedelta(days=30)
    posts.substitute(session, post_id=post.id, person_id=cast.bator.id, since=SINCE, until=later, actor=SYSTEM)
    posts.substitute(session, post_id=post.id, person_id=cast.lin.id, since=later, until=later, actor=SYSTEM)
    posts.end(session, post_id=post.id, last_day=MAY_DAY, actor=SYSTEM)
    assert len(posts.held_by(session, cast.bator.id, MAY_DAY)) == 2
    assert len(posts.held_by(session, cast.bator.id, later)) == 1
    assert len(posts.held_by(session, cast.lin.id, later)) == 1


def test_assigning_and_ending_stand_in_the_journal_of_the_unit_without_names(session: Session, cast: Cast) -> None:
    post = posts.assign(
        session,
        person_id=cast.saren.id,
        unit_id=cast.small_branch.id,
        kind=PostKind.BRANCH_SECRETARY,
        since=SINCE,
        actor=cast.actor(cast.gaowa),
    )
    posts.end(session, post_id=post.id, last_day=MAY_DAY, actor=cast.actor(cast.gaowa))
    entries = journal.entries_of(session, journal.unit_chain(cast.small_branch.id))
    assert [entry.event for entry in entries] == [Event.POST_ASSIGNED, Event.POST_ENDED]
    assert [entry.person_id for entry in entries] == [cast.gaowa.id] * 2
    assert [entry.facts["holder"] for entry in entries] == [cast.saren.id] * 2
    assert "萨仁" not in str([entry.facts for entry in entries])


def test_an_unknown_post_is_said_to_be_unknown(session: Session) -> None:
    with pytest.raises(NotFound):
        posts.get(session, 10**9)


def test_every_post_has_a_title_and_a_level() -> None:
    assert all(kind.label and kind.at for kind in PostKind)
