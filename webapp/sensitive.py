"""Answers that only those may read who must know them: fields that a form calls sensitive, such as punishments.

The secretary of the branch enters them and the committees above decide on them; whoever else sees the case (the
organisation commissioner, a mentor, the auditor) is not shown them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from webapp import identity
from workflows.domain import units
from workflows.domain.posts import PostKind
from workflows.engine.forms import Form
from workflows.engine.moving.then import bundle_then
from workflows.engine.tables import Case, StepRecord

READERS = frozenset(
    {
        *(PostKind.BRANCH_SECRETARY, PostKind.GRASSROOTS_COMMITTEE, PostKind.COUNTY_COMMITTEE),
        *(PostKind.PARTY_BRANCH_SECRETARY, PostKind.PARTY_ORGANISER),
    }
)
"""The Party's posts read so what is on the Party's own cases; they stand above no unit of the League."""


def may_read(session: Session, unit_id: int) -> bool:
    """Whether the signed-in person exercises one of these posts at the unit or above it."""
    line = {unit.id for unit in units.line_of(session, unit_id)}
    return any(held.unit_id in line and held.kind in READERS for held in identity.posts_held())


def without(form: Form, content: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a form but for the sensitive ones."""
    hidden = {field.key for field in form.fields if field.sensitive}
    return {key: value for key, value in content.items() if key not in hidden}


def shown(session: Session, case: Case) -> Callable[[StepRecord], dict[str, Any]]:
    """A function that gives of a record of the case what the signed-in person may read of its answers."""
    if may_read(session, case.unit_id):
        return lambda record: dict(record.content)
    then = bundle_then(session, case)
    return lambda record: without(then(record.case_version).form(record.step), record.content)
