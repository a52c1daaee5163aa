"""The edge around every route: settings, headers, forgotten commits, the bell, what is logged."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from tests.api.caller import Caller
from tests.support.cast import Cast
from webapp import database, errors, headers, identity
from webapp.app import create_app
from webapp.queue import Bell
from webapp.settings import Settings, SettingsIncomplete
from workflows import outbox
from workflows.domain.people import Person
from workflows.domain.posts import PostKind
from workflows.errors import Busy, every_refusal

GIVEN = {
    "TUANCHENG_DATABASE_URL": "sqlite:///var/x.sqlite",
    "TUANCHENG_BROKER_URL": "redis://127.0.0.1:6379/0",
    "TUANCHENG_SECRET_KEY": "s" * 32,
    "TUANCHENG_DATA_KEY": "d" * 32,
}


class TestSettings:
    def test_every_missing_setting_is_named_with_an_example(self) -> None:
        with pytest.raises(SettingsIncomplete) as refused:
            Settings.from_environment({})
        for name in GIVEN:
            assert f"{name} is not set, for example: " in str(refused.value)

    @pytest.mark.parametrize(
        "name, value", [("TUANCHENG_SECRET_KEY", "short"), ("TUANCHENG_DATABASE_URL", "no address")]
    )
    def test_an_unusable_setting_is_named(self, name: str, value: str) -> None:
        with pytest.raises(SettingsIncomplete, match=name):
            Settings.from_environment({**GIVEN, name: value})

    def test_a_relative_path_means_the_same_file_everywhere(self) -> None:
        assert Settings.from_environment(GIVEN).database_url.startswith("sqlite:////")

    def test_secrets_are_not_shown(self) -> None:
        assert "s" * 32 not in repr(Settings.from_environment(GIVEN))

    def test_cookies_may_be_kept_to_https(self) -> None:
        settings = Settings.from_environment({**GIVEN, "TUANCHENG_SECURE_COOKIES": "1"})
        assert create_app(settings).config["SESSION_COOKIE_SECURE"] is True


@pytest.fixture
def small() -> Flask:
    """An application of the test's own, for routes of the test's own."""
    app = create_app(Settings("sqlite://", "redis://127.0.0.1:1/0", "a secret for tests only", testing=True))
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        database.db.create_all()
    return app


def test_every_answer_carries_the_security_headers(small: Flask) -> None:
    small.add_url_rule("/editor", "editor", lambda: headers.allow_style_attributes() or "x")
    client = small.test_client()
    for path in ("/api/v1/session", "/nowhere"):
        sent = client.get(path).headers
        assert "script-src 'self';" in sent["Content-Security-Policy"]
        assert "unsafe-inline" not in sent["Content-Security-Policy"]
        assert sent["X-Content-Type-Options"] == "nosniff"
        assert sent["Cache-Control"] == "no-store"
    assert "style-src-attr 'unsafe-inline'" in client.get("/editor").headers["Content-Security-Policy"]


def test_a_change_that_was_not_committed_is_a_fault(small: Flask) -> None:
    def forget() -> str:
        outbox.post(database.session(), "notice")
        database.session().flush()
        return "done"

    small.add_url_rule("/api/v1/forget", "forget", forget, methods=["POST"])
    with pytest.raises(RuntimeError, match="not committed"):
        small.test_client().post("/api/v1/forget")


def test_the_relay_is_rung_for_after_a_commit_with_work_in_it(small: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(Bell, "ring", lambda _bell, wanted: rung.append(wanted))

    def post(kind: str) -> str:
        session = database.session()
        with session.begin_nested():
            if kind == "work":
                outbox.post(session, "notice")
        assert rung == []
        if kind == "nothing":
            database.rollback()
        database.commit()
        return "done"

    small.add_url_rule("/api/v1/post/<kind>", "post", post, methods=["POST"])
    client = small.test_client()
    client.post("/api/v1/post/nothing")
    assert rung == []
    client.post("/api/v1/post/work")
    assert rung == ["tasks.relay"]


def test_a_broker_that_is_down_is_left_alone_for_a_while(small: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with small.app_context():
        bell = Bell("redis://127.0.0.1:1/0")
        assert bell.ring() is False
        assert bell.ring() is False
    assert len([record for record in caplog.records if "the sweep" in record.message]) == 1


def raising(app: Flask, error: Exception) -> Any:
    def fail() -> str:
        raise error

    app.add_url_rule("/api/v1/fail", "fail", fail, methods=["GET", "POST"])
    app.testing = False
    return app.test_client().get("/api/v1/fail")


def test_a_fault_of_the_program_is_answered_without_details_and_logged(
    small: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    answer = raising(small, RuntimeError("inside"))
    assert answer.status_code == 500
    assert answer.json["code"] == "internal"
    assert "inside" not in answer.text
    assert "RuntimeError: inside" in caplog.text


def test_a_databases_words_are_not_logged(small: Flask, caplog: pytest.LogCaptureFixture) -> None:
    answer = raising(small, IntegrityError("INSERT", {}, Exception("Key (name)=(乌云) already exists")))
    assert answer.status_code == 409
    assert answer.json["code"] == "conflict"
    assert "IntegrityError" in caplog.text
    assert "乌云" not in caplog.text


def test_a_lock_that_cannot_be_had_says_when_to_come_again(small: Flask) -> None:
    answer = raising(small, OperationalError("SELECT", {}, Exception("database is locked")))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json["code"] == "busy"


def test_another_failure_of_the_database_is_a_fault(small: Flask) -> None:
    assert raising(small, OperationalError("SELECT", {}, Exception("server closed"))).status_code == 500


def test_a_refusal_is_a_page_for_a_browser(app: Flask) -> None:
    answer = app.test_client().get("/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "找不到" in answer.text


def test_who_is_not_signed_in_is_led_to_the_sign_in_page(app: Flask) -> None:
    answer = app.test_client().get("/work-items/5?x=1")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=/work-items/5")
    by_htmx = app.test_client().get("/work-items/5", headers={"HX-Request": "true"})
    assert by_htmx.status_code == 401
    assert by_htmx.headers["HX-Redirect"].startswith("/sign-in")


def test_reading_takes_no_write_lock(small: Flask) -> None:
    begun: list[str] = []

    def look() -> str:
        database.session().connection()
        return "x"

    small.add_url_rule("/api/v1/look", "look", look, methods=["GET", "POST"])
    with small.app_context():
        event.listen(database.db.engine, "before_cursor_execute", lambda *args: begun.append(args[2]))
    small.test_client().get("/api/v1/look")
    assert begun == ["BEGIN"]
    small.test_client().post("/api/v1/look")
    assert begun == ["BEGIN", "BEGIN IMMEDIATE"]


@pytest.mark.parametrize("kinds, allowed", [((PostKind.ADMINISTRATOR,), False), ((PostKind.BRANCH_SECRETARY,), True)])
def test_posts_open_doors(
    app: Flask, cast: Cast, signed_in: Callable[[Person], Caller], kinds: tuple[PostKind, ...], allowed: bool
) -> None:
    signed_in(cast.saren)
    with app.test_request_context():
        identity.login_user(identity.SignedIn(cast.saren, None))  # type: ignore[arg-type]
        assert identity.holds(*kinds) is allowed
        if not allowed:
            with pytest.raises(identity.PostNeeded, match="系统管理员"):
                identity.insist_on_post(*kinds)


def test_a_busy_chain_does_not_change_the_answer(
    app: Flask, saren: Caller, cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_arguments: object, **_facts: object) -> None:
        raise Busy()

    monkeypatch.setattr(errors.journal, "record", busy)
    answer = saren.post("/processes/check", {"files": {"x.bpmn": ""}})
    assert answer.status_code == 403


def test_every_kind_of_refusal_has_a_status() -> None:
    assert {refusal.kind for refusal in every_refusal()} <= set(errors.STATUS)
