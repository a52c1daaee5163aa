"""Joint recognition (联合认定) of an activist or development target by the League and the Party: one row, two keys.

Both sides read this one row, and it says 认定 only while both keys stand over the digest of the facts on record: the
second key, or the new facts that void both, change it for both sides in one transaction, and the database refuses any
other such row. Neither side's process holds an opinion of its own on it. Nothing is ever recognised by time passing.
"""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.domain import party_links, people, recognition_facts, recommendations, two_keys, units
from workflows.domain.people import Person
from workflows.domain.recognition_tables import (
    LONGEST_DOCUMENT,
    ActKind,
    Recognition,
    RecognitionAct,
    RecognitionFacts,
)
from workflows.domain.recommendations import Recommendation
from workflows.domain.two_keys import FactsChanged, Key, Side, State, TwoKeys
from workflows.domain.units import Unit
from workflows.errors import NotFound, Refusal
from workflows.journal import Actor, Event

WAITING = (recommendations.State.RECOMMENDED, recommendations.State.KEPT)
"""States of a recommendation that the Party has not answered for good."""


class NothingToRecognise(Refusal):
    """The recommendation is not with the Party, or not any more."""

    code = "recognition.no_recommendation"
    sentence = "这项推荐目前是“{state}”，不能提请联合认定。"
    remedy = "请在上级团委同意并向党组织推荐之后、有效期内提请。"
    rule = "联合认定以有效的推优为依据"


class RecognitionOpen(Refusal):
    """One recommendation has one recognition at a time."""

    code = "recognition.open"
    sentence = "这项推荐已有一项联合认定（{state}）。"
    remedy = "请在联合认定页查看双方办到哪一步。"
    rule = "一项推荐同一时间只办理一项联合认定"


def begin(session: Session, *, recommendation_id: int, case_id: int | None, actor: Actor) -> Recognition:
    """Open a recognition over the facts as they are today; the League's case `case_id` asks for it. Journalled.

    Raises NotFound, NothingToRecognise, RecognitionOpen, party_links.NoPartyBranch.
    """
    recommendation = recommendations.get(session, recommendation_id)
    until = recommendation.valid_until
    if recommendation.state not in WAITING or until is None or until < clock.today():
        raise NothingToRecognise(state=recommendation.state.label)
    running = live_of(session, recommendation_id)
    if running is not None:
        raise RecognitionOpen(state=running.state.label)
    facts = recognition_facts.gather(session, recommendation, ())
    row = Recognition(
        recommendation_id=recommendation.id,
        person_id=recommendation.person_id,
        product=recommendation.product,
        league_unit_id=recommendation.unit_id,
        party_unit_id=party_links.party_branch_of(session, recommendation.unit_id).id,
        league_case_id=case_id,
        state=State.OPEN,
        digest=recognition_facts.digest_of(facts),
        valid_until=until,
        created_at=clock.now(),
    )
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:  # two offices asked in the same moment
        raise RecognitionOpen(state=State.OPEN.label) from error
    session.add(_version(row, 1, facts))
    _note(session, row, ActKind.OPENED, Side.LEAGUE, actor)
    return row


def sign(session: Session, recognition_id: int, side: Side, *, seen: str, actor: Actor) -> Recognition:
    """The side signs over the facts it was shown (`seen` is their digest); the second key makes the recognition.

    Raises FactsChanged with what changed, when the records say something else by now; RecognitionSettled, KeyStands,
    SamePerson. Journalled.
    """
    row = lock(session, recognition_id)
    if row.state in two_keys.UNDECIDED:
        _insist_on_facts(session, row, seen)
    before = row.state
    key = Key(digest=seen, by=actor.person_id or 0, instead_of=actor.for_person_id)
    _keep(row, two_keys.sign(row.keys(), side, key))
    _note(session, row, ActKind.SIGNED, side, actor)
    if row.state is State.RECOGNISED and before is not State.RECOGNISED:
        row.recognised_on = clock.today()
        _note(session, row, ActKind.RECOGNISED, None, actor)
    return row


def refuse(
    session: Session, recognition_id: int, side: Side, *, reason: str, actor: Actor, decided_on: date | None = None
) -> Recognition:
    """The side decides against it, with reasons. Raises RecognitionSettled. Journalled."""
    row = lock(session, recognition_id)
    _keep(row, two_keys.refuse(row.keys()))
    _note(session, row, ActKind.REFUSED, side, actor, text=reason, happened_on=decided_on)
    return row


def withdraw(session: Session, recognition_id: int, side: Side, *, reason: str, actor: Actor) -> Recognition:
    """The side takes it back before it stands. Raises RecognitionSettled. Journalled."""
    row = lock(session, recognition_id)
    _keep(row, two_keys.withdraw(row.keys()))
    _note(session, row, ActKind.WITHDRAWN, side, actor, text=reason)
    return row


def report(
    session: Session,
    recognition_id: int,
    side: Side,
    *,
    reported: str,
    document: str,
    happened_on: date,
    actor: Actor,
) -> Recognition:
    """The side puts something new on record: it belongs to the facts, and voids what was signed over the old ones.

    Raises RecognitionSettled when nothing can be changed any more. Journalled.
    """
    row = lock(session, recognition_id)
    two_keys.insist(row.keys(), two_keys.LIVE, "报告情况")
    _note(session, row, ActKind.REPORTED, side, actor, text=reported, document=document, happened_on=happened_on)
    _renew(session, row, actor)
    return row


def renew(session: Session, recognition_id: int, *, actor: Actor) -> list[str]:
    """Gather the facts again; answers what differs, in words. Nothing changes when nothing differs. Journalled."""
    return _renew(session, lock(session, recognition_id), actor)


def expire(session: Session, recognition_id: int, *, actor: Actor) -> Recognition:
    """The recommendation does not count any longer; before its last day has passed nothing happens. Journalled."""
    row = lock(session, recognition_id)
    if row.state.is_live and row.valid_until is not None and row.valid_until < clock.today():
        _keep(row, two_keys.expire(row.keys()))
        _note(session, row, ActKind.EXPIRED, None, actor)
    return row


def get(session: Session, recognition_id: int) -> Recognition:
    """The recognition; raises NotFound."""
    found = session.get(Recognition, recognition_id)
    if found is None:
        raise NotFound(what="联合认定")
    return found


def lock(session: Session, recognition_id: int) -> Recognition:
    """The recognition, locked until the transaction ends; raises NotFound."""
    query = select(Recognition).where(Recognition.id == recognition_id).with_for_update()
    found = session.scalars(query.execution_options(populate_existing=True)).first()
    if found is None:
        raise NotFound(what="联合认定")
    return found


def of_case(session: Session, case_id: int) -> Recognition | None:
    """The recognition that a case of either side works on."""
    query = select(Recognition).where(or_(Recognition.league_case_id == case_id, Recognition.party_case_id == case_id))
    return session.scalars(query).first()


def live_of(session: Session, recommendation_id: int) -> Recognition | None:
    """The recognition of a recommendation that is not ended."""
    query = select(Recognition).where(
        Recognition.recommendation_id == recommendation_id, Recognition.state.in_(two_keys.LIVE)
    )
    return session.scalars(query).first()


def name_of(session: Session, row: Recognition) -> str:
    """Whom the recognition is about."""
    return people.get(session, row.person_id).name


def open_recommendations(session: Session, unit_id: int) -> list[tuple[Recommendation, str]]:
    """What the branch has passed to the Party and nobody recognises yet, with the person's name; by name."""
    asked = select(Recognition.recommendation_id).where(Recognition.state.in_(two_keys.LIVE))
    query = (
        select(Recommendation, Person.name)
        .join(Person, Person.id == Recommendation.person_id)
        .where(
            Recommendation.unit_id == unit_id,
            Recommendation.state.in_(WAITING),
            Recommendation.id.not_in(asked),
        )
    )
    return [(row, name) for row, name in session.execute(query.order_by(Person.name, Recommendation.id))]


def within(session: Session, top_ids: Collection[int], *, limit: int) -> Sequence[Recognition]:
    """Recognitions of which either side's unit is one of these or reports to it, the latest first."""
    if not top_ids:
        return []
    tops = [units.get(session, each).path for each in sorted(set(top_ids))]
    below = select(Unit.id).where(or_(*(Unit.path.startswith(path, autoescape=True) for path in tops)))
    query = select(Recognition).where(or_(Recognition.league_unit_id.in_(below), Recognition.party_unit_id.in_(below)))
    return session.scalars(query.order_by(Recognition.id.desc()).limit(limit)).all()


def live_ids(session: Session) -> list[int]:
    """Every recognition that new facts may still concern."""
    return list(
        session.scalars(select(Recognition.id).where(Recognition.state.in_(two_keys.LIVE)).order_by(Recognition.id))
    )


def acts_of(session: Session, recognition_id: int) -> Sequence[RecognitionAct]:
    """Everything that was done, the oldest first."""
    query = select(RecognitionAct).where(RecognitionAct.recognition_id == recognition_id)
    return session.scalars(query.order_by(RecognitionAct.id)).all()


def versions_of(session: Session, recognition_id: int) -> Sequence[RecognitionFacts]:
    """The facts as they were from time to time, the latest first."""
    query = select(RecognitionFacts).where(RecognitionFacts.recognition_id == recognition_id)
    return session.scalars(query.order_by(RecognitionFacts.number.desc())).all()


def unseen_changes(session: Session, row: Recognition) -> list[str]:
    """What the records say otherwise than the facts on record, in words: what `renew` would find."""
    if not row.state.is_live:
        return []
    return recognition_facts.changes(versions_of(session, row.id)[0].facts, _gathered(session, row))


def _insist_on_facts(session: Session, row: Recognition, seen: str) -> None:
    known = versions_of(session, row.id)
    now = _gathered(session, row)
    if seen == row.digest == recognition_facts.digest_of(now):
        return
    before = next((each.facts for each in known if each.digest == seen), known[0].facts)
    raise FactsChanged(changed="；".join(recognition_facts.changes(before, now)) or "内容已更新")


def _gathered(session: Session, row: Recognition) -> dict[str, str]:
    recommendation = session.get_one(Recommendation, row.recommendation_id, populate_existing=True)
    reported = [
        f"{act.happened_on}，{act.side.label if act.side else ''}：{act.text}（{act.document}）"
        for act in acts_of(session, row.id)
        if act.kind is ActKind.REPORTED
    ]
    return recognition_facts.gather(session, recommendation, reported)


def _renew(session: Session, row: Recognition, actor: Actor) -> list[str]:
    if not row.state.is_live:
        return []
    latest, facts = versions_of(session, row.id)[0], _gathered(session, row)
    changed = recognition_facts.changes(latest.facts, facts)
    if changed:
        session.add(_version(row, latest.number + 1, facts))
        _keep(row, two_keys.renew(row.keys(), recognition_facts.digest_of(facts)))
        _note(session, row, ActKind.RENEWED, None, actor, text="；".join(changed))
    return changed


def _version(row: Recognition, number: int, facts: dict[str, str]) -> RecognitionFacts:
    digest = recognition_facts.digest_of(facts)
    return RecognitionFacts(recognition_id=row.id, number=number, digest=digest, facts=facts, gathered_at=clock.now())


def _keep(row: Recognition, now: TwoKeys) -> None:
    """Write what the rule answered into the row."""
    row.digest, row.state = now.digest, now.state
    row.league_digest, row.league_signed_by, row.league_signed_for = _columns(now.league)
    row.party_digest, row.party_signed_by, row.party_signed_for = _columns(now.party)
    if row.state is not State.RECOGNISED:
        row.recognised_on = None
    if not row.state.is_live:
        row.settled_at = clock.now()


def _columns(key: Key | None) -> tuple[str | None, int | None, int | None]:
    return (None, None, None) if key is None else (key.digest, key.by, key.instead_of)


_EVENTS = {
    ActKind.OPENED: Event.RECOGNITION_OPENED,
    ActKind.SIGNED: Event.RECOGNITION_SIGNED,
    ActKind.RENEWED: Event.RECOGNITION_RENEWED,
    ActKind.REPORTED: Event.RECOGNITION_REPORTED,
}


def _note(
    session: Session,
    row: Recognition,
    kind: ActKind,
    side: Side | None,
    actor: Actor,
    *,
    text: str = "",
    document: str = "",
    happened_on: date | None = None,
) -> None:
    """Keep the act, and an entry without its words in the chain of the recognition, which belongs to both sides."""
    session.add(
        RecognitionAct(
            recognition_id=row.id,
            kind=kind,
            side=side,
            digest=row.digest,
            person_id=actor.person_id,
            for_person_id=actor.for_person_id,
            post_id=actor.post_id,
            happened_on=happened_on,
            document=document.strip()[:LONGEST_DOCUMENT],
            text=text.strip(),
            at=clock.now(),
        )
    )
    session.flush()
    event = _EVENTS.get(kind, Event.RECOGNITION_SETTLED)
    chain, told = f"recognition:{row.id}", {"state": row.state.value, "digest": row.digest, "side": side and side.value}
    journal.record(session, event, chain=chain, actor=actor, happened_on=happened_on, recognition=row.id, **told)
