"""Operations on candidates and members: register, admit, close the file."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import (
    branches,
    identity_numbers,
    members,
    past_memberships,
    people,
    punishments,
    quotas,
    stock_copies,
    units,
)
from workflows.domain.members import Candidate
from workflows.domain.people import Person
from workflows.domain.quotas import NoPlaceHeld
from workflows.engine.environment import Call
from workflows.operations import rushes


def register(call: Call) -> dict[str, Any]:
    """Put the application on record and answer what eligibility is decided on; the case takes the candidate's name."""
    application = call.parameters["application"]
    rules = call.data.get("rules") or {}
    branches.insist_on_standing(
        units.get(call.session, call.unit_id), temporary_may_admit=rules.get("temporary_branch_may_admit", False)
    )
    candidate = members.register(
        call.session,
        unit_id=call.unit_id,
        case_id=call.case_id,
        name=application["name"],
        sex=application["sex"],
        ethnic_group=application["ethnic_group"],
        birth_date=date.fromisoformat(application["birth_date"]),
        identity_number=application["id_number"],
        nationality=application["nationality"],
        applied_on=date.fromisoformat(application["applied_on"]),
        class_name=application.get("class_name"),
    )
    person = people.get(call.session, candidate.person_id)
    call.named |= {"title": person.name, "subject_id": candidate.id}
    years = rules.get("punishment_clear_years", 1)
    return found(call.session, candidate, person) | {"is_clear": punishments.is_clear(application, years)}


def found(session: Session, candidate: Candidate, person: Person) -> dict[str, Any]:
    """What eligibility is decided on, as the record stands now; `former` is how an earlier membership ended."""
    former = past_memberships.latest(session, person.id, until=candidate.applied_on)
    return {
        "id": candidate.id,
        "age": members.age_on(person.birth_date, candidate.applied_on),
        "may_apply_from": members.may_apply_from(person.birth_date).isoformat(),
        "former": str(former.left_as) if former else None,
        "is_chinese": person.nationality == "CN",
        "masked_id": person.masked_identity(),
    }


def admit(call: Call) -> dict[str, Any]:
    """Make the candidate a member from the day of the branch meeting, with the number of the place used.

    The number must be one of that day's year.
    """
    joined_on = date.fromisoformat(call.parameters["joined_on"])
    place = quotas.place_of(call.session, call.case_id)
    if place is None:
        raise NoPlaceHeld()
    quotas.check_year(place, joined_on)
    member = members.admit(
        call.session,
        case_id=call.case_id,
        joined_on=joined_on,
        number=place.number,
        actor=call.actor,
    )
    rushes.note(call)
    return {"id": member.person_id}


def close_file(call: Call) -> dict[str, Any]:
    """Keep the card number and the day the e-file was entered; the number is filed with them.

    Where a stock of cards is kept, the card must be the one that was given to this member.
    """
    card_number = identity_numbers.normal(str(call.parameters["card_number"]))
    stock_copies.insist_on_card(call.session, unit_id=call.unit_id, case_id=call.case_id, card_number=card_number)
    members.close_file(
        call.session,
        case_id=call.case_id,
        card_number=card_number,
        entered_on=date.fromisoformat(call.parameters["entered_on"]),
    )
    quotas.file(call.session, case_id=call.case_id, actor=call.actor)
    return {}
