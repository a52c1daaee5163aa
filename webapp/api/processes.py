"""Processes: what is drawn, in which versions, and publishing a new version."""

import re
from typing import Any

from flask import Response
from flask.views import MethodView
from flask_babel import gettext
from marshmallow import Schema, fields, validate

from webapp import database, identity
from webapp.api.document import Blueprint
from webapp.api.forms import shown
from webapp.api.schemas import Fault, Form, text
from webapp.api.writing import writing
from workflows.domain.posts import PostKind
from workflows.engine import bundles, check, differences, form_words, forms
from workflows.engine.bundles import BundleFiles
from workflows.engine.tables import Bundle
from workflows.errors import InvalidData, NotFound
from workflows.operations.wiring import ENVIRONMENT

bp = Blueprint("processes", __name__, "processes", "Processes, their versions, drawings and forms")

KEEPERS = (PostKind.ADMINISTRATOR,)
READERS = (PostKind.ADMINISTRATOR, PostKind.AUDITOR)

MOST_FILES = 200
LONGEST_FILE = 2_000_000

_PATH = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)


def _is_a_path(path: str) -> bool:
    return len(path) <= 200 and _PATH.fullmatch(path) is not None and path.endswith(bundles.ENDINGS)


class Version(Schema):
    """One published version of a process."""

    process = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)
    published_at = fields.AwareDateTime(required=True)
    published_by = fields.Integer(allow_none=True)
    note = fields.String()
    content_hash = fields.String(required=True)


class VersionList(Schema):
    """Versions, newest first; or the newest of every process."""

    items = fields.List(fields.Nested(Version), required=True)


class Step(Schema):
    """One user step and its form."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    lane = fields.String(required=True)
    stage = fields.String()
    number = fields.String()
    form = fields.Nested(Form, required=True)


class StepList(Schema):
    """The user steps of one version."""

    items = fields.List(fields.Nested(Step), required=True)


class Since(Schema):
    """The older version to compare with; the one before when it is left out."""

    since = fields.Integer(validate=validate.Range(1, 999_999, error="版本不在允许的范围内。"))


class Aspect(Schema):
    """One thing that differs about an element, before and after, as text."""

    name = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class Difference(Schema):
    """One element, flow or decision table that differs."""

    kind = fields.String(required=True, validate=validate.OneOf(["added", "removed", "changed"]))
    what = fields.String(required=True)
    id = fields.String(required=True)
    label = fields.String(required=True)
    aspects = fields.List(fields.Nested(Aspect), required=True)


class DifferenceList(Schema):
    """Everything that differs in what two versions do; moved shapes, scenarios and notes are left out."""

    items = fields.List(fields.Nested(Difference), required=True)


class Files(Schema):
    """A bundle's files as text, by path: one .bpmn, and .dmn, forms/*.form, scenarios/*.yaml, README.md."""

    files = fields.Dict(
        keys=fields.String(),
        values=text(LONGEST_FILE),
        required=True,
        validate=validate.Length(1, MOST_FILES, error=f"应为 1 至 {MOST_FILES} 个文件。"),
    )


class NewVersion(Files):
    """The files of a new version and what changed."""

    note = text(1000, load_default="")


class Verdict(Schema):
    """Whether the files may be published, and every fault."""

    ok = fields.Boolean(required=True)
    faults = fields.List(fields.Nested(Fault), required=True)


@bp.route("")
@identity.signed_in_needed
@bp.response(200, VersionList)
def every() -> dict[str, Any]:
    """The newest version of every process."""
    return {"items": bundles.all_latest(database.session())}


@bp.route("/check", methods=["POST"])
@identity.post_needed(*KEEPERS)
@bp.arguments(Files)
@bp.response(200, Verdict)
def check_files(sent: dict[str, Any]) -> dict[str, Any]:
    """Check files without publishing them."""
    faults = check.known_faults(_bundle_files(sent), ENVIRONMENT)
    return {"ok": not faults, "faults": faults}


@bp.route("/<string(maxlength=60):process>/versions")
class Versions(MethodView):
    """The versions of one process."""

    @identity.signed_in_needed
    @bp.response(200, VersionList)
    def get(self, process: str) -> dict[str, Any]:
        """Every version, newest first."""
        found = bundles.versions(database.session(), process)
        if not found:
            raise NotFound(what="流程")
        return {"items": found}

    @writing
    @identity.post_needed(*KEEPERS)
    @bp.arguments(NewVersion)
    @bp.response(201, Version)
    def post(self, sent: dict[str, Any], process: str) -> Bundle:
        """Publish a new version. New cases take it; running ones keep theirs. The same content makes no version."""
        actor = identity.actor(*KEEPERS)
        made = check.publish(database.session(), ENVIRONMENT, _bundle_files(sent), actor, sent["note"])
        if made.process != process:
            sentence = gettext("流程图的标识是“%(is_)s”，不是“%(wanted)s”", is_=made.process, wanted=process)
            raise InvalidData(fields={"files": sentence})
        return made


@bp.route("/<string(maxlength=60):process>/versions/<int(max=999999):version>/drawing")
@identity.signed_in_needed
@bp.response(200, {"type": "string"}, content_type="application/xml", description="BPMN 2.0 XML")
def drawing(process: str, version: int) -> Response:
    """The drawing of one version."""
    bundle = _version(process, version)
    parsed = bundles.parsed(database.session(), bundle.id)
    return Response(parsed.drawing.text, mimetype="application/xml")


@bp.route("/<string(maxlength=60):process>/versions/<int(max=999999):version>/steps")
@identity.signed_in_needed
@bp.response(200, StepList)
def steps(process: str, version: int) -> dict[str, Any]:
    """The user steps of one version with their forms; choices that depend on a unit are left out."""
    parsed = bundles.parsed(database.session(), _version(process, version).id)
    items = [{**vars(step), "form": shown(_of_no_case(parsed.form(step.id)), None)} for step in parsed.steps.values()]
    return {"items": items}


def _of_no_case(form: forms.Form) -> forms.Form:
    """The form before there is a case whose rules its texts could tell."""
    return form_words.told(form, {}, lambda _data, _name: None)


@bp.route("/<string(maxlength=60):process>/versions/<int(max=999999):version>/files")
@identity.post_needed(*READERS)
@bp.response(200, Files)
def files(process: str, version: int) -> dict[str, Any]:
    """Every file of one version, to edit and publish again."""
    return {"files": dict(bundles.files_of(_version(process, version)).files)}


@bp.route("/<string(maxlength=60):process>/versions/<int(max=999999):version>/differences")
@identity.post_needed(*READERS)
@bp.arguments(Since, location="query")
@bp.response(200, DifferenceList)
def differences_of(query: dict[str, Any], process: str, version: int) -> dict[str, Any]:
    """What one version does otherwise than an older one."""
    session = database.session()
    new, old = _version(process, version), _version(process, query.get("since", version - 1))
    return {"items": differences.between(bundles.parsed(session, old.id), bundles.parsed(session, new.id))}


def _version(process: str, version: int) -> Bundle:
    for bundle in bundles.versions(database.session(), process):
        if bundle.version == version:
            return bundle
    raise NotFound(what="流程版本")


def _bundle_files(sent: dict[str, Any]) -> BundleFiles:
    wrong = [path for path in sent["files"] if not _is_a_path(path)]
    if wrong:
        sentence = gettext("只接受 .bpmn、.dmn、.form、.yaml、.md 文件，路径只含字母、数字、“_”“-”“.”“/”")
        raise InvalidData(fields={f"files.{path[:60]}": sentence for path in wrong[:20]})
    return BundleFiles(sent["files"])
