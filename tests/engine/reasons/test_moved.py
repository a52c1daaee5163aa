"""A case that was moved to another version still tells its reasons: by the version it went by at the time."""

from tests.engine.conftest import SECRETARY, Office
from tests.engine.reasons.conftest import Reasons, form, reason_for
from tests.engine.reasons.test_refused import CONDUCT, COURSE, FEW, HOURS, table
from tests.support.drawings import ANY_FORM, bundle, drawing, end, flow, start, user, way, xor
from workflows.engine import bundles
from workflows.engine.bundles import BundleFiles
from workflows.engine.moving import moves
from workflows.engine.moving.move_tables import CaseMove


def judged(judge: str, *more: str) -> BundleFiles:
    """Something is brought, judged, and may be sent back; with `more` steps before the end."""
    text = drawing(
        start(),
        user("bring"),
        user(judge),
        xor("verdict", default="back"),
        *(user(step) for step in ("thank", *more)),
        end(),
        way("begin", "bring", judge, "verdict"),
        flow("verdict", "thank", f'{judge}.outcome == "yes"'),
        flow("verdict", "bring", name="back"),
        way("thank", *more, "done"),
        lanes={"书记": ["bring", judge, "thank", *more]},
    )
    forms = {judge: form(reason_for("back"), outcomes="yes back")}
    return bundle(text, **forms, bring=ANY_FORM, thank=ANY_FORM, **dict.fromkeys(more, ANY_FORM))


def move(office: Office, files: BundleFiles, names: dict[str, str]) -> CaseMove:
    office.publish(files)
    made = moves.move(
        office.session,
        office.environment,
        case_id=office.case.id,
        target=bundles.latest(office.session, "tiny"),
        actor=SECRETARY,
        reason="依上级通知改用新流程",
        names=names,
    )
    office.session.commit()
    return made


def test_the_reason_outlives_a_move_and_is_told_under_the_new_name(office: Office, reasons: Reasons) -> None:
    office.start(judged("judge"))
    office.do("bring")
    office.do("judge", "back", reason="缺少签名")
    move(office, judged("weigh", "file"), {"judge": "weigh"})
    [reason] = reasons()
    assert (reason.step, reason.gate.taken.flow, reason.text) == ("weigh", "back", "缺少签名")
    assert [(fact.name, fact.value) for fact in reason.facts] == [("weigh.outcome", "back")]


def test_an_undone_move_leaves_no_trace_in_the_reasons(office: Office, reasons: Reasons) -> None:
    office.start(judged("judge"))
    office.do("bring")
    office.do("judge", "back", reason="缺少签名")
    made = move(office, judged("weigh"), {"judge": "weigh"})
    moves.undo(office.session, office.environment, move_id=made.id, actor=SECRETARY, reason="先前的通知已撤回")
    office.session.commit()
    assert [reason.step for reason in reasons()] == ["judge"]


def test_a_decision_is_told_by_the_table_it_was_taken_with(office: Office, reasons: Reasons) -> None:
    answers = form(HOURS, CONDUCT, outcomes="ok")
    office.start(bundle(COURSE, enough_dmn=FEW, learn=answers, graduate=ANY_FORM))
    office.do("learn", "ok", hours=5)
    lenient = table(("< 3", "-", "fail"), ("-", "-", "pass"))
    move(office, bundle(COURSE, enough_dmn=lenient, learn=answers, graduate=ANY_FORM), {})
    [reason] = reasons()
    [[condition]] = reason.remedies[0].groups
    assert (reason.rule, condition.test, condition.wanted) == ("rule_1", "< rules.least", (8,))
