"""What must stand before the first page: tables, processes, the tree of units, and people to try it with."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.orm import Session

from webapp import app, database
from webapp.database import db
from workflows import migrations
from workflows.domain import demo, region
from workflows.domain.demo import DemoLogin
from workflows.engine import bundles, check
from workflows.journal import SYSTEM
from workflows.operations.wiring import ENVIRONMENT

FIRST_NOTE = "随程序安装"


def found(demo_password: str | None) -> list[DemoLogin]:
    """Bring the database of the environment's settings to this version; done twice it changes nothing.

    With `demo_password` the demo people are installed, and everybody who can sign in is answered.
    """
    with app.create_app().app_context():
        try:
            migrations.upgrade(db.engine)
            session = database.session()
            publish_packaged(session)
            region.install(session)
            logins = demo.install(session, password=demo_password) if demo_password else []
            database.commit()
        finally:
            db.engine.dispose()
    return logins


def publish_packaged(session: Session) -> None:
    """Publish every process that comes with the program and has no version here yet.

    A process that stands already is left alone: an administrator may have changed it since.
    """
    standing = {bundle.process for bundle in bundles.all_latest(session)}
    for folder in packaged_bundles():
        if folder.name not in standing:
            check.publish(session, ENVIRONMENT, bundles.read_folder(folder), SYSTEM, FIRST_NOTE)


def packaged_bundles() -> Iterator[Path]:
    """The folders of the processes that come with the program, by name; a folder is named as its process."""
    spec = find_spec("bpmn")
    places = spec.submodule_search_locations if spec else None
    for place in places or []:
        yield from sorted(path for path in Path(place).iterdir() if any(path.glob("*.bpmn")))
