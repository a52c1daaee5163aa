"""The real thing that `two_sides` is a model of: two cases of the shipped drawings in a database in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.support.two_sides import NOT_BEGUN, SIGN, WAIT, Desk, Move, World
from workflows import clock
from workflows.domain import recognitions, recommendations
from workflows.domain.recognition_tables import Recognition
from workflows.domain.two_keys import Key, Side, State, TwoKeys
from workflows.engine import bundles, cases, correlation, mailbox
from workflows.engine.mailbox import KeptMessage
from workflows.engine.scenarios import Scenario
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import Refusal
from workflows.journal import SYSTEM, Actor
from workflows.operations import recognitions as joint
from workflows.operations import rehearsal_recognitions
from workflows.operations.rehearsal import BlankDatabase, RehearsalStage
from workflows.outbox import OutboxRow

BUNDLES = Path(__file__).parents[2] / "bpmn" / "joint_recognition"
BEGINS = date(2024, 3, 4)
AT_WORK = clock.start_of(BEGINS) + timedelta(hours=10)
TOO_LATE = clock.start_of(date(2026, 3, 1))
"""After the last day of the recommendation."""

PARTS = {Side.LEAGUE: "approver", Side.PARTY: "party_secretary"}
NEWS = {"happened_on": BEGINS.isoformat(), "reported": "发现新的情况", "document": "证明材料"}
WITHDRAWAL = {"withdrawn_on": BEGINS.isoformat(), "reason": "材料须补正"}
ANSWER = {"decided_on": BEGINS.isoformat(), "minutes": "会议记录第3号", "reason": "条件还不成熟"}


class TwoCases:
    """A League's and a Party's case of one recognition, and short words for what may happen to them."""

    def __init__(self, database: BlankDatabase) -> None:
        self.database = database
        with Session(database.emptied()) as session, clock.standing_at(AT_WORK - timedelta(days=1)):
            scenario = Scenario(file="", name="", begins=BEGINS, steps=())
            self.stage = RehearsalStage(session, bundles.read_folder(BUNDLES / "league"), scenario)
            bundles.store(session, bundles.read_folder(BUNDLES / "party"), [], SYSTEM, "")
            session.commit()
            member = self.stage.cast["member1"]
            asked = rehearsal_recognitions.recommend(session, self.stage.unit_id, member)
            self._ask(session, asked)
            session.commit()
        self.people = {self.stage.cast[part]: number for number, part in enumerate(PARTS.values(), 1)}

    def _ask(self, session: Session, recommendation: int) -> None:
        today = clock.today().isoformat()
        cases.start(
            session,
            self.stage.environment,
            process=joint.PROCESS[Side.LEAGUE],
            unit_id=self.stage.unit_id,
            actor=Actor(person_id=self.stage.cast["secretary"]),
            outcome="submit",
            content={"recommendation": str(recommendation), "presented_on": today, "opinion": "支部一致同意"},
        )

    @contextmanager
    def as_it_was(self, content: bytes) -> Iterator[Session]:
        """A session on the database as it was when `content` was taken."""
        with Session(self.database.filled(content)) as session, clock.standing_at(AT_WORK):
            yield session

    def make(self, session: Session, move: Move) -> bool:
        """Let it happen, as the people and the worker do it; False when it was refused."""
        try:
            getattr(self, f"_{move.name}")(session, self.row(session), move.side)
            session.commit()
        except Refusal:
            session.rollback()
            return False
        return True

    def row(self, session: Session) -> Recognition:
        return session.scalars(select(Recognition)).one()

    def world(self, session: Session) -> World:
        """What stands, in the words of the model."""
        session.expire_all()
        row = self.row(session)
        versions = {each.digest: f"facts {each.number}" for each in recognitions.versions_of(session, row.id)}
        keys = row.keys()
        league, party = (key and Key(versions[key.digest], self.people[key.by]) for key in (keys.league, keys.party))
        return World(
            TwoKeys(versions[row.digest], row.state, league, party),
            self._desk(session, row.league_case_id, versions),
            self._desk(session, row.party_case_id, versions),
            (self._kept(session, row, Side.LEAGUE), self._kept(session, row, Side.PARTY)),
        )

    def _desk(self, session: Session, case_id: int | None, versions: dict[str, str]) -> Desk:
        if case_id is None:
            return Desk(NOT_BEGUN)
        case = session.get_one(Case, case_id)
        if case.ended_at is not None:
            return Desk(str(case.result), "", State(str(case.result)))
        standing = cases.data_of(case)["standing"]
        signs = session.scalars(select(WorkItem.id).where(WorkItem.case_id == case_id)).all()
        return Desk(SIGN if signs else WAIT, versions[standing["digest"]], State(standing["state"]))

    def _kept(self, session: Session, row: Recognition, side: Side) -> int:
        kept = select(func.count()).select_from(KeptMessage).where(KeptMessage.name == joint.MESSAGE[side])
        return session.scalar(kept) or 0

    def _case_of(self, row: Recognition, side: Side) -> int:
        found = row.league_case_id if side is Side.LEAGUE else row.party_case_id
        assert found is not None
        return found

    def _actor(self, side: Side) -> Actor:
        return Actor(person_id=self.stage.cast[PARTS[side]])

    def _begin(self, session: Session, row: Recognition, _side: Side) -> None:
        asked = select(OutboxRow).where(OutboxRow.kind == joint.BEGIN)
        payload = session.scalars(asked).one().payload
        for _ in range(2):  # the second time nothing happens
            joint.begin_party_case(session, self.stage.environment, payload)

    def _sign(self, session: Session, row: Recognition, side: Side, outcome: str = "sign") -> None:
        item = session.scalars(select(WorkItem.id).where(WorkItem.case_id == self._case_of(row, side))).one()
        cases.complete_step(
            session,
            self.stage.environment,
            work_item_id=item,
            actor=self._actor(side),
            outcome=outcome,
            content=ANSWER,
        )

    def _refuse(self, session: Session, row: Recognition, side: Side) -> None:
        self._sign(session, row, side, "refuse")

    def _send(self, session: Session, row: Recognition, side: Side, message: str, content: dict[str, str]) -> None:
        cases.send_message(
            session,
            self.stage.environment,
            case_id=self._case_of(row, side),
            message=message,
            actor=self._actor(side),
            content=content,
        )

    def _report(self, session: Session, row: Recognition, side: Side) -> None:
        self._send(session, row, side, "report_new_facts", NEWS)

    def _withdraw(self, session: Session, row: Recognition, side: Side) -> None:
        self._send(session, row, side, "withdraw_recognition", WITHDRAWAL)

    def _expire(self, session: Session, row: Recognition, side: Side) -> None:
        with clock.standing_at(TOO_LATE):
            timers = select(DueTimer.id).where(
                DueTimer.case_id == self._case_of(row, side), DueTimer.step == "validity_over"
            )
            cases.fire_timer(session, self.stage.environment, session.scalars(timers).one())

    def _renew(self, session: Session, row: Recognition, _side: None) -> None:
        recommendations.get(session, row.recommendation_id).document += "（更正）"
        session.flush()
        joint.renew(session, row.id)

    def _deliver(self, session: Session, row: Recognition, side: Side) -> None:
        key = mailbox.key_of({"recognition": row.id})
        correlation.deliver_message(session, self.stage.environment, joint.MESSAGE[side], key)
