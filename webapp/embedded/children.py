"""The processes of `tuancheng run`: broker, worker with its clock, pages."""

import sys
from pathlib import Path

from webapp.embedded.supervision import Child

WORKERS = 2
"""Web processes and job processes each; an office machine has two cores, and SQLite one writer."""

THREADS = 4

LINE_OF_ACCESS = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)s ms'
"""Without the query and the page before: a search by name would write minors' names into the log."""


def of(data: Path, host: str, port: int, broker_port: int | None) -> list[Child]:
    """The children in the order in which they start; they stop the other way round.

    A broker of our own comes first when it is given a port; its password is in TUANCHENG_BROKER_URL.
    """
    logs = data / "log"
    children = []
    if broker_port:
        broker = [sys.executable, "-m", "tasks.embedded_broker", "--port", str(broker_port)]
        children.append(Child("队列", [*broker, "--dir", str(data / "broker")], logs / "broker.log"))
    worker = [sys.executable, "-m", "celery", "-A", "tasks.app", "worker", "--beat", "--loglevel", "warning"]
    children.append(Child("后台任务", [*worker, "--concurrency", str(WORKERS)], logs / "worker.log"))
    web = [sys.executable, "-m", "gunicorn", "webapp.app:create_app()", "--bind", f"{host}:{port}"]
    processes = ["--workers", str(WORKERS), "--worker-class", "gthread", "--threads", str(THREADS)]
    access = ["--access-logfile", "-", "--access-logformat", LINE_OF_ACCESS]
    children.append(Child("网页", [*web, *processes, *access], logs / "web.log"))
    return children
