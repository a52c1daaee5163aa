"""The processes of `tuancheng run`: broker, clock, worker, pages."""

import sys
from pathlib import Path

from webapp import access_log
from webapp.access_log import Discreet
from webapp.embedded.supervision import Child

WORKERS = 2
"""Web processes and job processes each; an office machine has two cores, and SQLite one writer."""

THREADS = 4


def broker(data: Path, port: int) -> Child:
    """The broker on `port`; its password is in TUANCHENG_BROKER_URL."""
    command = [sys.executable, "-m", "tasks.embedded_broker", "--port", str(port), "--dir", str(data / "broker")]
    return Child("队列", command, data / "log" / "broker.log")


def worker_and_pages(data: Path, host: str, port: int) -> list[Child]:
    """The children that need the tables, in the order in which they start; they stop the other way round."""
    celery, quiet = [sys.executable, "-m", "celery", "-A", "tasks.app"], ["--loglevel", "warning"]
    worker = ["worker", "--concurrency", str(WORKERS)]
    return [
        # Not `worker --beat`: a worker does not notice that its clock has died, and nothing would ever be due again.
        Child("时钟", [*celery, "beat", *quiet], data / "log" / "beat.log"),
        Child("后台任务", [*celery, *worker, *quiet], data / "log" / "worker.log"),
        pages(data, host, port),
    ]


def pages(
    data: Path, host: str, port: int, *, workers: int = WORKERS, application: str = "webapp.app:create_app()"
) -> Child:
    """The server of the pages and the API; a measurement serves the same application in a meter."""
    web = [sys.executable, "-m", "gunicorn", application, "--bind", f"{host}:{port}"]
    processes = ["--workers", str(workers), "--worker-class", "gthread", "--threads", str(THREADS)]
    access = ["--access-logfile", "-", "--access-logformat", access_log.LINE]
    access += ["--logger-class", f"{Discreet.__module__}.{Discreet.__qualname__}"]
    return Child("网页", [*web, *processes, *access], data / "log" / "web.log")
