"""Operations that count: the vote of a branch meeting, the last day of a public notice."""

from datetime import date, timedelta
from typing import Any

from workflows.domain import meetings, working_days
from workflows.engine.environment import Call


def decide(call: Call) -> dict[str, Any]:
    """What the branch meeting decided, with the numbers it took."""
    return meetings.decide(call.parameters["meeting"], call.parameters["rules"]).as_data()


def notice_end(call: Call) -> dict[str, Any]:
    """`ends_on`, the last day of the notice, and `over_on`, the first day on which it is over."""
    posted_on = date.fromisoformat(call.parameters["posted_on"])
    ends_on = working_days.notice_end(posted_on, int(call.parameters["working_days"]))
    return {"ends_on": ends_on.isoformat(), "over_on": (ends_on + timedelta(days=1)).isoformat()}
