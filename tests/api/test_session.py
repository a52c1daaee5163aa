"""Signing in and out over the API."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from tests.api.caller import Caller, wrong_fields
from tests.support.application import NOW, ON_SQLITE, PASSWORD, QUICK_HASH
from tests.support.cast import Cast
from workflows import clock, journal
from workflows.domain import accounts
from workflows.domain.people import Person
from workflows.journal import Event

pytestmark = ON_SQLITE


def test_who_signs_in_reads_name_and_posts(saren: Caller, cast: Cast) -> None:
    who = saren.get("/session").json
    assert who["name"] == "萨仁"
    assert [(post["kind"], post["unit_name"]) for post in who["posts"]] == [("branch_secretary", "高一1班团支部")]


def test_nobody_is_told_to_sign_in(anybody: Caller) -> None:
    answer = anybody.get("/session")
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert answer.json["code"] == "account.signed_out"


def test_wrong_login_and_wrong_password_read_the_same(anybody: Caller, saren: Caller, cast: Cast) -> None:
    unknown = anybody.sign_in("nobody", PASSWORD)
    wrong = anybody.sign_in(f"person{cast.saren.id}", "Wrong-2020!")
    assert unknown.status_code == wrong.status_code == 422
    assert unknown.json == wrong.json
    assert unknown.json["code"] == "account.sign_in_refused"


def test_a_refused_attempt_is_counted(anybody: Caller, saren: Caller, cast: Cast, session: Session) -> None:
    for _ in range(5):
        last = anybody.sign_in(f"person{cast.saren.id}", "Wrong-2020!")
    assert last.json["code"] == "account.locked"
    assert anybody.sign_in(f"person{cast.saren.id}").json["code"] == "account.locked"
    entries = journal.entries_of(session, journal.unit_chain(cast.branch.id))
    assert [entry.event for entry in entries].count(Event.SIGN_IN_REFUSED) == 6


def test_a_request_without_token_is_refused(anybody: Caller) -> None:
    anybody.token = ""
    answer = anybody.post("/session", {"login": "x", "password": "y"})
    assert answer.status_code == 400
    assert answer.json["code"] == "csrf"


def test_missing_fields_are_named(anybody: Caller) -> None:
    answer = anybody.post("/session", {"login": "x", "pass": "y"})
    assert answer.status_code == 422
    assert wrong_fields(answer) == {"password": "此项必填。", "pass": "没有这一项。"}


def test_half_an_hour_of_rest_ends_a_session(cast: Cast, signed_in: Callable[[Person], Caller]) -> None:
    with clock.standing_at(NOW):
        saren = signed_in(cast.saren)
    with clock.standing_at(NOW + timedelta(minutes=29)):
        assert saren.get("/session").status_code == 200
    with clock.standing_at(NOW + timedelta(minutes=58)):
        assert saren.get("/session").status_code == 200
    with clock.standing_at(NOW + timedelta(minutes=89)):
        assert saren.get("/session").status_code == 401


def test_a_new_password_ends_the_other_sessions(cast: Cast, signed_in: Callable[[Person], Caller]) -> None:
    here, elsewhere = signed_in(cast.saren), signed_in(cast.saren)
    weak = here.post("/session/password", {"present": PASSWORD, "new": "short"})
    assert weak.status_code == 422
    assert set(wrong_fields(weak)) == {"new"}
    changed = here.post("/session/password", {"present": PASSWORD, "new": "Autumn-2020!"})
    assert changed.status_code == 200
    assert here.get("/session").status_code == 200
    assert elsewhere.get("/session").status_code == 401


def test_a_cookie_kept_after_signing_out_is_worthless(cast: Cast, signed_in: Callable[[Person], Caller]) -> None:
    caller = signed_in(cast.saren)
    kept = caller.client.get_cookie("tuancheng")
    assert kept is not None
    assert caller.delete("/session").status_code == 204
    caller.client.set_cookie("tuancheng", kept.value)
    assert caller.get("/session").status_code == 401


def test_signing_in_gives_a_new_cookie_and_a_new_token(app: Flask, cast: Cast, saren: Caller) -> None:
    caller = Caller(app.test_client())
    caller.fetch_token()
    planted, token = caller.client.get_cookie("tuancheng"), caller.token
    caller.sign_in(f"person{cast.saren.id}")
    fresh = caller.client.get_cookie("tuancheng")
    assert planted is not None
    assert fresh is not None
    assert fresh.value != planted.value
    caller.token = token
    assert caller.delete("/session").status_code == 400


def test_the_first_password_must_be_changed_before_anything_else(
    app: Flask, cast: Cast, session: Session, anybody: Caller
) -> None:
    accounts.create_hashed(session, person_id=cast.sun.id, login="sun", hashed=QUICK_HASH)
    session.commit()
    assert anybody.sign_in("sun").json["must_change_password"] is True
    refused = anybody.get("/work-items")
    assert refused.status_code == 403
    assert refused.json["code"] == "account.must_change_password"
    changed = anybody.post("/session/password", {"present": PASSWORD, "new": "Autumn-2020!"})
    anybody.token = changed.json["csrf_token"]
    assert anybody.get("/work-items").status_code == 200


def test_the_cookie_is_http_only_and_secure_over_https(app: Flask) -> None:
    plain = app.test_client().get("/api/v1/session/csrf-token").headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    https = app.test_client().get("/api/v1/session/csrf-token", base_url="https://localhost").headers["Set-Cookie"]
    assert "Secure" in https
