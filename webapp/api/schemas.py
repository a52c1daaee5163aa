"""The API's schemas that several groups share. What comes in is strict: an unknown name is an error."""

from typing import Any

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp.api.wire import GREATEST_ID

_IN_RANGE = validate.Range(1, GREATEST_ID, error="编号不在允许的范围内。")


def one_id(**options: Any) -> fields.Integer:
    """A row's number in a JSON body."""
    return fields.Integer(strict=True, validate=_IN_RANGE, **options)


def query_id(**options: Any) -> fields.Integer:
    """A row's number in the query."""
    return fields.Integer(validate=_IN_RANGE, **options)


def text(longest: int, *, least: int = 0, **options: Any) -> fields.String:
    """A text of bounded length."""
    sentence = f"应为 {least} 至 {longest} 个字符。"
    return fields.String(validate=validate.Length(least, longest, error=sentence), **options)


MOST_AT_A_TIME = 999_999
"""Places or copies of one act."""


def amount(least: int = 1) -> fields.Integer:
    """How many places or copies; whole ones."""
    in_range = validate.Range(least, MOST_AT_A_TIME, error=f"应为 {least} 至 {MOST_AT_A_TIME} 的整数。")
    return fields.Integer(strict=True, required=True, validate=in_range)


def state_label() -> fields.Function:
    """What a person calls the state of the row, in his language."""
    return fields.Function(lambda each: gettext(each.state.label), metadata={"type": "string"})


class ReasonGiven(Schema):
    """Why."""

    reason = text(400, least=1, required=True)


class ProblemField(Schema):
    """One field that is wrong."""

    field = fields.String(required=True)
    message = fields.String(required=True)
    rule = fields.String(metadata={"description": "The rule behind the field"})
    article = fields.String(metadata={"description": "The article that rule comes from, where there is one"})
    basis = fields.String(metadata={"description": "The article, or that the rule is this product's own practice"})


class Fault(Schema):
    """One fault of a bundle."""

    code = fields.String(required=True)
    element = fields.String(allow_none=True)
    label = fields.String(allow_none=True)
    line = fields.Integer(allow_none=True)
    message = fields.String(required=True)
    file = fields.String(allow_none=True)
    path = fields.List(
        fields.String(), metadata={"description": "Elements a case passes on a shortest way to the fault, by id"}
    )
    way = fields.String(metadata={"description": "The same way in the names of the drawing"})


class Problem(Schema):
    """What went wrong (RFC 9457). `code` is stable; `detail` is a sentence for the person."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    fact = fields.String(metadata={"description": "What is the case: the first part of `detail`"})
    remedy = fields.String(metadata={"description": "What would let the act pass: the rest of `detail`"})
    rule = fields.String()
    article = fields.String(metadata={"description": "Only where a published text stands behind the rule"})
    basis = fields.String(metadata={"description": "The article, or that the rule is this product's own practice"})
    fields_ = fields.List(fields.Nested(ProblemField), data_key="fields", attribute="fields")
    faults = fields.List(fields.Nested(Fault))


class Choice(Schema):
    """What is stored, and what a person reads."""

    value = fields.String(required=True)
    label = fields.String(required=True)


class FormField(Schema):
    """One field of a form."""

    key = fields.String(required=True)
    label = fields.String(required=True)
    kind = fields.String(required=True)
    required = fields.Boolean(required=True)
    description = fields.String()
    choices = fields.List(fields.Nested(Choice))
    rule = fields.String()
    article = fields.String()
    minimum = fields.Float(allow_none=True)
    maximum = fields.Float(allow_none=True)
    min_length = fields.Integer(allow_none=True)
    max_length = fields.Integer(allow_none=True)
    pattern = fields.String(allow_none=True)
    decimals = fields.Integer()
    text = fields.String()


class Form(Schema):
    """A form: its fields, and the outcomes a person may decide for."""

    id = fields.String(required=True)
    fields_ = fields.List(fields.Nested(FormField), data_key="fields", attribute="fields", required=True)
    outcomes = fields.List(fields.Nested(Choice), required=True)


class WorkItem(Schema):
    """A user step that waits, and for whom."""

    id = fields.Integer(required=True)
    case_id = fields.Integer(required=True)
    step = fields.String(required=True)
    label = fields.String(required=True)
    lane = fields.String(required=True)
    unit_id = fields.Integer(required=True, metadata={"description": "The unit whose post must act"})
    post_kind = fields.String(required=True)
    person_id = fields.Integer(allow_none=True, metadata={"description": "The one person who must act, if so"})
    created_at = fields.AwareDateTime(required=True)
    due_on = fields.Date(allow_none=True)


class Decision(Schema):
    """An outcome and the form's content."""

    outcome = text(40, least=1, required=True)
    content = fields.Dict(keys=fields.String(), values=fields.Raw(allow_none=True), load_default=dict)


ETAG = {"ETag": {"description": "The case's version, for If-Match", "schema": {"type": "string"}}}


def etag(version: int) -> dict[str, str]:
    """The header that carries a case's version."""
    return {"ETag": f'"{version}"'}
