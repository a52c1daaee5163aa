"""Candidates brought as far as a story begins, through the same services as the pages use."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import identity_numbers, members, units
from workflows.domain.evidence_forms import Kind
from workflows.domain.members import LeagueMember
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.engine import cases
from workflows.engine.environment import Addressee
from workflows.engine.tables import Case, WorkItem
from workflows.operations import evidence
from workflows.operations.rehearsal import lawful_actor
from workflows.operations.wiring import ENVIRONMENT

BORN = date(2011, 6, 1)

BEFORE_PRE_REVIEW = {
    "check_application": ("accept", {"received_on": "2026-03-03"}),
    "initial_talk": (
        "suitable",
        {"talked_on": "2026-03-10", "talker": "演示·谈话人", "points": "思想端正，愿意接受培养。"},
    ),
    "determine_activist": ("propose", {"decided_on": "2026-03-16", "source": "members"}),
    "approve_activist": ("approve", {"decided_on": "2026-03-17"}),
    "assign_mentor": ("submit", {"assigned_on": "2026-03-18"}),
    "train_and_assess": (
        "qualified",
        {
            "assessed_on": "2026-06-17",
            "opinion": "学习认真，表现良好。",
        },
    ),
    "recommend_target": ("recommend", {"decided_on": "2026-06-19"}),
}

_GIVEN = {"conductor": "演示·授课人", "witness": "演示·证明人"}
TRAINED: list[tuple[Kind, dict[str, str]]] = [
    (
        Kind.CLASS_HOURS,
        {**_GIVEN, "happened_on": "2026-04-10", "topic": "学习团章", "minutes": "360", "mode": "in_person"},
    ),
    (Kind.VOLUNTEER_HOURS, {**_GIVEN, "happened_on": "2026-05-02", "topic": "社区服务", "hours": "20"}),
    (Kind.IDEOLOGY_ASSESSMENT, {"happened_on": "2026-06-10", "result": "passed", "conductor": "演示·考评人"}),
    (Kind.TALK, {"happened_on": "2026-04-20", "conductor": "演示·谈话人", "topic": "谈学习"}),
    (Kind.TALK, {"happened_on": "2026-05-20", "conductor": "演示·谈话人", "topic": "谈思想"}),
]
"""Evidence of training that is enough by either rule set."""


def application(name: str, applied_on: str = "2026-03-02") -> dict[str, str]:
    """The first form, filled in for somebody who does not exist."""
    return {
        "name": name,
        "sex": "female",
        "ethnic_group": "蒙古族",
        "applied_on": applied_on,
        "birth_date": BORN.isoformat(),
        "nationality": "CN",
        "id_number": identity_numbers.made_up(BORN, name, "female"),
        "class_name": "高一1班",
    }


def bring_to_pre_review(session: Session, branch_code: str, name: str) -> Case:
    """A candidate of a branch who waits for the pre-review."""
    branch = units.by_code(session, branch_code)
    first, _ = cases.first_step(session, "admission")
    secretary = lawful_actor(session, ENVIRONMENT.directory.addressee(session, first.lane, branch.id, {}), set())
    case = cases.start(
        session,
        ENVIRONMENT,
        process="admission",
        unit_id=branch.id,
        actor=secretary,
        outcome="submit",
        content=application(name),
    )
    for step, (outcome, content) in BEFORE_PRE_REVIEW.items():
        for timer_id in cases.due_timers(session):
            cases.fire_timer(session, ENVIRONMENT, timer_id)
        item = session.scalars(select(WorkItem).where(WorkItem.case_id == case.id, WorkItem.step == step)).one()
        filled = {**content, "mentor": str(_mentor(session, branch.id).id)} if step == "assign_mentor" else content
        cases.complete_step(
            session,
            ENVIRONMENT,
            work_item_id=item.id,
            actor=lawful_actor(session, cases.addressee_of(item), set()),
            outcome=outcome,
            content=filled,
        )
        if step == "assign_mentor":
            put_on_record(session, case)
    return case


def put_on_record(session: Session, case: Case) -> None:
    """What training asks for, each piece on its day."""
    actor = lawful_actor(session, Addressee(case.unit_id, PostKind.BRANCH_SECRETARY), set())
    for kind, values in TRAINED:
        evidence.enter(session, case=case, kind=kind, values=values, actor=actor)


def _mentor(session: Session, branch_id: int) -> Person:
    return members.eligible_guides(session, branch_id)[0]


def member_of_case(session: Session, case_id: int) -> LeagueMember | None:
    """The member a case has made, if it has."""
    candidate = members.of_case(session, case_id)
    return session.get(LeagueMember, candidate.person_id) if candidate else None
