"""The web application, put together."""

import logging
from importlib import import_module
from importlib.util import find_spec

from flask import Flask, request
from flask import session as cookie
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import database, errors, headers, identity, limits, metrics, queue
from webapp.api import document, wire
from webapp.settings import Settings

LANGUAGES = {"zh_CN": "中文", "en": "English"}

MOST_BYTES = 4 * 1024 * 1024
"""A drawing with its tables and forms is some hundred kilobytes."""

STATIC_SECONDS = 3600


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application; without `settings` they are read from the environment (SettingsIncomplete if missing)."""
    settings = settings or Settings.from_environment()
    app = Flask("webapp", static_folder="static")
    app.json = wire.StrictJson(app)
    app.testing = settings.testing
    if settings.proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)
        app.wsgi_app = proxied  # type: ignore[method-assign]
    app.url_map.converters["id"] = wire.IdConverter
    app.config.update(
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=MOST_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=STATIC_SECONDS,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session; half an hour of rest ends that
        BABEL_DEFAULT_LOCALE="zh_CN",
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        LANGUAGES=LANGUAGES,
    )
    app.logger.setLevel(logging.INFO)
    Babel(app, locale_selector=language)
    errors.init_app(app)
    headers.init_app(app)
    database.init_app(app, settings)
    app.before_request(wire.refuse_unstorable_text)
    identity.init_app(app, settings)
    CSRFProtect(app)
    queue.init_app(app, settings)
    metrics.init_app(app, settings)
    limits.init_app(app, settings)
    document.register(app)
    _register_pages(app)
    return app


def language() -> str:
    """The reader's language: chosen in the footer, else Chinese. An office machine's own setting says little."""
    chosen = cookie.get("language") if request else None
    return chosen if chosen in LANGUAGES else "zh_CN"


def _register_pages(app: Flask) -> None:
    if find_spec("webapp.pages") is None:
        return
    pages = import_module("webapp.pages")
    for blueprint in getattr(pages, "BLUEPRINTS", ()):
        app.register_blueprint(blueprint)
    install = getattr(pages, "init_app", None)
    if install is not None:
        install(app)
