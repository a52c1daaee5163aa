"""What the worker is told from outside."""

import os


def needed(name: str) -> str:
    """The value of an environment variable; the program ends with a plain sentence when it is missing."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise SystemExit(f"{name} is not set; the worker needs it as the web application does")
    return value


def database_url() -> str:
    """Where cases, places and the outbox are kept."""
    return needed("TUANCHENG_DATABASE_URL")


def broker_url() -> str:
    """Where messages travel: redis://, rediss:// or amqp://."""
    return needed("TUANCHENG_BROKER_URL")
