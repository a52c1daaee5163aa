"""Operations on places and numbers: reserve one, use it, give it back."""

from typing import Any

from workflows.domain import quota_control, quotas
from workflows.domain.numbering import Place
from workflows.engine.environment import Call


def reserve(call: Call) -> dict[str, Any]:
    """Reserve a place and a number for the candidate; `quota.exhausted` covers both running out.

    Raises RatioExceeded where the graduating class would go over its ratio: the step is refused with the figures.
    """
    giver = quotas.account_drawn_on(call.session, call.unit_id)
    quota_control.insist_on_room(call.session, quotas.current_plan(call.session), call.unit_id, case_id=call.case_id)
    place = quotas.reserve(call.session, unit_id=giver, case_id=call.case_id, actor=call.actor)
    call.session.flush()
    return _as_data(place)


def use(call: Call) -> dict[str, Any]:
    """The reserved place is used and its number is the member's for good."""
    return _as_data(quotas.use(call.session, case_id=call.case_id, actor=call.actor))


def release(call: Call) -> dict[str, Any] | None:
    """Give a reserved place back; harmless when the case holds none."""
    place = quotas.release(
        call.session, case_id=call.case_id, reason=str(call.parameters.get("reason") or ""), actor=call.actor
    )
    return _as_data(place) if place is not None else None


def _as_data(place: Place) -> dict[str, Any]:
    return {"id": place.id, "number": place.number, "state": str(place.state)}
