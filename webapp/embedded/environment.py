"""The settings of `tuancheng run`: those that are given, and for the others what this machine can offer."""

import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from webapp.embedded import connection
from webapp.embedded.secrets import DEMO_PASSWORD, MADE_HERE, load


@dataclass(frozen=True)
class Settled:
    """What is not a setting: the demo people's password, and the port of a broker that is ours to start."""

    demo_password: str
    broker_port: int | None


def settle(data: Path) -> Settled:
    """Complete the environment of this process, which its children inherit; what is set already stays."""
    kept = load(data)
    os.environ.update({name: kept[name] for name in MADE_HERE})
    os.environ.setdefault("TUANCHENG_DATABASE_URL", connection.address_in(data))
    broker_port = None
    if not os.environ.get("TUANCHENG_BROKER_URL"):
        broker_port = free_port()
        os.environ["TUANCHENG_BROKER_URL"] = f"redis://:{secrets.token_urlsafe(16)}@127.0.0.1:{broker_port}/0"
    return Settled(kept[DEMO_PASSWORD], broker_port)


def free_port() -> int:
    """A port of this machine that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
