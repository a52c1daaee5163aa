"""Signing in and out, and who I am."""

from typing import Any

from flask import Response
from flask.views import MethodView
from flask_wtf.csrf import generate_csrf
from marshmallow import Schema, fields

from webapp import identity
from webapp.api.document import Blueprint
from webapp.api.schemas import text
from workflows.domain.posts import Held

bp = Blueprint("session", __name__, "session", "Sign in, sign out, who am I")

LONGEST_PASSWORD = 200


class Credentials(Schema):
    """What a person signs in with."""

    login = text(60, least=1, required=True)
    password = text(LONGEST_PASSWORD, least=1, required=True, load_only=True)


class PasswordChange(Schema):
    """The present password and the new one."""

    present = text(LONGEST_PASSWORD, least=1, required=True, load_only=True)
    new = text(LONGEST_PASSWORD, least=1, required=True, load_only=True)


class PostHeld(Schema):
    """One post exercised today; `for_person` when as a substitute."""

    post_id = fields.Integer(required=True)
    kind = fields.String(required=True)
    title = fields.Function(lambda held: held.kind.label, metadata={"type": "string"})
    unit_id = fields.Integer(required=True)
    unit_name = fields.String(required=True)
    for_person_id = fields.Integer(allow_none=True)
    for_name = fields.String(allow_none=True)


class WhoAmI(Schema):
    """The signed-in person, the posts held today and a token for the next writing request."""

    person_id = fields.Integer(required=True)
    name = fields.String(required=True)
    must_change_password = fields.Boolean(required=True)
    posts = fields.List(fields.Nested(PostHeld), required=True)
    csrf_token = fields.String(required=True)


class CsrfToken(Schema):
    """A token for the header X-CSRFToken."""

    csrf_token = fields.String(required=True)


@bp.route("")
class Session(MethodView):
    """The session of this cookie."""

    @bp.response(200, WhoAmI)
    def get(self) -> dict[str, Any]:
        """Who I am, which posts I hold today."""
        return _who()

    @bp.arguments(Credentials)
    @bp.response(200, WhoAmI)
    def post(self, credentials: dict[str, str]) -> dict[str, Any]:
        """Sign in. The answer carries a new CSRF token."""
        answer = identity.sign_in(credentials["login"], credentials["password"])
        if answer.refusal is not None:
            raise answer.refusal
        return _who()

    @bp.response(204)
    def delete(self) -> Response:
        """Sign out everywhere."""
        identity.sign_out()
        return Response(status=204)


@bp.route("/csrf-token")
@bp.response(200, CsrfToken)
def csrf_token() -> dict[str, str]:
    """A token for the header X-CSRFToken; needed for signing in too."""
    return {"csrf_token": generate_csrf()}


@bp.route("/password", methods=["POST"])
@bp.arguments(PasswordChange)
@bp.response(200, WhoAmI)
def change_password(passwords: dict[str, str]) -> dict[str, Any]:
    """Change my password; my other sessions end."""
    identity.current_person()
    identity.change_password(passwords["present"], passwords["new"])
    return _who()


def _who() -> dict[str, Any]:
    person = identity.current_person()
    account = identity.current_account()
    held: list[Held] = identity.posts_held()
    return {
        "person_id": person.id,
        "name": person.name,
        "must_change_password": account.must_change,
        "posts": held,
        "csrf_token": generate_csrf(),
    }
