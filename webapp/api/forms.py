"""A bundle's form as the API shows it, with the choices of the case's unit filled in."""

from typing import Any

from webapp import database
from workflows.engine.forms import Field, Form
from workflows.operations.wiring import ENVIRONMENT


def shown(form: Form, unit_id: int | None) -> dict[str, Any]:
    """The form's fields and outcomes; without a unit, choices that depend on one are empty."""
    return {
        "id": form.id,
        "fields": [{**vars(field), "choices": _choices(field, unit_id)} for field in form.fields],
        "outcomes": list(form.outcomes),
    }


def _choices(field: Field, unit_id: int | None) -> list[Any]:
    if not field.choice_source:
        return list(field.choices)
    return [] if unit_id is None else list(ENVIRONMENT.choices[field.choice_source](database.session(), unit_id))
