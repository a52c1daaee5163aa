"""The parts a work item's page and a case's page share."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from webapp import (
    case_summary,
    corrections_told,
    identity,
    incidents_seen,
    joint_training_seen,
    memberships_told,
    recognitions_seen,
    recommendations_seen,
    rules_told,
    sight,
)
from webapp.pages import dossier
from workflows.domain import members, people, transfers, units
from workflows.domain.people import Sex
from workflows.engine import bundles, cases, inbox, incidents
from workflows.engine.bundles import MessageInfo, ParsedBundle
from workflows.engine.job_tables import Incident
from workflows.engine.tables import Case, DueTimer, WorkItem
from workflows.errors import NotFound
from workflows.operations.wiring import ENVIRONMENT


@dataclass(frozen=True)
class Offer:
    """A message the signed-in person may send to the case now, such as a withdrawal."""

    name: str
    label: str


def find(session: Session, case_id: int) -> Case:
    """A case the signed-in person may see, with its state; raises NotFound (OutOfSight reads the same)."""
    query = select(Case).where(Case.id == case_id).options(undefer(Case.state))
    case = session.scalars(query).first()
    if case is None:
        raise NotFound(what="案卷")
    if not (any(may_act(item) for item in open_items(session, case_id)) or joint_training_seen.shares(case)):
        identity.insist_on_sight(case.unit_id, "案卷")
    return case


def case_row(session: Session, case_id: int) -> Case:
    """A case without its state; the caller has made sure that it may be known."""
    return session.get_one(Case, case_id)


def open_items(session: Session, case_id: int) -> list[WorkItem]:
    """The user steps of a case that wait."""
    return list(session.scalars(select(WorkItem).where(WorkItem.case_id == case_id).order_by(WorkItem.id)))


def may_act(item: WorkItem) -> bool:
    """Whether the work item is addressed to the signed-in person or to a post he exercises today.

    Answered from the posts this request has read already; the engine asks the directory again before it acts.
    """
    for_me = item.person_id in {None, identity.current_person().id}
    return for_me and identity.acting_for(item).unit_id is not None


def shared(session: Session, case: Case) -> dict[str, Any]:
    """What both pages show of a case."""
    bundle = bundles.parsed(session, case.bundle_id)
    progress = inbox.progress(session, case.id)
    items = open_items(session, case.id)
    waits = session.scalars(
        select(DueTimer).where(DueTimer.case_id == case.id, DueTimer.attached_to.is_(None)).order_by(DueTimer.due_at)
    ).all()
    summary = case_summary.of_case(session, case, items, waits)
    return {
        "case": case,
        "unit": units.get(session, case.unit_id),
        "process": bundle.drawing.name,
        "process_key": bundle.drawing.process,
        "bundle_version": bundle.version,
        "summary": summary,
        "days": summary.days,
        "candidate": candidate_facts(session, case.id),
        "corrections": corrections_told.of_case(session, case),
        "recognition": recognitions_seen.of_case(session, case),
        "training": joint_training_seen.of_case(session, case),
        "recommendations": recommendations_seen.of_case(session, case),
        "filed": dossier.filed(session, case, bundle),
        "history": dossier.history(session, case, bundle),
        "progress": progress,
        "strip": strip(bundle, progress.done, [item.step for item in items]),
        "offers": offers(session, case, bundle),
        "troubles": troubles(session, case),
        "asked": transfers.asked(session, case.id),
        "tightened": rules_told.kept_by(cases.data_of(case)),
        "reads_incidents": identity.holds(*incidents_seen.READERS),
    }


def troubles(session: Session, case: Case) -> list[tuple[Incident, str]]:
    """What keeps the case from going on by itself, with what happened in words."""
    return [(incident, incidents_seen.message(incident)) for incident in incidents.of_cases(session, [case.id])]


def strip(bundle: ParsedBundle, done: list[str], current: list[str]) -> list[str]:
    """The state of each numbered step: `past`, `now` or empty; nothing when the drawing numbers none."""
    numbers = {step.id: step.number for step in bundle.steps.values() if step.number.isdigit()}
    if not numbers:
        return []
    now = {int(numbers[step]) for step in current if step in numbers}
    past = {int(numbers[step]) for step in done if step in numbers}
    return ["now" if n in now else "past" if n in past else "" for n in range(1, case_summary.steps_of(bundle) + 1)]


def candidate_facts(session: Session, case_id: int, *, named: bool = True) -> list[dossier.Fact]:
    """The candidate of a case with masked identity; empty when the case has none (yet).

    Not `named`: without name and branch, where these stand above already.
    """
    candidate = members.of_case(session, case_id)
    if candidate is None:
        return []
    person = people.get(session, candidate.person_id)
    told = [
        (gettext("姓名"), person.name if named else ""),
        (gettext("性别"), gettext("男") if person.sex == Sex.MALE else gettext("女")),
        (gettext("民族"), person.ethnic_group),
        (gettext("出生日期"), person.birth_date.isoformat()),
        (gettext("身份证件号码"), person.masked_identity()),
        (gettext("团支部"), units.get(session, candidate.unit_id).name if named else ""),
        (gettext("班级"), candidate.class_name or ""),
        (gettext("申请日期"), candidate.applied_on.isoformat()),
        *memberships_told.facts(session, candidate),
    ]
    return [dossier.Fact(label, value) for label, value in told if value]


def offers(session: Session, case: Case, bundle: ParsedBundle) -> list[Offer]:
    """The messages the signed-in person may send to the case now."""
    awaited = cases.messages_awaited(case, bundle)
    data = cases.data_of(case) if awaited else {}
    return [Offer(info.name, info.label) for info in awaited if may_send(session, case, info, data)]


def may_send(session: Session, case: Case, info: MessageInfo, data: dict[str, Any]) -> bool:
    """Whether the signed-in person exercises the post that sends the message."""
    sender = identity.acting_for(sight.sender(session, case, info, data))
    return cases.may_send(session, ENVIRONMENT, case, info, data, sender)
