"""The people of some counties through a year: each day they do what has come to them, through the real services.

One process has some counties to itself, so that whatever happens in a case by day happens here; by night the worker's
jobs are done by whoever is free.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, Row, select
from sqlalchemy.orm import Session

from webapp.commands.bench.cast import Casting
from webapp.commands.demo import spare_places
from webapp.commands.demo.patience import patiently
from workflows import clock
from workflows.database import only_reading, polite_when_busy
from workflows.domain import rule_sets
from workflows.domain.demo_applicants import Applicant
from workflows.engine import batches, bundles, cases
from workflows.engine.environment import Addressee
from workflows.engine.forms import Form
from workflows.engine.scenarios import OFFICE_OPENS
from workflows.engine.tables import BatchItem, Case, DueTimer, WorkItem
from workflows.errors import Busy, Refusal
from workflows.journal import Actor
from workflows.operations import demo_conduct, evidence
from workflows.operations.demo_conduct import Entry
from workflows.operations.wiring import ENVIRONMENT

PROCESS = "admission"

TOGETHER = {"approve_admission": "approve", "county_filing": "filed"}
"""Steps that an office does for many at once, and the outcome with which it does so."""

LARGEST = 50
"""Cases to a batch, at most."""

TRIES_WHEN_REFUSED = 4
AGAIN_AFTER = timedelta(days=5)
PLACES_ASKED_FOR = 6
"""How often somebody waits for a place before the case is given up."""

OBJECTION_AFTER = timedelta(days=3)

_NEW = select(WorkItem.id, WorkItem.case_id, WorkItem.step, WorkItem.unit_id, WorkItem.post_kind, WorkItem.person_id)
Item = Row[int, int, str, int, str, int | None]


@dataclass
class Tally:
    """What was done: acts by kind, refusals by code, and how often each step was done with each outcome."""

    acts: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.acts + other.acts, self.refusals + other.refusals, self.steps + other.steps)


@dataclass
class _Standing:
    """What the office remembers of a case: who did what, and how often each step came."""

    applicant: Applicant
    did: dict[str, int] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    refused: int = 0


class Offices:
    """Everybody who acts for these applicants."""

    def __init__(self, engine: Engine, applicants: Sequence[Applicant], year: int, seed: int) -> None:
        self.engine, self.seed = engine, seed
        self.tally = Tally()
        self.casting = Casting()
        self.cases: dict[int, _Standing] = {}
        self.agenda: dict[date, list[Callable[[], object]]] = defaultdict(list)
        self.seen = 0
        self.opened: dict[int, tuple[Actor, list[Item]]] = {}
        self.together: dict[tuple[str, Actor], list[Item]] = defaultdict(list)
        self.rules = rule_sets.values(rule_sets.for_plan_year(year).name)
        for each in applicants:
            self._plan(each.applies_on, lambda each=each: self._apply(each))  # type: ignore[misc]
        with only_reading(), Session(engine) as session:
            self.bundle = bundles.parsed(session, bundles.latest(session, PROCESS).id)
            self.first, self.first_form = cases.first_step(session, PROCESS)

    def day(self, today: date) -> None:
        """Everything of one day: what is due by itself, what has come meanwhile, and what people do."""
        self.moment = clock.start_of(today) + OFFICE_OPENS
        with clock.standing_at(self.moment):
            self._look_at_batches()
            while self._fire():
                pass
            self._see(today)
        for act in self.agenda.pop(today, []):
            self._do(act)
        for (step, actor), items in self.together.items():
            for first in range(0, len(items), LARGEST):
                self._decide_together(step, actor, items[first : first + LARGEST])
        self.together.clear()

    def _plan(self, day: date, act: Callable[[], object]) -> None:
        """People act from Monday to Friday."""
        self.agenda[day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)].append(act)

    def _do(self, act: Callable[[], object]) -> None:
        """One after another, a second apart; who finds the case locked tries again."""
        self.moment += timedelta(seconds=1)
        with clock.standing_at(self.moment):
            patiently(act)

    def _fire(self) -> int:
        """Let every case of these counties go on whose time has come; how many did."""
        due = select(DueTimer.id, DueTimer.case_id).where(DueTimer.due_at <= clock.now(), DueTimer.held.is_(False))
        with only_reading(), Session(self.engine) as session:
            waiting = session.execute(due.order_by(DueTimer.due_at, DueTimer.id)).all()
        ids = [timer for timer, case in waiting if case in self.cases]
        fired = sum(patiently(lambda timer_id=timer_id: self._fire_one(timer_id)) for timer_id in ids)  # type: ignore[misc]
        self.tally.acts["timers"] += fired
        return fired

    def _fire_one(self, timer_id: int) -> bool:
        with polite_when_busy(), Session(self.engine) as session, session.begin():
            return cases.fire_timer(session, ENVIRONMENT, timer_id)

    def _see(self, today: date) -> None:
        """Put on the agenda what has come since the last look."""
        with only_reading(), Session(self.engine) as session:
            arrived = session.execute(_NEW.where(WorkItem.id > self.seen).order_by(WorkItem.id)).all()
        for item in arrived:
            self.seen = item.id
            if standing := self.cases.get(item.case_id):
                standing.times[item.step] += 1
                days = demo_conduct.delay(self.seed, standing.applicant, item.step, standing.times[item.step])
                self._later(today + timedelta(days=days), item)

    def _later(self, day: date, item: Item) -> None:
        self._plan(day, lambda: self._decide(item))

    def _apply(self, applicant: Applicant) -> None:
        unit_id = applicant.branch.unit_id
        outcome, content = demo_conduct.submitted(applicant, self.first_form, "submit", clock.today())
        with polite_when_busy(), Session(self.engine) as session, session.begin():
            addressee = ENVIRONMENT.directory.addressee(session, self.first.lane, unit_id, {})
            actor = self.casting.actor(session, addressee, set())
            case = cases.start(
                session,
                ENVIRONMENT,
                process=PROCESS,
                unit_id=unit_id,
                actor=actor,
                outcome=outcome,
                content=content,
            )
            case_id = case.id
        self.cases[case_id] = _Standing(applicant, {self.first.id: actor.person_id or 0})
        self._count(self.first.id, outcome)

    def _decide(self, item: Item) -> None:
        """What is decided on one item that has come; nothing when the item is gone."""
        standing = self.cases[item.case_id]
        applicant, time = standing.applicant, standing.times[item.step]
        form = self.bundle.form(item.step)
        decided = demo_conduct.decision(self.seed, applicant, item.step, time, form)
        if decided == demo_conduct.WITHDRAWS:
            self._send(item.case_id, demo_conduct.WITHDRAWAL)
            return
        if item.step == "train_and_assess" and time > 1:
            self._enter(item.case_id, demo_conduct.made_up_for(self.rules))
        if item.step == "wait_for_place":
            decided = self._place_for(applicant, time)
        with only_reading(), Session(self.engine) as session:
            actor = self._actor(session, standing, item)
        if TOGETHER.get(item.step) == decided:
            self.together[item.step, actor].append(item)
        else:
            self._complete(item, standing, actor, form, decided)

    def _place_for(self, applicant: Applicant, time: int) -> str:
        """The county moves a place from a school that has one to spare; after long waiting the case is given up."""
        with polite_when_busy(), Session(self.engine) as session, session.begin():
            moved = spare_places.move(session, self.casting, applicant.branch.county_id, applicant.branch.school_id)
        self.tally.acts["places moved"] += moved
        return "give_up" if time >= PLACES_ASKED_FOR else "retry"

    def _actor(self, session: Session, standing: _Standing, item: Item) -> Actor:
        apart = self.bundle.steps[item.step].apart_from
        barred = {standing.did[step] for step in apart if step in standing.did}
        return self.casting.actor(session, Addressee(item.unit_id, item.post_kind, item.person_id), barred)

    def _complete(self, item: Item, standing: _Standing, actor: Actor, form: Form, decided: str) -> None:
        outcome, content = demo_conduct.submitted(standing.applicant, form, decided, clock.today())
        try:
            with polite_when_busy(), Session(self.engine) as session, session.begin():
                cases.complete_step(
                    session, ENVIRONMENT, work_item_id=item.id, actor=actor, outcome=outcome, content=content
                )
        except Busy:
            raise
        except Refusal as refusal:
            if self._waits(item):
                self._refused(item, refusal)
            return
        self._done(item, actor, outcome)

    def _waits(self, item: Item) -> bool:
        """Whether the item is still there: a withdrawal or an objection takes away what waits beside it."""
        with only_reading(), Session(self.engine) as session:
            return session.get(WorkItem, item.id) is not None

    def _done(self, item: Item, actor: Actor, outcome: str) -> None:
        """Remember who did it, and what follows from it outside the drawing."""
        standing, today = self.cases[item.case_id], clock.today()
        standing.did[item.step] = actor.person_id or 0
        self._count(item.step, outcome)
        if item.step == "assign_mentor":
            entries = demo_conduct.evidence(self.seed, standing.applicant, self.rules)
            for day, entry in demo_conduct.days_of(entries, today):
                self._plan(day, lambda entry=entry: self._enter(item.case_id, entry))  # type: ignore[misc]
        if item.step == "public_notice" and demo_conduct.objects(
            self.seed, standing.applicant, standing.times[item.step]
        ):
            self._plan(today + OBJECTION_AFTER, lambda: self._send(item.case_id, demo_conduct.OBJECTION))

    def _refused(self, item: Item, refusal: Refusal) -> None:
        """Somebody looks into it and tries again some days later, a few times."""
        standing = self.cases[item.case_id]
        fields = ",".join(sorted(refusal.fields))
        self.tally.refusals[f"{item.step}: {refusal.code}" + (f" ({fields})" if fields else "")] += 1
        standing.refused += 1
        if standing.refused < TRIES_WHEN_REFUSED:
            self._later(clock.today() + AGAIN_AFTER, item)

    def _enter(self, case_id: int, entry: Entry) -> None:
        """Evidence, entered by the secretary on the day it happened; none for a case that has ended."""
        standing = self.cases[case_id]
        values: Mapping[str, Any] = {"happened_on": clock.today().isoformat(), **entry.values}
        with polite_when_busy(), Session(self.engine) as session, session.begin():
            case = session.get_one(Case, case_id)
            if case.ended_at is not None:
                return
            actor = Actor(standing.did[self.first.id], unit_id=case.unit_id)
            evidence.enter(session, case=case, kind=entry.kind, values=values, actor=actor)
        self.tally.acts["evidence"] += 1

    def _send(self, case_id: int, message: str) -> None:
        """A message by whoever may send it; nothing when the case does not wait for it any more."""
        standing, info = self.cases[case_id], self.bundle.messages[message]
        form = self.bundle.form(info.step)
        outcome, content = demo_conduct.submitted(standing.applicant, form, "submit", clock.today())
        try:
            with polite_when_busy(), Session(self.engine) as session, session.begin():
                addressee = ENVIRONMENT.directory.addressee(session, info.lane, standing.applicant.branch.unit_id, {})
                actor = self.casting.actor(session, addressee, set())
                cases.send_message(
                    session,
                    ENVIRONMENT,
                    case_id=case_id,
                    message=message,
                    actor=actor,
                    content=content,
                    outcome=outcome,
                )
        except cases.MessageNotAwaited:
            return
        self.tally.acts[message] += 1

    def _decide_together(self, step: str, actor: Actor, items: Sequence[Item]) -> None:
        """Open a batch, which the worker carries out; one case alone is decided at once."""
        standing = self.cases[items[0].case_id]
        form, outcome = self.bundle.form(step), TOGETHER[step]
        if len(items) == 1:
            self._do(lambda: self._complete(items[0], standing, actor, form, outcome))
            return
        self._do(lambda: self._open(actor, items, outcome, standing.applicant, form))

    def _open(self, actor: Actor, items: Sequence[Item], outcome: str, applicant: Applicant, form: Form) -> None:
        _, content = demo_conduct.submitted(applicant, form, outcome, clock.today())
        versions = select(WorkItem.id, Case.version).join(Case, Case.id == WorkItem.case_id)
        with polite_when_busy(), Session(self.engine) as session, session.begin():
            found = session.execute(versions.where(WorkItem.id.in_([each.id for each in items])))
            still = dict(found.all())
            batch = batches.open_batch(
                session,
                ENVIRONMENT,
                chosen=list(still.items()),
                actor=actor,
                outcome=outcome,
                content=content,
            )
            self.opened[batch.id] = actor, [item for item in items if item.id in still]
        self.tally.acts["batches"] += 1

    def _look_at_batches(self) -> None:
        """What has become of the batches opened the day before."""
        if not self.opened:
            return
        query = select(BatchItem).where(BatchItem.batch_id.in_(self.opened))
        opened = {item.id: (actor, item) for actor, items in self.opened.values() for item in items}
        with only_reading(), Session(self.engine) as session:
            for row in session.scalars(query):
                self._look_at(row, *opened[row.work_item_id])
        self.opened.clear()

    def _look_at(self, row: BatchItem, actor: Actor, item: Item) -> None:
        if row.status == "done":
            self._done(item, actor, TOGETHER[item.step])
            return
        self.tally.refusals[f"{item.step}: {row.code or row.status} (batch)"] += 1
        self.cases[item.case_id].times[item.step] += 1
        self._later(clock.today() + timedelta(days=1), item)

    def _count(self, step: str, outcome: str) -> None:
        self.tally.steps[f"{step}/{outcome}"] += 1
        self.tally.acts["steps"] += 1


def by_county(applicants: Iterable[Applicant], parts: int) -> list[list[Applicant]]:
    """The applicants in so many parts of about one size; those of a county stay together."""
    counties: dict[int, list[Applicant]] = defaultdict(list)
    for each in applicants:
        counties[each.branch.county_id].append(each)
    found: list[list[Applicant]] = [[] for _ in range(parts)]
    for county in sorted(counties.values(), key=len, reverse=True):
        min(found, key=len).extend(county)
    return found
