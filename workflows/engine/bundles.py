"""Bundles: read from a folder, published as versions, parsed once per process and version."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock, journal
from workflows.engine import catalogue as catalogues
from workflows.engine import content, decisions, drawing, forms, specs
from workflows.engine.decisions import Decision
from workflows.engine.drawing import Drawing, Fault, Node
from workflows.engine.environment import DatedField
from workflows.engine.forms import Form
from workflows.engine.gate import intake
from workflows.engine.tables import Bundle, BundleFile
from workflows.errors import NotFound, Refusal

USER_STEPS = frozenset({"userTask", "manualTask"})
ENDINGS = (".bpmn", ".dmn", ".form", ".yaml", ".md")


class BundleUnsound(Refusal):
    """The bundle has faults and is not published."""

    code = "bundle.unsound"
    sentence = "流程有 {count} 处问题，未发布：{first}"
    rule = "有问题的流程不得发布"
    kind = "invalid"

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(count=len(faults), first=faults[0].message)


@dataclass(frozen=True)
class BundleFiles:
    """The files of a bundle as text, by path inside the bundle."""

    files: Mapping[str, str]

    @cached_property
    def drawing_path(self) -> str:
        """The .bpmn file with the process that no other calls; empty when there is none, or more than one."""
        found = self.drawings
        return next(iter(found)) if len(found) == 1 else catalogues.main_of(found)

    @cached_property
    def drawings(self) -> dict[str, str]:
        """All .bpmn files."""
        return {path: text for path, text in self.files.items() if path.endswith(".bpmn")}

    def catalogue(self) -> Drawing:
        """The elements of the bundle's drawings. Raises drawing.Unreadable."""
        return self._catalogue

    @cached_property
    def _catalogue(self) -> Drawing:
        path = self.drawing_path
        others = {other: text for other, text in self.drawings.items() if other != path}
        return catalogues.read(self.files[path], path, others)

    @cached_property
    def content_hash(self) -> str:
        """The same for the same content, however it is spelt; see `workflows.engine.content`."""
        return content.hash_of(self.files)


@dataclass(frozen=True)
class StepInfo:
    """One user step, as pages and inboxes speak of it."""

    id: str
    label: str
    lane: str
    stage: str
    number: str
    form: str
    apart_from: tuple[str, ...]


@dataclass(frozen=True)
class MessageInfo:
    """A message a person may send to a running case, such as a withdrawal."""

    name: str
    label: str
    step: str
    lane: str
    form: str
    available_when: str | None
    interrupting: bool
    also_lanes: tuple[str, ...] = ()
    """Further lanes whose posts may send it."""

    @property
    def lanes(self) -> tuple[str, ...]:
        """Whoever may send it, the lane in which it is drawn first."""
        return (self.lane, *self.also_lanes)


@dataclass(frozen=True)
class ParsedBundle:
    """A bundle ready to run; shared by all its cases and never changed."""

    bundle_id: int
    version: int
    drawing: Drawing
    spec: Any
    subprocess_specs: Mapping[str, Any]
    decisions: Mapping[str, Decision]
    forms: Mapping[str, Form]
    steps: Mapping[str, StepInfo]
    messages: Mapping[str, MessageInfo]

    @cached_property
    def marks(self) -> dict[str, int]:
        """One bit for each element and each flow of the drawing, the same wherever this version is read."""
        return {key: 1 << bit for bit, key in enumerate(sorted([*self.drawing.nodes, *self.drawing.flows]))}

    @cached_property
    def flow_between(self) -> dict[tuple[str, str], str]:
        """The flow that leads from one element to another."""
        return {(flow.source, flow.target): flow.id for flow in self.drawing.flows.values()}

    @cached_property
    def dated_fields(self) -> tuple[DatedField, ...]:
        """Every date of its steps' forms that has a name outside the drawing."""
        found = [(step, field) for step in self.steps for field in self.form(step).fields]
        return tuple(
            DatedField(step, field.key, field.day or field.not_before, field.day_if, is_limit=not field.day)
            for step, field in found
            if field.day or field.not_before
        )

    def form(self, step: str) -> Form:
        """The form of a user step or a message's step."""
        return self.forms[form_name(self.drawing.nodes[step])]


def read_folder(path: Path) -> BundleFiles:
    """The files of a bundle folder; of a single .bpmn file, that drawing with the forms and tables beside it.

    Raises Unreadable when a file is not text, is too large, or the folder holds no drawing.
    """
    if path.is_file():
        folder = path.parent
        beside = [path, *sorted(folder.glob("*.dmn")), *sorted(folder.glob("forms/*.form"))]
    else:
        folder = path
        beside = [item for item in sorted(path.rglob("*")) if item.is_file() and item.name.endswith(ENDINGS)]
        if not any(item.name.endswith(".bpmn") for item in beside):
            hint = "，若 .xml 文件是流程图，请改名为 .bpmn" if any(path.glob("*.xml")) else ""
            raise drawing.Unreadable(Fault("bundle.no_drawing", f"{path} 中没有 .bpmn 文件{hint}", file=str(path)))
    if len(beside) > intake.MOST_FILES:
        message = f"流程包有 {len(beside)} 个文件，最多 {intake.MOST_FILES} 个"
        raise drawing.Unreadable(Fault("bundle.too_many_files", message, file=str(path)))
    texts = {(name := item.relative_to(folder).as_posix()): _text(item, name) for item in beside}
    return BundleFiles(
        {_as_drawing(name) if path.is_file() and name == path.name else name: text for name, text in texts.items()}
    )


def _as_drawing(name: str) -> str:
    return name if name.endswith(".bpmn") else f"{name}.bpmn"


def _text(path: Path, name: str) -> str:
    if path.stat().st_size > drawing.LARGEST_DRAWING:
        raise drawing.Unreadable(Fault("xml.too_large", "文件过大，不予读取", file=name))
    return intake.text_of(path.read_bytes(), name)


def form_name(node: Node) -> str:
    """The form of a step: the one its property `form` names, else the one called like the step."""
    return node.properties.get("form") or node.id


def steps_of(catalogue: Drawing) -> dict[str, StepInfo]:
    """All user steps of a drawing."""
    return {
        node.id: StepInfo(
            id=node.id,
            label=node.name or node.id,
            lane=node.lane or "",
            stage=node.properties.get("stage", ""),
            number=node.properties.get("number", ""),
            form=form_name(node),
            apart_from=tuple(node.properties.get("apart_from", "").split()),
        )
        for node in catalogue.nodes.values()
        if node.kind in USER_STEPS
    }


def messages_of(catalogue: Drawing) -> dict[str, MessageInfo]:
    """All messages a person may send: message events that name a form."""
    return {
        node.detail: MessageInfo(
            name=node.detail,
            label=node.properties.get("label") or node.name or node.detail,
            step=node.id,
            lane=node.lane or "",
            form=form_name(node),
            available_when=node.properties.get("available_when"),
            interrupting=node.interrupting,
            also_lanes=tuple(node.properties.get("also_lanes", "").split()),
        )
        for node in catalogue.nodes.values()
        if node.event == "message" and node.detail and node.properties.get("form")
    }


def parse(files: BundleFiles, bundle_id: int = 0, version: int = 0) -> ParsedBundle:
    """A bundle made ready to run. Raises what drawing, decisions, forms and SpiffWorkflow raise for unsound ones."""
    catalogue = files.catalogue()
    spec, subprocess_specs = specs.parse(catalogue, files.drawings)
    tables = [
        table for name, text in files.files.items() if name.endswith(".dmn") for table in decisions.read(text, name)
    ]
    return ParsedBundle(
        bundle_id=bundle_id,
        version=version,
        drawing=catalogue,
        spec=spec,
        subprocess_specs=subprocess_specs,
        decisions={table.id: table for table in tables},
        forms={
            form_id: forms.read(form_id, text)
            for name, text in files.files.items()
            if name.endswith(".form")
            for form_id in [Path(name).stem]
        },
        steps=steps_of(catalogue),
        messages=messages_of(catalogue),
    )


_parsed: dict[tuple[int, str], ParsedBundle] = {}
_parsing = Lock()


def parsed(session: Session, bundle_id: int) -> ParsedBundle:
    """The bundle, parsed once per process (operating system's) and version."""
    # The session forgets what nobody refers to; the bundle is asked for at every act.
    known = session.info.setdefault("bundles", {})
    bundle = known.get(bundle_id) or session.get(Bundle, bundle_id)
    if bundle is None:
        raise NotFound(what="流程版本")
    known[bundle_id] = bundle
    key = (bundle.id, bundle.content_hash)
    if key not in _parsed:
        with _parsing:
            if key not in _parsed:
                _parsed[key] = parse(files_of(bundle), bundle.id, bundle.version)
    return _parsed[key]


def files_of(bundle: Bundle) -> BundleFiles:
    """The files a version was published with."""
    return BundleFiles({file.path: file.content for file in bundle.files})


def latest(session: Session, process: str) -> Bundle:
    """The version new cases of a process take."""
    query = select(Bundle).where(Bundle.process == process).order_by(Bundle.version.desc()).limit(1)
    bundle = session.scalars(query).first()
    if bundle is None:
        raise NotFound(what="流程")
    return bundle


def versions(session: Session, process: str) -> list[Bundle]:
    """All versions of a process, newest first."""
    return list(session.scalars(select(Bundle).where(Bundle.process == process).order_by(Bundle.version.desc())))


def all_latest(session: Session) -> list[Bundle]:
    """The newest version of every process."""
    newest = select(func.max(Bundle.id)).group_by(Bundle.process)
    return list(session.scalars(select(Bundle).where(Bundle.id.in_(newest)).order_by(Bundle.process)))


def store(session: Session, files: BundleFiles, faults: list[Fault], actor: journal.Actor, note: str) -> Bundle:
    """Keep checked files as the next version; the same content as the newest version makes none.

    Raises BundleUnsound when `faults` is not empty. `workflows.engine.check.publish` is the way in.
    """
    if faults:
        raise BundleUnsound(faults)
    catalogue = files.catalogue()
    known = versions(session, catalogue.process)
    # What the newest files say, not the hash kept with them: older versions were hashed letter by letter.
    if known and files_of(known[0]).content_hash == files.content_hash:
        return known[0]
    bundle = Bundle(
        process=catalogue.process,
        version=known[0].version + 1 if known else 1,
        name=catalogue.name,
        content_hash=files.content_hash,
        published_at=clock.now(),
        published_by=actor.person_id,
        note=note,
        files=[BundleFile(path=path, content=text) for path, text in files.files.items()],
    )
    session.add(bundle)
    session.flush()
    journal.record(
        session,
        journal.Event.BUNDLE_PUBLISHED,
        chain=f"process:{bundle.process}",
        actor=actor,
        process=bundle.process,
        version=bundle.version,
        content=bundle.content_hash,
    )
    return bundle
