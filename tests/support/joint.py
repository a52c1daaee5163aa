"""A joint training beside the cast: Lin is the activist, Bator guides for the branch and Shi for the Party branch."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.support.cast import SINCE, Cast
from tests.support.party import Party
from workflows import clock
from workflows.domain import joint_training, posts
from workflows.domain.joint_training_tables import JointTraining
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.domain.recommendation_rounds import Product
from workflows.domain.recommendations import Recommendation, State
from workflows.engine import bundles, cases
from workflows.engine.tables import WorkItem
from workflows.journal import SYSTEM, Actor
from workflows.operations.wiring import ENVIRONMENT

BUNDLE = Path(__file__).parents[2] / "bpmn" / "joint_training"


def determined(session: Session, cast: Cast, party: Party, on: date) -> Recommendation:
    """The Party has determined Lin as activist that day; the process is published, and Shi may guide."""
    bundles.store(session, bundles.read_folder(BUNDLE), [], SYSTEM, "")
    posts.assign(
        session,
        person_id=party.shi.id,
        unit_id=party.branch.id,
        kind=PostKind.PARTY_MENTOR,
        since=SINCE,
        actor=SYSTEM,
    )
    row = Recommendation(
        person_id=cast.lin.id,
        product=Product.ACTIVIST,
        unit_id=cast.branch.id,
        state=State.DETERMINED,
        holds_place=False,
        recommended_on=on - timedelta(days=30),
        passed_on=on - timedelta(days=20),
        party_unit_id=party.branch.id,
        determined_on=on,
        valid_until=on + timedelta(days=700),
        created_at=clock.now(),
    )
    session.add(row)
    session.commit()
    return row


def begun(session: Session, cast: Cast) -> JointTraining:
    """Saren has begun Lin's training."""
    content = {"person": str(cast.lin.id), "begun_on": today()}
    case = cases.start(
        session,
        ENVIRONMENT,
        process="joint_training",
        unit_id=cast.branch.id,
        actor=cast.actor(cast.saren),
        outcome="submit",
        content=content,
    )
    session.commit()
    return joint_training.get_of_case(session, case.id)


def planned(session: Session, cast: Cast, party: Party) -> JointTraining:
    """Both sides have named their mentors and agree on the plan."""
    row = begun(session, cast)
    do(session, row, "assign_mentor", cast.saren, "submit", assigned_on=today(), mentor=str(cast.bator.id))
    do(session, row, "assign_party_mentor", party.guan, "submit", assigned_on=today(), party_mentor=str(party.shi.id))
    do(
        session,
        row,
        "draft_plan",
        cast.saren,
        "submit",
        drafted_on=today(),
        goals="提高理论水平，端正入党动机",
        league_part="团支部书记负责：每月一次团课，每学期一次志愿服务",
        party_part="党支部书记负责：每季度一次党课，听取思想汇报",
        begins_on=today(),
        ends_on=(clock.today() + timedelta(days=400)).isoformat(),
    )
    do(session, row, "confirm_plan", party.guan, "agree", agreed_on=today())
    return row


def assessed(session: Session, cast: Cast, party: Party, row: JointTraining, outcome: str, **more: str) -> None:
    """Bator and Shi give their opinions, and Guan settles what comes of them."""
    given = {"given_on": today()}
    do(session, row, "league_opinion", cast.bator, outcome, opinion="学习认真，团的工作主动，完成了本期计划", **given)
    do(session, row, "party_opinion", party.shi, outcome, opinion="入党动机端正，按时汇报思想，党课全勤", **given)
    do(session, row, "settle_assessment", party.guan, outcome, decided_on=today(), **more)


def do(session: Session, row: JointTraining, step: str, who: Person, outcome: str, **content: Any) -> None:
    """The person does the step of the training's case."""
    query = select(WorkItem.id).where(WorkItem.case_id == row.case_id, WorkItem.step == step)
    cases.complete_step(
        session,
        ENVIRONMENT,
        work_item_id=session.scalars(query).one(),
        actor=Actor(person_id=who.id),
        outcome=outcome,
        content=content,
    )
    session.commit()


def today() -> str:
    """As forms have it."""
    return clock.today().isoformat()
