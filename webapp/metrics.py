"""`GET /metrics`: the figures of `workflows.engine.gauges` for Prometheus, to whoever shows the token.

Without TUANCHENG_METRICS_TOKEN there is no such page: figures tell how much an office does, and when.
"""

import hmac
from collections.abc import Iterator

from flask import Flask, Response, current_app, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from werkzeug.exceptions import NotFound

from webapp import database
from webapp.settings import Settings
from workflows.engine import gauges

PATH = "/metrics"


def init_app(app: Flask, settings: Settings) -> None:
    """Put the page on the application."""

    app.config["METRICS_TOKEN"] = settings.metrics_token
    app.add_url_rule(PATH, "metrics", metrics)


def metrics() -> Response:
    """The figures as text; 404 without the setting, 401 without the token."""
    token = str(current_app.config["METRICS_TOKEN"])
    if not token:
        raise NotFound()
    shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(shown.encode(), token.encode()):
        return Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    registry = CollectorRegistry()
    registry.register(Figures())
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class Figures:
    """The figures in the library's words; read from the database at each call."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One family for each name."""
        families: dict[str, GaugeMetricFamily] = {}
        for gauge in gauges.read(database.session()):
            name = f"tuancheng_{gauge.name}"
            family = families.setdefault(name, GaugeMetricFamily(name, gauge.meaning, labels=list(gauge.labels)))
            family.add_metric(list(gauge.labels.values()), gauge.value)
        yield from families.values()

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is read from the database when this is registered."""
        return []
