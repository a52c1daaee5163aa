"""Operations on public notices: put one up, let its days stand still for an objection, count on, take it down."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from workflows import clock
from workflows.domain import postings, working_days
from workflows.domain.postings import LONGEST_TEXT, Kind, Named, Sheet, Why
from workflows.engine.environment import Call


def put_up(call: Call, kind: Kind = Kind.TARGET) -> dict[str, Any]:
    """Put the candidate's notice up for so many working days; the day of posting is not counted.

    Answers `began_on`, the day from which it counts, `ends_on`, its last day, `over_on`, the first day on which it may
    be closed, and its `kind`.
    """
    posted_on = date.fromisoformat(call.parameters["notice"]["posted_on"])
    return _count(call, posted_on, int(call.parameters["working_days"]), kind)


def stop(call: Call) -> dict[str, Any]:
    """An objection stands: the days do not count until it is settled, and the notice stays where it is.

    Answers `days_left`, the working days still to come, `raised_on`, and `settle_by`, the last day of the
    investigation's so many working days. Raises NoticeOver for an objection raised after the notice.
    """
    began_on, raised_on, ends_on = (
        date.fromisoformat(call.parameters[key]) for key in ("began_on", "raised_on", "ends_on")
    )
    left = working_days.days_left(began_on, raised_on, ends_on)
    postings.stop(call.session, call.case_id)
    settle_by = working_days.add_working_days(raised_on, int(call.parameters["working_days"]))
    return {"days_left": left, "raised_on": raised_on.isoformat(), "settle_by": settle_by.isoformat()}


def resume(call: Call) -> dict[str, Any]:
    """The objection is dismissed: the notice runs on for the working days that were left, after the day of that."""
    settled_on = date.fromisoformat(call.parameters["settled_on"])
    kind = Kind((call.data.get("notice") or {}).get("kind") or Kind.TARGET)
    return _count(call, settled_on, int(call.parameters["days_left"]), kind)


def take_down(call: Call) -> dict[str, Any]:
    """The objection is upheld, wholly or in part: the copy is erased at once.

    Answers what was known of the notice, and the day as `taken_down_on`.
    """
    postings.take_down(call.session, call.case_id, Why.OBJECTION, call.actor)
    return {**(call.data.get("notice") or {}), "taken_down_on": clock.today().isoformat()}


def _count(call: Call, began_on: date, days: int, kind: Kind) -> dict[str, Any]:
    activist_on = call.parameters["activist_on"]
    return put_up_for(call, began_on, days, kind, activist_on=date.fromisoformat(activist_on) if activist_on else None)


def put_up_for(
    call: Call,
    began_on: date,
    days: int,
    kind: Kind,
    named: Named | None = None,
    *,
    activist_on: date | None = None,
) -> dict[str, Any]:
    """Hang the copy of the parameter `notice` for so many working days after `began_on`; see `put_up` for the answer.

    `named` is whom it shows where that is not the candidate of an admission.
    """
    ends_on = working_days.notice_end(began_on, days)
    postings.put_up(
        call.session,
        case_id=call.case_id,
        unit_id=call.unit_id,
        sheet=_sheet(call.parameters["notice"], kind),
        ends_on=ends_on,
        activist_on=activist_on,
        named=named,
        actor=call.actor,
    )
    over_on = ends_on + timedelta(days=1)
    days_of_it = {"began_on": began_on, "ends_on": ends_on, "over_on": over_on}
    return {name: day.isoformat() for name, day in days_of_it.items()} | {"kind": str(kind)}


def _sheet(entered: Mapping[str, Any], kind: Kind) -> Sheet:
    place, contact = ((entered.get(key) or "").strip()[:LONGEST_TEXT] for key in ("where", "contact"))
    return Sheet(date.fromisoformat(entered["posted_on"]), place, contact, kind)
