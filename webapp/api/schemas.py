"""The API's schemas that several groups share. What comes in is strict: an unknown name is an error."""

from typing import Any

from marshmallow import Schema, fields, validate

from webapp.api.wire import GREATEST_ID

LONGEST_PAGE = 200

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


class ProblemField(Schema):
    """One field that is wrong."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class Fault(Schema):
    """One fault of a bundle."""

    code = fields.String(required=True)
    element = fields.String(allow_none=True)
    label = fields.String(allow_none=True)
    line = fields.Integer(allow_none=True)
    message = fields.String(required=True)
    file = fields.String(allow_none=True)


class Problem(Schema):
    """What went wrong (RFC 9457). `code` is stable; `detail` is a sentence for the person."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    rule = fields.String()
    article = fields.String()
    fields_ = fields.List(fields.Nested(ProblemField), data_key="fields", attribute="fields")
    faults = fields.List(fields.Nested(Fault))


class PageQuery(Schema):
    """Cursor paging: `after` is the `next` of the page before."""

    after = text(200)
    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, LONGEST_PAGE, error=f"应为 1 至 {LONGEST_PAGE}。")
    )
