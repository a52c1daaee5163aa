"""How JSON comes in: strict, so that nothing gets past it that a database or another program could not take."""

from typing import Any

import flask
import orjson
from flask.json.provider import DefaultJSONProvider
from marshmallow import RAISE
from webargs import core
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import BadRequest, UnprocessableEntity
from werkzeug.routing import IntegerConverter, Map

NUL = "\x00"

GREATEST_ID = 2**63 - 1


class IdConverter(IntegerConverter):
    """A row's number in a path; what no database could hold is not found rather than an error."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=GREATEST_ID)


class StrictJson(DefaultJSONProvider):
    """JSON as the standard has it: no NaN, no lone surrogates, bounded nesting; written as UTF-8."""

    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        """The value; raises ValueError."""
        return orjson.loads(s)


class StrictParser(FlaskParser):
    """Reads request bodies with the same strictness, and says which query argument is not known."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}

    def _raw_load_json(self, req: flask.Request) -> Any:
        if not is_json_request(req):
            return core.missing
        try:
            return orjson.loads(req.get_data(cache=True) or b"{}")
        except ValueError as error:
            raise BadRequest() from error


def refuse_unstorable_text() -> None:
    """Before any view: a NUL character is legal in JSON and in forms, but no database keeps it."""
    values = [*request_values(flask.request)]
    if any(NUL in value for value in values):
        raise UnprocessableEntity()


def request_values(request: flask.Request) -> list[str]:
    """Every text of the query, of a form, and of a JSON body that spells a NUL."""
    values = [*request.args.values(), *request.view_args.values()] if request.view_args else [*request.args.values()]
    if request.mimetype in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        values += request.form.values()
    elif b"\\u0000" in request.get_data(cache=True):
        try:
            values += texts_in(orjson.loads(request.get_data(cache=True)))
        except ValueError:
            return [value for value in values if isinstance(value, str)]
    return [value for value in values if isinstance(value, str)]


def texts_in(value: Any) -> list[str]:
    """All strings of a JSON value, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in (key, *texts_in(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts_in(inner)]
    return []
