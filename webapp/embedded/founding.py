"""What must stand before the first page: tables, processes, the tree of units, and people to try it with."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.orm import Session

from webapp import app, database
from webapp.database import db
from workflows import migrations
from workflows.domain import demo, demo_head_counts, quotas, region
from workflows.domain.demo import DemoLogin
from workflows.engine import bundles, check
from workflows.journal import SYSTEM
from workflows.operations import demonstration
from workflows.operations.wiring import ENVIRONMENT

FIRST_NOTE = "随程序安装"


def found(demo_password: str | None, candidates: int = demonstration.CANDIDATES_PER_BRANCH) -> list[DemoLogin]:
    """Bring the database of the environment's settings to this version; done twice it changes nothing.

    With `demo_password` the demo people are installed, `candidates` of them on their way in each demo branch, and
    everybody who can sign in is answered.
    """
    with app.create_app().app_context():
        try:
            migrations.upgrade(db.engine)
            session = database.session()
            publish_packaged(session)
            region.install(session)
            logins = _demo(session, demo_password, candidates) if demo_password else []
            database.commit()
        finally:
            db.engine.dispose()
    return logins


def _demo(session: Session, password: str, candidates: int) -> list[DemoLogin]:
    logins = demo.install(session, password=password)
    demo_head_counts.install(session, quotas.current_plan(session).year)
    demonstration.install_candidates(session, per_branch=candidates)
    return logins


def publish_packaged(session: Session) -> None:
    """Publish every process that comes with the program in a version that is not here yet.

    A process whose newest version was published by a person is left alone: an administrator has made it his own.
    """
    theirs = {bundle.process for bundle in bundles.all_latest(session) if bundle.published_by is not None}
    for files in map(bundles.read_folder, packaged_bundles()):
        if files.catalogue().process not in theirs:
            check.publish(session, ENVIRONMENT, files, SYSTEM, FIRST_NOTE)


def packaged_bundles() -> Iterator[Path]:
    """The folders of the processes that come with the program, by name.

    A folder is named as its process; processes that work together stand in one folder, each in a folder of its own.
    """
    spec = find_spec("bpmn")
    # An editable install answers with a hook's name beside the real folder, and that twice.
    places = {
        Path(place).resolve() for place in (spec and spec.submodule_search_locations) or [] if Path(place).is_dir()
    }
    for place in sorted(places):
        yield from sorted({drawing.parent for drawing in place.rglob("*.bpmn")})
