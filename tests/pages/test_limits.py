"""Whoever asks for public pages too often is told so, with the time after which he may ask again."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.config import Config

from webapp import access_log
from webapp.access_log import Discreet

NOWHERE = "/postings/" + "x" * 24
A_MINUTE = 120


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
