"""Decision tables that did not let a case pass: which rule, on which facts, from where, and until when that holds."""

from datetime import date

import pytest

from tests.engine.conftest import SECRETARY, Office
from tests.engine.reasons.conftest import Reasons, form
from tests.support.drawings import ANY_FORM, bundle, decide, drawing, end, flow, start, user, way, xor
from workflows.engine import bundles, cases, decisions
from workflows.engine.reasons import refused
from workflows.engine.reasons.reason import Kind, SourceKind

COURSE = drawing(
    start(),
    user("learn"),
    decide("check", "enough"),
    xor("passed", default="again"),
    user("graduate"),
    end(),
    way("begin", "learn", "check", "passed"),
    flow("passed", "graduate", 'enough.outcome == "pass"'),
    flow("passed", "learn", name="again"),
    way("graduate", "done"),
    lanes={"书记": ["learn", "graduate"]},
)


def table(*rules: tuple[str, str, str], inputs: str = "learn.hours learn.code", policy: str = "FIRST") -> str:
    """A table `enough` over two inputs; a rule is its two conditions and its outcome."""
    columns = "".join(
        f'<input label="栏{n}"><inputExpression><text><![CDATA[{name}]]></text></inputExpression></input>'
        for n, name in enumerate(inputs.split(), 1)
    )
    rows = "".join(
        f'<rule id="rule_{n}"><inputEntry><text><![CDATA[{one}]]></text></inputEntry>'
        f"<inputEntry><text><![CDATA[{two}]]></text></inputEntry>"
        f'<outputEntry><text>"{outcome}"</text></outputEntry><outputEntry><text>"理由{n}"</text></outputEntry>'
        f'<outputEntry><text>"第{n}条"</text></outputEntry></rule>'
        for n, (one, two, outcome) in enumerate(rules, 1)
    )
    return (
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">'
        f'<decision id="enough" name="学时够不够"><decisionTable hitPolicy="{policy}">{columns}'
        f'<output name="outcome"/><output name="reason"/><output name="article"/>{rows}</decisionTable></decision>'
        "</definitions>"
    )


HOURS = {"type": "number", "key": "hours", "label": "学时"}
CODE = {"type": "textfield", "key": "code", "label": "暗号", "properties": {"secret": "true"}}
CONDUCT = {"type": "textfield", "key": "code", "label": "表现"}
FEW = table(("< rules.least", "-", "fail"), ("-", "-", "pass"))


@pytest.fixture
def course(office: Office) -> Office:
    office.start(bundle(COURSE, enough_dmn=FEW, learn=form(HOURS, CONDUCT, outcomes="ok"), graduate=ANY_FORM))
    return office


def test_the_rule_its_article_and_its_reason_are_told(course: Office, reasons: Reasons) -> None:
    course.do("learn", "ok", hours=5)
    [reason] = reasons()
    assert (reason.kind, reason.step) == (Kind.DECISION, "check")
    assert (reason.decision, reason.decision_label) == ("enough", "学时够不够")
    assert (reason.rule, reason.rule_number, reason.article, reason.text) == ("rule_1", 1, "第1条", "理由1")


def test_each_fact_is_told_with_its_source_and_its_unit(course: Office, reasons: Reasons) -> None:
    course.do("learn", "ok", hours=5)
    hours, least = reasons()[0].facts
    assert (hours.label, hours.value, hours.unit) == ("栏1", 5, "学时")
    assert hours.source.records[0].content["hours"] == 5
    assert (least.label, least.value, least.source.kind) == ("最少学时", 8, SourceKind.RULE)
    assert least.source.origin.article == "章程第三条"


def test_a_better_answer_ends_the_reason(course: Office, reasons: Reasons) -> None:
    course.do("learn", "ok", hours=5)
    course.do("learn", "ok", hours=8)
    assert reasons() == []


def test_the_decision_and_the_gateway_behind_it_are_told_once(course: Office, reasons: Reasons) -> None:
    course.do("learn", "ok", hours=5)
    assert [reason.kind for reason in reasons()] == [Kind.DECISION]


def start_of_old(office: Office, dmn: str) -> None:
    """A case of a version published before tables that read secret fields were refused."""
    files = bundle(COURSE, enough_dmn=dmn, learn=form(HOURS, CODE, outcomes="ok"), graduate=ANY_FORM)
    bundles.store(office.session, files, [], SECRETARY, "")
    office.case = cases.start(office.session, office.environment, process="tiny", unit_id=7, actor=SECRETARY)
    office.session.commit()


def test_a_secret_fact_is_not_told(office: Office, reasons: Reasons) -> None:
    start_of_old(office, table(("-", '"1234"', "fail"), ("-", "-", "pass")))
    office.do("learn", "ok", hours=5, code="1234")
    [fact] = reasons()[0].facts
    assert (fact.label, fact.value, fact.secret) == ("栏2", None, True)


def test_a_fact_worked_out_from_others_is_told_with_those_it_rests_on(office: Office, reasons: Reasons) -> None:
    late = table(("true", "-", "fail"), ("-", "-", "pass"), inputs="learn.hours+(learn.code??1)<rules.least 1")
    hours_and_more = form(HOURS, {"type": "number", "key": "code", "label": "补课"}, outcomes="ok")
    office.start(bundle(COURSE, enough_dmn=late, learn=hours_and_more, graduate=ANY_FORM))
    office.do("learn", "ok", hours=3)
    whole, *behind = reasons()[0].facts
    assert (whole.label, whole.value, whole.source.kind) == ("栏1", True, SourceKind.EXPRESSION)
    assert [(fact.name, fact.value) for fact in behind] == [("learn.hours", 3), ("rules.least", 8)]


def test_a_secret_within_an_expression_hides_what_is_worked_out_from_it(office: Office, reasons: Reasons) -> None:
    start_of_old(office, table(("-", '"12"', "fail"), ("-", "-", "pass"), inputs='learn.hours learn.code+""'))
    office.do("learn", "ok", hours=3, code="12")
    assert [fact.value for fact in reasons()[0].facts] == [None, None]


@pytest.mark.parametrize(
    "rules,wanted",
    [
        ((("1", "-", "pass"), ("-", "-", "fail")), {"outcome": "pass"}),
        ((("1", "-", "near"), ("-", "-", "far")), None),
    ],
)
def test_only_a_table_that_can_be_passed_refuses_anybody(
    rules: tuple[tuple[str, str, str], ...], wanted: dict[str, str] | None
) -> None:
    [read] = decisions.read(table(*rules), "t.dmn")
    assert refused.wanted_of(read) == wanted


def test_what_would_let_it_pass_is_told_for_every_rule_in_the_way(office: Office, reasons: Reasons) -> None:
    strict = table(("< rules.least", "-", "fail"), ("-", '"no", "never"', "fail"), ("-", "-", "pass"))
    answers = form(HOURS, CONDUCT, outcomes="ok")
    office.start(bundle(COURSE, enough_dmn=strict, learn=answers, graduate=ANY_FORM))
    office.do("learn", "ok", hours=5, code="no")
    [remedy] = reasons()[0].remedies
    assert remedy.rule == "rule_3"
    [[hours], [conduct]] = remedy.groups
    assert (hours.rule, hours.label, hours.kind, hours.wanted, hours.article) == (
        "rule_1",
        "栏1",
        "at_least",
        (8,),
        "第1条",
    )
    assert [fact.name for fact in hours.facts] == ["learn.hours", "rules.least"]
    assert (conduct.rule, conduct.kind, conduct.wanted) == ("rule_2", "is_not", ("no", "never"))


def test_one_of_several_conditions_of_a_rule_is_enough(office: Office, reasons: Reasons) -> None:
    both = table(("< rules.least", '"no"', "fail"), ("-", "-", "pass"))
    answers = form(HOURS, CONDUCT, outcomes="ok")
    office.start(bundle(COURSE, enough_dmn=both, learn=answers, graduate=ANY_FORM))
    office.do("learn", "ok", hours=5, code="no")
    [[hours, conduct]] = reasons()[0].remedies[0].groups
    assert (hours.expression, conduct.expression) == ("learn.hours", "learn.code")


def test_nobody_is_asked_to_change_the_rule_set(office: Office, reasons: Reasons) -> None:
    needed = table(("8", "< 6", "fail"), ("-", "-", "pass"), inputs="rules.least learn.hours")
    office.start(bundle(COURSE, enough_dmn=needed, learn=form(HOURS, outcomes="ok"), graduate=ANY_FORM))
    office.do("learn", "ok", hours=5)
    [[only]] = reasons()[0].remedies[0].groups
    assert only.expression == "learn.hours"


def test_the_first_day_is_told_where_one_is_known(office: Office, reasons: Reasons) -> None:
    later = table(('> date("2020-03-01")', "-", "pass"), ("-", "-", "fail"), inputs="learn.on learn.code")
    on = {"type": "datetime", "key": "on", "dateLabel": "日期"}
    office.start(bundle(COURSE, enough_dmn=later, learn=form(on, CONDUCT, outcomes="ok"), graduate=ANY_FORM))
    office.do("learn", "ok", on="2020-02-20")
    [reason] = reasons()
    assert reason.earliest == date(2020, 3, 2)
    assert [condition.wanted for group in reason.remedies[0].groups for condition in group] == [("2020-03-01",)]
