"""What the web edge is told from outside: environment variables, read once when the application is made."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

NEEDED = {
    "TUANCHENG_DATABASE_URL": "postgresql+psycopg://user:password@host/name or sqlite:////path/tuancheng.sqlite",
    "TUANCHENG_BROKER_URL": "redis://127.0.0.1:6379/0 or amqp://user:password@host//",
    "TUANCHENG_SECRET_KEY": "openssl rand -hex 32",
    "TUANCHENG_DATA_KEY": "openssl rand -hex 32",
}
"""Every setting without which the product does not start, with an example or the command that makes one."""

OPTIONAL_SECRETS = {"TUANCHENG_METRICS_TOKEN": "openssl rand -hex 32"}
"""Settings that may be missing, but when set must be hard to guess."""

LEAST_SECRET_LENGTH = 16


class SettingsIncomplete(SystemExit):
    """The program ends with a plain sentence for each setting that is missing or cannot be used."""


@dataclass(frozen=True)
class Settings:
    """The settings of one application; secrets are kept out of its representation."""

    database_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    secret_key: str = field(repr=False)
    secure_cookies: bool = False
    """Always mark cookies `Secure`; without it they are so marked when the request came by https."""
    metrics_token: str = field(default="", repr=False)
    """What a reader of /metrics must show; empty: there is no such page."""
    proxies: int = 0
    """How many servers of ours stand before this one and say whose request it is."""
    testing: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings; raises SettingsIncomplete when a needed one is missing or unusable."""
        told = [*NEEDED, *(name for name in OPTIONAL_SECRETS if environment.get(name, "").strip())]
        faults = [fault for name in told if (fault := _fault_of(name, environment.get(name, "").strip()))]
        if not re.fullmatch(r"[0-9]?", environment.get("TUANCHENG_TRUSTED_PROXIES", "").strip()):
            faults.append("TUANCHENG_TRUSTED_PROXIES is not a number of servers, for example: 1")
        if faults:
            raise SettingsIncomplete("\n".join(faults))
        return cls(
            database_url=absolute(environment["TUANCHENG_DATABASE_URL"].strip()),
            broker_url=environment["TUANCHENG_BROKER_URL"].strip(),
            secret_key=environment["TUANCHENG_SECRET_KEY"].strip(),
            metrics_token=environment.get("TUANCHENG_METRICS_TOKEN", "").strip(),
            proxies=int(environment.get("TUANCHENG_TRUSTED_PROXIES", "").strip() or 0),
            secure_cookies=environment.get("TUANCHENG_SECURE_COOKIES", "").strip().lower() in {"1", "true", "yes"},
        )


def _fault_of(name: str, value: str) -> str | None:
    if not value:
        return f"{name} is not set, for example: {NEEDED[name]}"
    if name.endswith(("_KEY", "_TOKEN")) and len(value) < LEAST_SECRET_LENGTH:
        example = {**NEEDED, **OPTIONAL_SECRETS}[name]
        return f"{name} is too short, at least {LEAST_SECRET_LENGTH} characters are needed, for example: {example}"
    if name == "TUANCHENG_DATABASE_URL":
        try:
            make_url(value)
        except ArgumentError:
            return f"{name} is not a database address, for example: {NEEDED[name]}"
    return None


def absolute(url: str) -> str:
    """The address with a relative SQLite path made absolute, so that every process means the same file."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in {None, "", ":memory:"}:
        return url
    return parsed.set(database=str(Path(str(parsed.database)).resolve())).render_as_string(hide_password=False)
