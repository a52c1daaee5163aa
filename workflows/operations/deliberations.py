"""Operations that count: the vote of a branch meeting, the last day of a public notice."""

from datetime import date, timedelta
from typing import Any

from workflows.domain import meetings, working_days
from workflows.engine import due_times
from workflows.engine.environment import Call

_DUE = {"submit_by": ("meeting_submit", "P10D"), "reconvene_by": ("meeting_reconvene", "P14D")}
"""What is counted from the day of a meeting: by which parameter, and what counts in cases that began without it."""


def decide(call: Call) -> dict[str, Any]:
    """What the branch meeting decided, with the numbers it took.

    With the day of the meeting also `held_on`, `submit_by`, the last day on which its resolution is handed in in time,
    and `reconvene_by`, by when a meeting without quorum should be held again.
    """
    meeting, rules = call.parameters["meeting"], call.parameters["rules"]
    found = meetings.decide(meeting, rules).as_data()
    if meeting.get("held_on") is None:
        return found
    held_on = date.fromisoformat(meeting["held_on"])
    by = {name: held_on + due_times.duration(rules.get(key) or usual) for name, (key, usual) in _DUE.items()}
    return found | {"held_on": held_on.isoformat()} | {name: day.isoformat() for name, day in by.items()}


def keep_void(call: Call) -> dict[str, Any]:
    """Keep a ballot that was declared void beside those before it, as `ballots`; the meeting votes again."""
    return {"ballots": meetings.keep_void(call.parameters["meeting"], call.parameters["kept"] or [])}


def notice_end(call: Call) -> dict[str, Any]:
    """`ends_on`, the last day of the notice, and `over_on`, the first day on which it is over."""
    posted_on = date.fromisoformat(call.parameters["posted_on"])
    ends_on = working_days.notice_end(posted_on, int(call.parameters["working_days"]))
    return {"ends_on": ends_on.isoformat(), "over_on": (ends_on + timedelta(days=1)).isoformat()}
