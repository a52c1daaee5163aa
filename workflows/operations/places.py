"""Operations on places and numbers: reserve one, use it, give it back.

What a drawing sees of a place is its number, its state and the day it was reserved on; when the reservation is over is
the drawing's to say.
"""

from datetime import date
from typing import Any

from workflows import clock
from workflows.domain import quota_control, quotas
from workflows.domain.numbering import Place, PlaceState
from workflows.engine.environment import Call

HELD = (str(PlaceState.RESERVED), str(PlaceState.VOID))
"""The states of a place that a candidate holds, as a drawing reads them."""
GIVEN_BACK = (str(PlaceState.RELEASED), str(PlaceState.EXPIRED), "none")
"""What has become of a place that was given back; `none` when the case held none."""


def reserve(call: Call) -> dict[str, Any]:
    """Reserve a place and a number for the candidate; `quota.exhausted` covers both running out.

    Raises RatioExceeded where the graduating class would go over its ratio: the step is refused with the figures.
    """
    plan, giver = quotas.drawn_on(call.session, call.unit_id)
    quota_control.insist_on_room(call.session, plan, call.unit_id, case_id=call.case_id)
    place = quotas.reserve(call.session, unit_id=giver, case_id=call.case_id, actor=call.actor, plan=plan)
    call.session.flush()
    return _as_data(place)


def use(call: Call) -> dict[str, Any]:
    """The reserved place is used and its number is the member's for good."""
    return _as_data(quotas.use(call.session, case_id=call.case_id, actor=call.actor))


def use_in_year(call: Call) -> dict[str, Any]:
    """As `use`, for somebody admitted on `joined_on`; `numbers.other_year` when the number is of another year."""
    joined_on = date.fromisoformat(call.parameters["joined_on"])
    return _as_data(quotas.use(call.session, case_id=call.case_id, actor=call.actor, joined_on=joined_on))


def reserve_of_year(call: Call) -> dict[str, Any]:
    """Reserve a place and a number of the plan of the year of `joined_on`, for somebody whose admission is approved.

    `quota.exhausted` also covers a year that has no plan yet, or none any more. The ratio is not asked again: there was
    room for this person when the first place was reserved.
    """
    place = quotas.reserve(
        call.session,
        unit_id=quotas.account_drawn_on(call.session, call.unit_id),
        case_id=call.case_id,
        actor=call.actor,
        year=date.fromisoformat(call.parameters["joined_on"]).year,
    )
    call.session.flush()
    return _as_data(place)


def release(call: Call) -> dict[str, Any]:
    """Give a reserved place back; harmless when the case holds none."""
    place = quotas.release(
        call.session, case_id=call.case_id, reason=str(call.parameters.get("reason") or ""), actor=call.actor
    )
    return _as_data(place) if place is not None else {"state": "none"}


def _as_data(place: Place) -> dict[str, Any]:
    reserved_on = place.reserved_at.astimezone(clock.OFFICE_ZONE).date()
    return {
        "id": place.id,
        "number": place.number,
        "state": str(place.state),
        "reserved_on": reserved_on.isoformat(),
    }
