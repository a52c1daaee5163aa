"""A process for the test of killed processes: it has everything that can be lost or doubled, and few steps.

Somebody applies and takes a seat in a ring; the committee reviews, which hands a baton to the next seat, reserves a
place and waits for the baton of the seat before. Beside it the worker sends a notice and waits for a short time. Then
the committee signs, many at once, and the worker uses the place and admits the member.
"""

import json
from datetime import date

from sqlalchemy.orm import Session

from tests.support import cast, drawings
from tests.support.application import ADMISSION, QUICK_HASH
from tests.support.cast import BORN, Cast
from workflows import clock
from workflows.domain import accounts, identity_numbers
from workflows.engine import bundles
from workflows.engine.bundles import BundleFiles
from workflows.journal import SYSTEM

PROCESS = "drill"

SECRETARY, REVIEWERS = "saren", ("gaowa", "chen")
"""Logins, which are also names of the cast."""

BATON = (
    '<bpmn:message id="message_baton" name="baton"/>'
    '<bpmn:collaboration id="ring"><bpmn:correlationKey id="by_seat" name="by seat">'
    "<bpmn:correlationPropertyRef>seat</bpmn:correlationPropertyRef></bpmn:correlationKey></bpmn:collaboration>"
    '<bpmn:correlationProperty id="seat" name="seat">'
    '<bpmn:correlationPropertyRetrievalExpression messageRef="message_baton">'
    # Who has no place yet hands the baton on; who has one waits for it.
    "<bpmn:messagePath>place == null ? apply.next_seat : apply.seat</bpmn:messagePath>"
    "</bpmn:correlationPropertyRetrievalExpression></bpmn:correlationProperty>"
)

BATON_EVENT = '<bpmn:messageEventDefinition messageRef="message_baton"/>'

TIRELESS = "20"
"""Retries: a job is begun again after every kill that met it, and that must not be the end of them."""


def found(session: Session, places: int) -> Cast:
    """The cast with accounts, so many places at the school, and the process."""
    people = cast.build(session)
    cast.plan_for_school(session, people, places, total=places, year=clock.today().year)
    for login in (SECRETARY, *REVIEWERS):
        person = getattr(people, login)
        accounts.create_hashed(session, person_id=person.id, login=login, hashed=QUICK_HASH, must_change=False)
    # Its last signature is no decision between outcomes, which the check would not let pass before a place is used.
    bundles.store(session, files(), [], SYSTEM, "")
    return people


def files() -> BundleFiles:
    """The bundle: the drawing below, the form of an application and a form with one day."""
    named = {"apply": _application_form(), "review": drawings.ANY_FORM, "sign": drawings.ANY_FORM}
    return drawings.bundle(_drawing(), **named)


def _drawing() -> str:
    throw = (
        '<bpmn:intermediateThrowEvent id="hand_on" name="hand_on">'
        f"{drawings.properties(payload='{from: apply.seat}')}{BATON_EVENT}</bpmn:intermediateThrowEvent>"
    )
    remind = drawings.service("remind", "notices.remind", step='"review"', text='"请核对"')
    drawn = drawings.drawing(
        drawings.start(),
        drawings.user("apply"),
        drawings.service("register", "candidates.register", "candidate", application="apply"),
        drawings.both("apart"),
        drawings.user("review"),
        throw,
        drawings.service("reserve", "quota.reserve", "place"),
        drawings.wait("take_over", BATON_EVENT),
        drawings.later(remind, retries=TIRELESS),
        drawings.wait("rest", drawings.timer("PT1S")),
        drawings.both("together"),
        drawings.user("sign"),
        drawings.later(drawings.service("use", "quota.use", "used"), retries=TIRELESS),
        drawings.service("admit", "members.admit", "member", joined_on="sign.on"),
        drawings.end("admitted", result="admitted"),
        drawings.way("begin", "apply", "register", "apart", "review", "hand_on", "reserve", "take_over", "together"),
        drawings.way("apart", "remind", "rest", "together"),
        drawings.way("together", "sign", "use", "admit", "admitted"),
        lanes={"团支部书记": ["apply"], "基层团委": ["review", "sign"]},
        process=PROCESS,
    )
    return drawn.replace(drawings.HEAD, drawings.HEAD + BATON)


def _application_form() -> str:
    form = json.loads((ADMISSION / "forms" / "submit_application.form").read_text())
    form["components"] += [
        {"type": "textfield", "key": key, "label": label, "validate": {"required": True}}
        for key, label in (("seat", "座位"), ("next_seat", "下一座位"))
    ]
    return json.dumps(form, ensure_ascii=False)


def application(seat: int, seats: int) -> dict[str, str]:
    """What the applicant of a seat submits; the seats are a ring."""
    return {
        "name": f"申请人{seat}",
        "sex": "female",
        "ethnic_group": "蒙古族",
        "applied_on": date(2020, 5, 10).isoformat(),
        "birth_date": BORN.isoformat(),
        "nationality": "CN",
        "id_number": identity_numbers.made_up(BORN, f"seat {seat}", "female"),
        "class_name": "高一1班",
        "seat": str(seat),
        "next_seat": str((seat + 1) % seats),
    }


def decision() -> dict[str, object]:
    """What a reviewer submits."""
    return {"outcome": "submit", "content": {"on": clock.today().isoformat()}}
