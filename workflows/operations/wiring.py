"""The product's environment: the posts, operations and choices that its drawings may name."""

from collections.abc import Mapping
from typing import Any, get_args

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import calendars, meetings, members, quota_ledger, rule_sets
from workflows.domain.calendars import Days
from workflows.domain.members import CandidateStatus
from workflows.domain.quota_ledger import NoPlan
from workflows.engine.environment import Calendar, Choice, Environment, Operation, Origin, Scarce
from workflows.operations import candidates, deliberations, notices, places
from workflows.operations.posts import LEVELS, PostDirectory, repairers

PLACE = "名额与编号"

OPERATIONS = [
    Operation("candidates.register", "登记申请人", candidates.register, ("application",)),
    Operation("members.admit", "登记新团员", candidates.admit, ("joined_on",), approved=True),
    Operation("members.close_file", "登记团员证与电子档案", candidates.close_file, ("card_number", "entered_on")),
    Operation(
        "quota.reserve", "预留名额与编号", places.reserve, (), ("quota.exhausted",), scarce=Scarce("take", PLACE)
    ),
    Operation("quota.use", "核销名额", places.use, scarce=Scarce("use", PLACE), approved=True),
    Operation("quota.release", "退回名额", places.release, ("reason",), scarce=Scarce("give_back", PLACE)),
    Operation(
        "meetings.decide",
        "计票",
        deliberations.decide,
        ("meeting", "rules"),
        results={"result": get_args(meetings.Result)},
        repeatable=True,
    ),
    Operation(
        "calendar.notice_end",
        "计算公示期",
        deliberations.notice_end,
        ("posted_on", "working_days"),
        repeatable=True,
    ),
    Operation("notices.remind", "催办", notices.remind, ("step", "text"), repeatable=True),
    Operation("notices.escalate", "逾期报告上级", notices.escalate, ("step", "to"), repeatable=True),
]
"""Every operation, with its Chinese title, parameters and the error codes it offers to the drawing."""


def rules_at_beginning(session: Session, _process: str, _unit_id: int) -> dict[str, Any]:
    """A new case keeps the rule set of the plan it will draw its place from."""
    try:
        rule_set = quota_ledger.current_plan(session).rule_set
    except NoPlan:
        rule_set = rule_sets.for_plan_year(clock.today().year).name
    return {"rule_set": rule_set, "rules": rule_sets.values(rule_set)}


def origin_of(data: Mapping[str, Any], name: str) -> Origin | None:
    """Where a value of the case's rule set comes from, by its name in drawings: `rules.class_hours_min`."""
    root, _, parameter = name.partition(".")
    rule_set = rule_sets.ALL.get(str(data.get("rule_set")))
    if root != "rules" or rule_set is None or parameter not in rule_set.parameters:
        return None
    found = rule_set.parameters[parameter]
    sure = found.confidence if found.confidence.is_law else rule_sets.Confidence.UNVERIFIED
    return Origin(found.title, found.article, str(sure), found.unit)


def settle_candidate(session: Session, case_id: int, result: str | None) -> None:
    """A case has ended: write on the candidate how."""
    if result in set(CandidateStatus):
        members.settle(session, case_id, CandidateStatus(result))


def _branch_members(session: Session, unit_id: int) -> list[Choice]:
    return [Choice(str(person.id), person.name) for person in members.eligible_guides(session, unit_id)]


def _counting(days: Days) -> Calendar:
    return lambda session, unit_id, day, n: calendars.add_working_days(session, unit_id, day, n, days)


ENVIRONMENT = Environment(
    directory=PostDirectory(),
    operations={operation.name: operation for operation in OPERATIONS},
    choices={"branch_members": _branch_members},
    beginning=rules_at_beginning,
    origin=origin_of,
    repairers=repairers,
    levels=LEVELS,
    calendars={str(days): _counting(days) for days in Days},
    ended=settle_candidate,
)
