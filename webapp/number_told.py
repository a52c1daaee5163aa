"""A number's history in names, as far as the reader may know them; API and page show the same."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext
from sqlalchemy import select

from webapp import database, identity
from workflows.domain import number_history
from workflows.domain.number_history import History, NumberState
from workflows.domain.numbering import Place
from workflows.domain.units import Unit
from workflows.engine.tables import Case
from workflows.errors import NotFound


@dataclass(frozen=True)
class Entry:
    """One thing that happened to the number; case and name are there for who may read that case."""

    at: datetime
    what: str
    unit: str
    detail: str = ""
    case_id: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Told:
    """A number's state and unit, and everything that happened to it, oldest first."""

    number: str
    year: int
    state: NumberState
    label: str
    unit: str
    entries: list[Entry]


def told(number: str) -> Told:
    """What a number is and how it came to be that.

    Raises NumberUnknown, and NotFound when the reader may see none of the units that had it in hand.
    """
    session = database.session()
    history = number_history.of(session, number.strip())
    concerned = {passage.to_unit_id for passage in history.passages}
    if not any(identity.may_see(unit_id) for unit_id in concerned):
        raise NotFound(what=gettext("编号"))
    concerned |= {passage.from_unit_id for passage in history.passages if passage.from_unit_id}
    names = dict(session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(concerned))).all())
    return Told(
        number=history.number,
        year=history.year,
        state=history.state,
        label=gettext(history.state.label),
        unit=names[history.unit_id],
        entries=sorted(_entries(history, names), key=lambda entry: entry.at),
    )


def _entries(history: History, names: dict[int, str]) -> list[Entry]:
    found = []
    for passage in history.passages:
        run = gettext("号段 %(first)s–%(last)s", first=passage.first, last=passage.last)
        giver = names.get(passage.from_unit_id or 0, gettext("年度计划"))
        way = gettext("%(giver)s → %(taker)s", giver=giver, taker=names[passage.to_unit_id])
        detail = "；".join(part for part in (run, passage.reason) if part)
        found.append(Entry(passage.at, gettext(passage.kind.label), way, detail))
    cases = {place.case_id: _case(place) for place in history.places}
    unit_of = {place.id: names[place.unit_id] for place in history.places}
    for place in history.places:
        case_id, name = cases[place.case_id]
        moments = [(place.reserved_at, "预留"), (place.used_at, "使用"), (place.released_at, _ended(place))]
        for at, what in moments:
            if at is not None:
                found.append(Entry(at, gettext(what), unit_of[place.id], "", case_id, name))
    case_of = {place.id: cases[place.case_id] for place in history.places}
    for event in history.events:
        case_id, name = case_of[event.place_id]
        found.append(Entry(event.at, gettext(event.kind.label), unit_of[event.place_id], event.reason, case_id, name))
    return found


def _ended(place: Place) -> str:
    return "年终失效" if place.state == "expired" else "释放"


def _case(place: Place) -> tuple[int | None, str]:
    case = database.session().get(Case, place.case_id)
    if case is None or not identity.may_see(case.unit_id):
        return None, ""
    return case.id, case.title
