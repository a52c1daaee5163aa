"""One row, two keys: what League and Party sign, over which facts, and what becomes of it when they change."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import party_links, recognition_facts, recognitions, recommendations, two_keys, units
from workflows.domain.recognition_tables import ActKind, Recognition
from workflows.domain.recognitions import NothingToRecognise, RecognitionOpen
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation
from workflows.domain.two_keys import FactsChanged, RecognitionSettled, SamePerson, Side, State
from workflows.domain.units import UnitKind
from workflows.journal import SYSTEM, Actor, Event

MET = date(2024, 3, 1)
MORNING = clock.start_of(date(2024, 3, 20)) + timedelta(hours=9)

pytestmark = pytest.mark.usefixtures("on_a_morning")


@pytest.fixture
def on_a_morning() -> object:
    with clock.standing_at(MORNING):
        yield


@pytest.fixture
def asked(session: Session, cast: Cast) -> Recommendation:
    """Lin's recommendation, which the school has passed to the Party branch."""
    committee = units.add(session, None, code="DW", name="第一中学党委", kind=UnitKind.PARTY_COMMITTEE)
    party = units.add(session, committee, code="DZ", name="第一中学党支部", kind=UnitKind.PARTY_BRANCH)
    links = {"party_unit_id": party.id, "league_unit_id": cast.branch.id}
    party_links.link(session, **links, since=date(2023, 9, 1), actor=SYSTEM)
    row = Recommendation(
        person_id=cast.lin.id,
        product=Product.ACTIVIST,
        unit_id=cast.branch.id,
        state=recommendations.State.RECOMMENDED,
        holds_place=False,
        recommended_on=MET,
        votes={"eligible_voters": 30, "present_voters": 28, "votes_for": 26},
        passed_on=date(2024, 3, 12),
        document="一中团推〔2024〕2号",
        party_unit_id=party.id,
        valid_until=recommendations.end_of_validity(MET, 2),
        created_at=clock.now(),
    )
    session.add(row)
    session.flush()
    return row


@pytest.fixture
def open_one(session: Session, cast: Cast, asked: Recommendation) -> Recognition:
    return recognitions.begin(session, recommendation_id=asked.id, case_id=None, actor=cast.actor(cast.saren))


@pytest.fixture
def standing(session: Session, cast: Cast, open_one: Recognition) -> Recognition:
    sign(session, open_one, Side.LEAGUE, cast.actor(cast.gaowa))
    return sign(session, open_one, Side.PARTY, cast.actor(cast.zhao))


def sign(session: Session, row: Recognition, side: Side, actor: Actor, seen: str = "") -> Recognition:
    return recognitions.sign(session, row.id, side, seen=seen or row.digest, actor=actor)


def correct(session: Session, row: Recommendation) -> None:
    row.document = "一中团推〔2024〕3号"
    session.flush()


def kinds(session: Session, row: Recognition) -> list[ActKind]:
    return [act.kind for act in recognitions.acts_of(session, row.id)]


def test_both_read_the_same_facts_in_one_canonical_form(session: Session, open_one: Recognition) -> None:
    [version] = recognitions.versions_of(session, open_one.id)
    told = dict(recognition_facts.in_order(version.facts))
    assert told["推荐为"] == "入党积极分子"
    assert told["推优大会表决"] == "应到会有表决权30，实到28，赞成26"
    assert told["推荐是否有效"] == "有效"
    assert open_one.digest == version.digest == recognition_facts.digest_of(dict(reversed(version.facts.items())))


def test_only_a_recommendation_that_is_with_the_party_is_recognised(
    session: Session, cast: Cast, asked: Recommendation
) -> None:
    with clock.standing_at(MORNING + timedelta(days=800)), pytest.raises(NothingToRecognise):
        recognitions.begin(session, recommendation_id=asked.id, case_id=None, actor=SYSTEM)
    asked.state = recommendations.State.WITHDRAWN
    with pytest.raises(NothingToRecognise, match="已撤回"):
        recognitions.begin(session, recommendation_id=asked.id, case_id=None, actor=SYSTEM)


def test_a_recommendation_has_one_recognition_at_a_time(session: Session, open_one: Recognition) -> None:
    again = {"recommendation_id": open_one.recommendation_id, "case_id": None, "actor": SYSTEM}
    with pytest.raises(RecognitionOpen):
        recognitions.begin(session, **again)
    recognitions.refuse(session, open_one.id, Side.PARTY, reason="再培养一年", actor=SYSTEM)
    assert recognitions.begin(session, **again).id > open_one.id


def test_it_stands_with_the_second_key_and_not_before(session: Session, cast: Cast, open_one: Recognition) -> None:
    assert sign(session, open_one, Side.PARTY, cast.actor(cast.zhao)).recognised_on is None
    sign(session, open_one, Side.LEAGUE, cast.actor(cast.gaowa))
    assert (open_one.state, open_one.recognised_on) == (State.RECOGNISED, clock.today())
    assert kinds(session, open_one) == [ActKind.OPENED, ActKind.SIGNED, ActKind.SIGNED, ActKind.RECOGNISED]


def test_a_substitute_is_kept_with_whom_he_signs_for(session: Session, cast: Cast, open_one: Recognition) -> None:
    substitute = Actor(person_id=cast.chen.id, for_person_id=cast.gaowa.id)
    sign(session, open_one, Side.LEAGUE, substitute)
    assert (open_one.league_signed_by, open_one.league_signed_for) == (cast.chen.id, cast.gaowa.id)
    with pytest.raises(SamePerson):
        sign(session, open_one, Side.PARTY, cast.actor(cast.gaowa))


def test_facts_that_changed_meanwhile_are_told_and_not_signed(
    session: Session, cast: Cast, open_one: Recognition, asked: Recommendation
) -> None:
    seen = open_one.digest
    correct(session, asked)
    with pytest.raises(FactsChanged, match="推荐文号由“一中团推〔2024〕2号”变为“一中团推〔2024〕3号”"):
        sign(session, open_one, Side.LEAGUE, cast.actor(cast.gaowa), seen)
    assert recognitions.unseen_changes(session, open_one) != []
    recognitions.renew(session, open_one.id, actor=cast.actor(cast.chen))
    with pytest.raises(FactsChanged, match="3号"):
        sign(session, open_one, Side.LEAGUE, cast.actor(cast.gaowa), seen)
    sign(session, open_one, Side.LEAGUE, cast.actor(cast.gaowa))
    assert open_one.keys().key_of(Side.LEAGUE) is not None


def test_new_facts_suspend_what_stood_for_both_at_once(
    session: Session, standing: Recognition, asked: Recommendation
) -> None:
    assert recognitions.renew(session, standing.id, actor=SYSTEM) == []
    assert standing.state is State.RECOGNISED
    correct(session, asked)
    [changed] = recognitions.renew(session, standing.id, actor=SYSTEM)
    assert "推荐文号" in changed
    assert (standing.state, standing.recognised_on) == (State.SUSPENDED, None)
    assert standing.keys().key_of(Side.LEAGUE) is standing.keys().key_of(Side.PARTY) is None
    assert recognitions.acts_of(session, standing.id)[-1].text == changed


def test_what_a_side_reports_belongs_to_the_facts(session: Session, cast: Cast, standing: Recognition) -> None:
    about = {"reported": "考试违纪", "document": "处理决定", "happened_on": date(2024, 3, 18)}
    recognitions.report(session, standing.id, Side.PARTY, **about, actor=cast.actor(cast.zhao))
    facts = recognitions.versions_of(session, standing.id)[0].facts
    assert facts["reported.1"] == "2024-03-18，党组织：考试违纪（处理决定）"
    assert standing.state is State.SUSPENDED
    recognitions.refuse(session, standing.id, Side.LEAGUE, reason="不再认定", actor=cast.actor(cast.gaowa))
    assert standing.state is State.REVOKED
    assert standing.settled_at is not None
    with pytest.raises(RecognitionSettled):
        recognitions.report(session, standing.id, Side.PARTY, **about, actor=cast.actor(cast.zhao))


def test_being_determined_is_no_new_fact(session: Session, standing: Recognition, asked: Recommendation) -> None:
    asked.state, asked.determined_on = recommendations.State.DETERMINED, clock.today()
    session.flush()
    assert recognitions.unseen_changes(session, standing) == []
    asked.state = recommendations.State.WITHDRAWN
    session.flush()
    assert recognitions.unseen_changes(session, standing) == ["推荐是否有效由“有效”变为“已撤回”"]


def test_it_expires_after_the_last_day_of_the_recommendation_and_not_before(
    session: Session, standing: Recognition
) -> None:
    last = clock.start_of(date(2026, 3, 1))
    with clock.standing_at(last):
        assert recognitions.expire(session, standing.id, actor=SYSTEM).state is State.RECOGNISED
    with clock.standing_at(last + timedelta(days=1)):
        assert recognitions.expire(session, standing.id, actor=SYSTEM).state is State.EXPIRED
        assert recognitions.unseen_changes(session, standing) == []


def test_the_database_knows_the_rule_too(session: Session, open_one: Recognition) -> None:
    for change in (
        "state = 'recognised'",
        "state = 'recognised', league_digest = digest, party_digest = 'other'",
        "league_signed_by = 7, party_signed_by = 7",
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(f"UPDATE recognition SET {change}"))


@pytest.mark.parametrize("table", ["recognition_act", "recognition_facts"])
def test_what_was_done_and_what_was_signed_is_never_changed(
    session: Session, open_one: Recognition, table: str
) -> None:
    with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
        session.execute(text(f"UPDATE {table} SET digest = 'other'"))


def test_the_journal_tells_what_happened_and_no_words(session: Session, standing: Recognition) -> None:
    journal.write(session)
    entries = journal.entries_of(session, f"recognition:{standing.id}")
    assert [entry.event for entry in entries] == [
        Event.RECOGNITION_OPENED,
        Event.RECOGNITION_SIGNED,
        Event.RECOGNITION_SIGNED,
        Event.RECOGNITION_SETTLED,
    ]
    assert {key for entry in entries for key in entry.facts} == {"recognition", "state", "digest", "side"}


def test_the_branch_is_offered_what_nobody_recognises_yet(session: Session, cast: Cast, asked: Recommendation) -> None:
    assert recognitions.open_recommendations(session, cast.branch.id) == [(asked, "林一")]
    row = recognitions.begin(session, recommendation_id=asked.id, case_id=None, actor=SYSTEM)
    assert recognitions.open_recommendations(session, cast.branch.id) == []
    assert row.state in two_keys.UNDECIDED
    assert recognitions.live_ids(session) == [row.id]
