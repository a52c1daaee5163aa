"""Joint recognition: the one look of both sides, and gathering the facts anew."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext

from webapp import database, errors, identity, recognitions_seen
from workflows.operations import recognitions as joint

bp = Blueprint("recognitions", __name__, url_prefix="/recognitions")


@bp.get("")
@identity.post_needed(*recognitions_seen.READERS)
def every() -> str:
    """The recognitions of the units the reader's posts give sight of."""
    lines = recognitions_seen.listed()
    return render_template("recognitions/every.html", lines=lines, most=recognitions_seen.MOST)


@bp.get("/<id:recognition_id>")
@identity.signed_in_needed
def show(recognition_id: int) -> str:
    """What was signed by whom, over which facts, and what is open: the same for both sides."""
    return render_template(
        "recognitions/show.html", seen=recognitions_seen.look(recognitions_seen.find(recognition_id))
    )


@bp.post("/<id:recognition_id>/renew")
@identity.signed_in_needed
def renew(recognition_id: int) -> Any:
    """Gather the facts anew; where they differ, what was signed over the old ones does not stand any more."""
    row = recognitions_seen.find(recognition_id)
    errors.concerning(unit_id=row.league_unit_id)
    changed = joint.renew(database.session(), row.id, recognitions_seen.renewing(row))
    database.commit()
    if changed:
        flash(gettext("事实已更新：%(changed)s。此前的签署失效，双方须重新研究。", changed="；".join(changed)), "good")
    else:
        flash(gettext("已核对，事实没有变动。"), "good")
    return redirect(url_for("recognitions.show", recognition_id=recognition_id), code=303)
