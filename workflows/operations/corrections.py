"""Operations on a person's name and identity number: propose, compare, apply, end; and what cases show of it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import corrections, people
from workflows.domain.corrections import CorrectionStatus, PersonCorrection
from workflows.domain.members import Candidate
from workflows.engine import amendments
from workflows.engine.environment import Call, Choice, Environment
from workflows.journal import Actor
from workflows.operations import candidates

REGISTER = "candidates.register"
APPLICATION = "application"

ABOUT = "people_of_branch"
"""The source of choices of a process that is about one person on record, and so is begun at that person's page."""


def propose(call: Call) -> dict[str, Any]:
    """Put a proposal on record; answers whether the number changes and whether the age agrees."""
    proposal = call.parameters["proposal"]
    row = corrections.propose(
        call.session,
        person_id=int(call.parameters["person"]),
        case_id=call.case_id,
        name=proposal.get("name"),
        identity_number=proposal.get("id_number"),
        document=proposal["document"],
        reason=proposal["reason"],
        rules=call.parameters["rules"],
        actor=call.actor,
    )
    call.named["title"] = f"更正：{people.get(call.session, row.person_id).name}"
    return {"id": row.id, "changes_number": row.changes_number, "age_fault": row.age_fault}


def compare(call: Call) -> dict[str, Any]:
    """Make sure that the second person read the same number from the paper."""
    number = call.parameters["confirmation"].get("id_number_again")
    row = corrections.compare(call.session, case_id=call.case_id, identity_number=number)
    return {"age_fault": row.age_fault}


def apply(call: Call, environment: Environment) -> dict[str, Any]:
    """Change the record, and with it the cases of the person: their titles, and what running ones go by."""
    row = corrections.apply(call.session, case_id=call.case_id, actor=call.actor)
    _carry_into_cases(call.session, environment, row, call.actor)
    return {"id": row.id}


def end(call: Call) -> dict[str, Any]:
    """The proposal is refused or dropped, as `status` says; the proposed number is erased."""
    row = corrections.end(
        call.session, case_id=call.case_id, status=CorrectionStatus(call.parameters["status"]), actor=call.actor
    )
    return {"id": row.id}


def people_of_branch(session: Session, unit_id: int) -> list[Choice]:
    """The people whose record the branch keeps, for a form field."""
    return [
        Choice(str(person.id), f"{person.name}（证件尾号 {person.masked_identity()[-2:] or '未登记'}）")
        for person in corrections.people_of_branch(session, unit_id)
    ]


def _carry_into_cases(session: Session, environment: Environment, row: PersonCorrection, actor: Actor) -> None:
    person = people.get(session, row.person_id)
    query = select(Candidate).where(Candidate.person_id == person.id, Candidate.case_id.is_not(None))
    for candidate in session.scalars(query.order_by(Candidate.case_id)).all():
        found = candidates.found(session, candidate, person)
        amendments.amend(
            session,
            environment,
            case_id=candidate.case_id or 0,
            operation=REGISTER,
            parameter=APPLICATION,
            changes={
                "name": person.name,
                "sex": person.sex.value,
                "birth_date": person.birth_date.isoformat(),
                "id_number": found["masked_id"],
            },
            found=found,
            title=person.name,
            reason=row.reason,
            actor=actor,
        )
