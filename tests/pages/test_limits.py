"""Whoever asks for public pages too often is told so, with the time after which he may ask again."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from gunicorn.config import Config

from webapp import access_log
from webapp.access_log import Discreet
from webapp.app import create_app
from webapp.settings import Settings, SettingsIncomplete

NOWHERE = "/postings/" + "x" * 24
A_MINUTE = 120

SETTINGS = {
    "TUANCHENG_DATABASE_URL": "sqlite:///:memory:",
    "TUANCHENG_BROKER_URL": "memory://",
    "TUANCHENG_SECRET_KEY": "a secret for this test alone",
    "TUANCHENG_DATA_KEY": "a key for this test alone, too",
}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def ask(client: FlaskClient, times: int, address: str = "10.0.0.1") -> list[int]:
    return [client.get(NOWHERE, environ_base={"REMOTE_ADDR": address}).status_code for _ in range(times)]


def test_an_address_that_asks_too_often_is_refused_public_pages_and_nothing_else(client: FlaskClient) -> None:
    assert set(ask(client, A_MINUTE)) == {404}
    refused = client.get(NOWHERE, environ_base={"REMOTE_ADDR": "10.0.0.1"})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert f"请在 {refused.headers['Retry-After']} 秒后再打开" in refused.text
    assert refused.mimetype == "text/html"
    assert ask(client, 1, "10.0.0.2") == [404]
    assert client.get("/sign-in", environ_base={"REMOTE_ADDR": "10.0.0.1"}).status_code == 200


@pytest.mark.parametrize("told, kept", [("", 0), ("1", 1)])
def test_how_many_proxies_to_believe_is_a_setting(told: str, kept: int) -> None:
    assert Settings.from_environment({**SETTINGS, "TUANCHENG_TRUSTED_PROXIES": told}).proxies == kept


@pytest.mark.parametrize("told", ["-1", "one", "12"])
def test_a_wrong_number_of_proxies_is_named(told: str) -> None:
    with pytest.raises(SettingsIncomplete, match="TUANCHENG_TRUSTED_PROXIES"):
        Settings.from_environment({**SETTINGS, "TUANCHENG_TRUSTED_PROXIES": told})


def test_behind_a_proxy_each_reader_counts_for_himself() -> None:
    application = create_app(replace(Settings.from_environment(SETTINGS), testing=True, proxies=1))
    seen: list[str | None] = []
    application.before_request(lambda: seen.append(request.remote_addr))
    for reader in ("203.0.113.7", "203.0.113.8"):
        application.test_client().get("/sign-in", headers={"X-Forwarded-For": f"198.51.100.1, {reader}"})
    assert seen == ["203.0.113.7", "203.0.113.8"]


def test_the_access_log_keeps_no_address_of_a_notice() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/postings/verysecret",
        "RAW_URI": "/postings/verysecret?x=1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": "https://host/postings/verysecret",
    }
    answer = SimpleNamespace(status="200 OK", sent=10, headers=())
    found = Discreet(Config()).atoms(answer, SimpleNamespace(headers=()), environ, timedelta(seconds=1))
    assert found["U"] == "/postings/***"
    assert [name for name, value in found.items() if "verysecret" in str(value)] == []
    assert access_log.discreet("/cases/7/postings?page=2") == "/cases/7/postings?page=2"
