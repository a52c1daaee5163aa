"""Punishments an applicant has had: whether they keep a branch from accepting the application by itself.

No published rule bars whoever was punished; local practice waits until the punishment is revoked and some years have
passed (a parameter of the rule set, confidence local). Whether to wait is for the county to decide.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

IN_FORCE, REVOKED = "in_force", "revoked"


def is_clear(application: Mapping[str, Any], years: int) -> bool:
    """Whether nothing stands against accepting the application on the day it is dated.

    `application` has `applied_on` and, where there was a punishment, `punishment` and `punishment_revoked_on` (ISO
    days). It is clear on the very day on which `years` full years have passed since it was revoked.
    """
    state = application.get("punishment")
    if state == IN_FORCE:
        return False
    if state != REVOKED:
        return True
    revoked, applied = (date.fromisoformat(application[key]) for key in ("punishment_revoked_on", "applied_on"))
    return (applied.year - revoked.year) - ((applied.month, applied.day) < (revoked.month, revoked.day)) >= years
