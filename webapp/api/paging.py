"""Cursor paging: `after` is the `next` of the page before."""

from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp.api.schemas import text
from workflows.errors import InvalidData

LONGEST_PAGE = 200


class PageQuery(Schema):
    """Which page, and how long it may be."""

    after = text(200)
    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, LONGEST_PAGE, error=f"应为 1 至 {LONGEST_PAGE}。")
    )


def id_after(cursor: str | None) -> int | None:
    """The row's id a cursor stands for; raises InvalidData for one that was never given out."""
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > 18:
        raise InvalidData(fields={"after": gettext("翻页位置无效，请从第一页重新打开")})
    return int(cursor)
