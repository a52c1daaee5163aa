"""How near a due day is, in words and colour."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext

from workflows import clock

SOON = timedelta(days=7)
"""A week's notice: the longest a branch without a weekly meeting needs."""


@dataclass(frozen=True)
class Due:
    """A due day and how it is shown; `state` is `overdue`, `soon` or empty."""

    on: date
    state: str
    text: str


def due(on: date | None) -> Due | None:
    """How to show a due day; None when nothing is due."""
    if on is None:
        return None
    left = (on - clock.today()).days
    if left < 0:
        return Due(on, "overdue", gettext("已逾期 %(n)s 天", n=-left))
    if left == 0:
        return Due(on, "soon", gettext("今天到期"))
    state = "soon" if left <= SOON.days else ""
    return Due(on, state, gettext("还剩 %(n)s 天", n=left))
