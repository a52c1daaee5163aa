"""`tuancheng run`: says plainly why it cannot start; when it starts, its processes live and die with it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import Result

from tasks.embedded_broker import free_port

Tuancheng = Callable[..., Result]

READY_SECONDS = 90


def test_a_busy_port_is_named_with_the_way_out(tuancheng: Tuancheng, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = tuancheng("run", "--port", str(port), "--data", str(tmp_path / "var"))
    assert answer.exit_code == 1
    assert f"端口 {port} 已被其他程序占用" in answer.stderr
    assert f"PORT={port + 1}" in answer.stderr


def test_it_starts_serves_mends_itself_and_leaves_nothing_behind(tmp_path: Path) -> None:
    data = tmp_path / "var"
    with _running(data) as (process, port, said):
        assert "口令都是：Demo-" in said
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as page:
            assert page.status == 200
        second = _start(data, free_port())
        assert "已有一个 tuancheng run" in second.communicate(timeout=60)[0]
        assert second.returncode == 1
        worker = _children(process.pid)["celery"]
        os.kill(worker, signal.SIGKILL)
        _until(lambda: _children(process.pid).get("celery") not in (None, worker), "the worker came back")
        children = list(_children(process.pid).values())
        assert len(children) == 3
    assert "已停止" in process.stdout.read()  # type: ignore[union-attr]
    assert not [pid for pid in children if _lives(pid)]
    assert {path.stat().st_mode & 0o077 for path in (data, data / "secrets.env", data / "tuancheng.sqlite")} == {0}


def test_its_children_die_with_it_when_it_is_killed(tmp_path: Path) -> None:
    with _running(tmp_path / "var", "--no-demo") as (process, _port, said):
        assert "Demo-" not in said
        children = list(_children(process.pid).values())
        process.kill()
        process.wait()
        _until(lambda: not any(_lives(pid) for pid in children), "the children ended")


@contextmanager
def _running(data: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    port = free_port()
    process = _start(data, port, *words)
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if "按 Ctrl-C 停止" in line:
                break
        else:
            pytest.fail(f"it did not start:\n{said}")
        os.set_blocking(process.stdout.fileno(), False)
        time.sleep(0.3)
        said += process.stdout.read() or ""
        os.set_blocking(process.stdout.fileno(), True)
        yield process, port, said
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=60)
        finally:
            process.kill()


def _start(data: Path, port: int, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from webapp.commands import main; main()", "run"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TUANCHENG_")}
    return subprocess.Popen(
        [*command, "--port", str(port), "--data", str(data), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )


def _children(parent: int) -> dict[str, int]:
    """The direct children by what they are."""
    found = {}
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        command = Path(f"/proc/{pid}/cmdline").read_text()
        kind = re.search(r"valkey|celery|gunicorn", command)
        if kind:
            found[kind.group()] = int(pid)
    return found


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _until(holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > until:
            pytest.fail(f"not within {READY_SECONDS} s: {what}")
        time.sleep(0.1)
