"""What a reader of either side is shown of a joint recognition: one look for both, within their rights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import database, errors, identity, sensitive
from workflows.domain import people, recognition_facts, recognitions, units
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.recognition_tables import ActKind, Recognition, RecognitionAct
from workflows.domain.two_keys import UNDECIDED, Side, State
from workflows.engine.tables import Case
from workflows.errors import NotAuthorised
from workflows.journal import Actor
from workflows.operations import recognitions as joint
from workflows.operations.wiring import ENVIRONMENT

MOST = 100

READERS = tuple(kind for kind in PostKind if kind is not PostKind.ADMINISTRATOR)
"""Posts whose units may have recognitions; the administrator reads nothing of people."""

TAGS = {State.RECOGNISED: "good", State.SUSPENDED: "soon", State.OPEN: "soon"}
"""How a state is marked; what has ended otherwise is marked as over."""


@dataclass(frozen=True)
class KeySeen:
    """One side's key: signed by whom and when, or who must sign."""

    side: Side
    unit: str
    signed: bool
    who: str = ""
    at: datetime | None = None
    waits_for: str = ""


@dataclass(frozen=True)
class ActSeen:
    """One act, as both sides read it."""

    kind: str
    side: str
    who: str
    at: datetime
    happened_on: date | None
    text: str
    document: str
    digest: str


@dataclass(frozen=True)
class Seen:
    """Everything both sides are shown."""

    row: Recognition
    name: str
    state: str
    tag: str
    facts: list[tuple[str, str]]
    digest: str
    changed: list[str]
    """What the records say otherwise by now, in words."""
    keys: list[KeySeen]
    acts: list[ActSeen]
    case_id: int | None
    """The reader's own side's case, if he may read one."""
    may_renew: bool


@dataclass(frozen=True)
class Line:
    """One recognition in a list."""

    row: Recognition
    name: str
    state: str
    tag: str
    league: str
    party: str


def find(recognition_id: int) -> Recognition:
    """The recognition, for whoever sees the cases of either side's unit; raises OutOfSight, NotFound."""
    row = recognitions.get(database.session(), recognition_id)
    errors.concerning(unit_id=row.league_unit_id)
    if not (identity.may_see(row.league_unit_id) or identity.may_see(row.party_unit_id)):
        raise identity.OutOfSight(what="联合认定")
    return row


def look(row: Recognition) -> Seen:
    """The recognition as it stands."""
    session = database.session()
    latest = recognitions.versions_of(session, row.id)[0]
    acts, all_told = recognitions.acts_of(session, row.id), _reads_reports(session, row)
    facts = {
        name: value if all_told or not _is_report(name) else gettext("（仅供办理人查看）")
        for name, value in latest.facts.items()
    }
    names = _names(session, acts)
    return Seen(
        row=row,
        name=recognitions.name_of(session, row),
        state=gettext(row.state.label),
        tag=TAGS.get(row.state, "overdue"),
        facts=[(gettext(title), value) for title, value in recognition_facts.in_order(facts)],
        digest=row.digest[: recognition_facts.SHORT],
        changed=recognitions.unseen_changes(session, row),
        keys=[_key(session, row, side, acts, names) for side in Side],
        acts=[_act(each, names, all_told) for each in reversed(acts)],
        case_id=_own_case(session, row),
        may_renew=row.state.is_live and _post_of(row) is not None,
    )


def as_told(row: Recognition) -> dict[str, Any]:
    """The same for a machine: the acts as they are on record."""
    session, seen = database.session(), look(row)
    all_told = _reads_reports(session, row)
    return {
        "recognition": row,
        "digest": row.digest,
        "facts": [{"title": title, "value": value} for title, value in seen.facts],
        "changed": seen.changed,
        "keys": seen.keys,
        "acts": [_raw(act, all_told) for act in recognitions.acts_of(session, row.id)],
    }


def _raw(row: RecognitionAct, all_told: bool) -> dict[str, Any]:
    said, document = _said(row, all_told)
    kept = ("kind", "side", "person_id", "for_person_id", "at", "happened_on", "digest")
    return {**{name: getattr(row, name) for name in kept}, "text": said, "document": document}


def of_case(session: Session, case: Case) -> Seen | None:
    """The recognition a case works on; None of any other process."""
    if case.process not in joint.PROCESS.values():
        return None
    row = recognitions.of_case(session, case.id)
    return look(row) if row is not None else None


def listed() -> list[Line]:
    """The latest recognitions of the units that the reader's posts give sight of."""
    session = database.session()
    tops = [held.unit_id for held in identity.posts_held() if held.kind is not PostKind.ADMINISTRATOR]
    rows = recognitions.within(session, tops, limit=MOST)
    named = {row.id: people.get(session, row.person_id).name for row in rows}
    return [
        Line(
            row,
            named[row.id],
            gettext(row.state.label),
            TAGS.get(row.state, "overdue"),
            units.get(session, row.league_unit_id).name,
            units.get(session, row.party_unit_id).name,
        )
        for row in rows
    ]


def renewing(row: Recognition) -> Actor:
    """Whoever works on the recognition on either side; raises NotAuthorised."""
    actor = _post_of(row)
    if actor is None:
        session = database.session()
        addressee = joint.at_work(session, row)[0]
        unit, post = ENVIRONMENT.directory.describe(session, addressee)
        raise NotAuthorised(unit=unit, post=post)
    return actor


def _post_of(row: Recognition) -> Actor | None:
    acting = (identity.acting_for(each) for each in joint.at_work(database.session(), row))
    return next((actor for actor in acting if actor.post_id is not None), None)


def _own_case(session: Session, row: Recognition) -> int | None:
    for unit_id, case_id in ((row.league_unit_id, row.league_case_id), (row.party_unit_id, row.party_case_id)):
        if case_id is not None and identity.may_see(unit_id):
            return case_id
    return None


def _key(
    session: Session, row: Recognition, side: Side, acts: Sequence[RecognitionAct], names: dict[int, str]
) -> KeySeen:
    unit = units.get(session, row.league_unit_id if side is Side.LEAGUE else row.party_unit_id).name
    if row.keys().key_of(side) is not None:
        signed = next(each for each in reversed(acts) if each.kind is ActKind.SIGNED and each.side is side)
        return KeySeen(side, unit, True, _who(signed, names), signed.at)
    if row.state not in UNDECIDED:
        return KeySeen(side, unit, False)
    told_unit, post = ENVIRONMENT.directory.describe(session, joint.signer(session, row, side))
    return KeySeen(side, unit, False, waits_for=f"{told_unit} · {gettext(post)}")


def _reads_reports(session: Session, row: Recognition) -> bool:
    """Whether the reader is one of those who must know what was reported, such as a punishment."""
    return sensitive.may_read(session, row.league_unit_id) or sensitive.may_read(session, row.party_unit_id)


def _is_report(name: str) -> bool:
    return name.startswith("reported")


def _said(row: RecognitionAct, all_told: bool) -> tuple[str, str]:
    """The words of an act, and the document behind it; what was reported is only for those who must know it."""
    kept_back = not all_told and row.kind in (ActKind.REPORTED, ActKind.RENEWED)
    return (gettext("（仅供办理人查看）"), "") if kept_back and row.text else (row.text, row.document)


def _act(row: RecognitionAct, names: dict[int, str], all_told: bool) -> ActSeen:
    said, document = _said(row, all_told)
    return ActSeen(
        kind=gettext(row.kind.label),
        side=gettext(row.side.label) if row.side else "",
        who=_who(row, names),
        at=row.at,
        happened_on=row.happened_on,
        text=said,
        document=document,
        digest=row.digest[: recognition_facts.SHORT],
    )


def _who(row: RecognitionAct, names: dict[int, str]) -> str:
    if row.person_id is None:
        return ""
    name = names.get(row.person_id, "—")
    if row.for_person_id is None:
        return name
    return gettext("%(name)s（代 %(absent)s）", name=name, absent=names.get(row.for_person_id, "—"))


def _names(session: Session, acts: Sequence[RecognitionAct]) -> dict[int, str]:
    ids = {each for act in acts for each in (act.person_id, act.for_person_id) if each is not None}
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(ids))).all())
