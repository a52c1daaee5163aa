"""Bundles with decisions: what keeps them from being published."""

import pytest

from tests.engine.conftest import Office
from tests.support.decision_tables import dmn, table
from tests.support.drawings import bundle, decide, drawing, end, flow, start, user, way, xor
from workflows.engine.bundles import BundleUnsound

FORM = (
    '{"components":[{"type":"number","key":"age","label":"年龄"},'
    '{"type":"textfield","key":"id","label":"证件号码","properties":{"secret":"true"}}]}'
)
DRAWING = drawing(
    start(), user("ask"), decide("judge", "fit"), end(), way("begin", "ask", "judge", "done"), lanes={"书记": ["ask"]}
)


def refused(office: Office, **tables: str) -> list[tuple[str, str]]:
    """Publish the drawing with these tables; the faults that come back, by code and element."""
    with pytest.raises(BundleUnsound) as unsound:
        office.publish(bundle(DRAWING, ask=FORM, **tables))
    return [(fault.code, fault.element) for fault in unsound.value.faults]


@pytest.mark.parametrize("office", ["in memory"], indirect=True)
class TestWhatIsNotPublished:
    def test_an_overlap_and_a_gap(self, office: Office) -> None:
        overlapping = table(("> 5", "1"), ("> 6", "2"), inputs=["ask.age"])
        found = refused(office, fit_dmn=dmn(overlapping))
        assert found == [("decision.overlap", "r2"), ("decision.gap", "fit")]

    @pytest.mark.parametrize("read_by", ["ask.id", "len(ask.id)"])
    def test_a_decision_on_a_secret(self, office: Office, read_by: str) -> None:
        on_secret = table(("-", "1"), inputs=[("证件", read_by)])
        assert refused(office, fit_dmn=dmn(on_secret)) == [("decision.secret", "judge")]

    def test_a_secret_read_by_a_required_decision(self, office: Office) -> None:
        base = '<decision id="base"><literalExpression><text>ask.id</text></literalExpression></decision>'
        both = dmn(table(("-", "1"), inputs=["base"], requires=["base"]), base)
        assert refused(office, fit_dmn=both) == [("decision.secret", "judge")]

    def test_two_files_with_decisions_of_one_name(self, office: Office) -> None:
        found = refused(office, fit_dmn=dmn(table(("-", "1"))), other_dmn=dmn(table(("-", "2"))))
        assert found == [("decision.twice", "fit")]

    def test_a_decision_that_does_not_exist(self, office: Office) -> None:
        assert refused(office, fit_dmn=dmn(table(("-", "1"), decision="other"))) == [("decision.missing", "judge")]


ENTERED = (
    '{"components":[{"type":"number","key":"talks","label":"谈话","validate":{"min":0,"max":9}},'
    '{"type":"number","key":"hours","label":"学时","decimalDigits":1,"validate":{"min":0}},'
    '{"type":"number","key":"free","label":"不限"},'
    '{"type":"number","key":"checked","label":"有条件","validate":{"max":5},"properties":{"check":"checked > 1"}},'
    '{"type":"select","key":"town","label":"旗县","values":[{"value":"a","label":"甲"},{"value":"b","label":"乙"}]},'
    '{"type":"radio","key":"outcome","label":"结果","values":[{"value":"yes","label":"是"},{"value":"no","label":"否"}]}]}'
)


@pytest.mark.parametrize("office", ["in memory"], indirect=True)
class TestWhatAFormTakes:
    @pytest.mark.parametrize(
        "path, conditions, example",
        [
            ("ask.outcome", ['"yes"'], "ask.outcome 为 “no”"),
            ("ask.town", ['"a"', '"c"'], "ask.town 为 “b”"),
            ("ask.talks", ["< 2", "2", "3"], "ask.talks 为 9"),
            ("ask.talks", ["[1..9]"], "ask.talks 为 0"),
            ("ask.hours", ["[1..2]"], "ask.hours 为 0"),
        ],
    )
    def test_must_be_covered_by_the_decision_right_after_it(
        self, office: Office, path: str, conditions: list[str], example: str
    ) -> None:
        rules = [(condition, "1") for condition in conditions]
        with pytest.raises(BundleUnsound) as unsound:
            office.publish(bundle(DRAWING, ask=ENTERED, fit_dmn=dmn(table(*rules, inputs=[path]))))
        [fault] = unsound.value.faults
        assert (fault.code, fault.element) == ("decision.gap", "judge")
        assert example in fault.message

    @pytest.mark.parametrize(
        "path, conditions",
        [
            ("ask.outcome", ['"yes"', '"no"']),
            ("ask.outcome", ['"yes"', "-"]),
            ("ask.talks", ["[0..4]", "[5..9]"]),
            ("ask.free", ["[0..4]"]),
            ("ask.checked", ["[2..5]"]),
            ("other.outcome", ['"yes"']),
        ],
    )
    def test_is_asked_for_no_further_than_it_goes(self, office: Office, path: str, conditions: list[str]) -> None:
        rules = [(condition, "1") for condition in conditions]
        policy = "FIRST" if "-" in conditions else "UNIQUE"
        office.publish(bundle(DRAWING, ask=ENTERED, fit_dmn=dmn(table(*rules, inputs=[path], policy=policy))))

    def test_is_not_asked_for_where_a_way_leads_around_the_decision(self, office: Office) -> None:
        around = drawing(
            start(),
            user("ask"),
            xor("which", default="on"),
            decide("judge", "fit"),
            end(),
            end("away"),
            way("begin", "ask", "which"),
            flow("which", "away", 'ask.outcome == "no"'),
            flow("which", "judge", name="on"),
            way("judge", "done"),
            lanes={"书记": ["ask"]},
        )
        only_yes = dmn(table(('"yes"', "1"), inputs=["ask.outcome"]))
        office.publish(bundle(around, ask=ENTERED, fit_dmn=only_yes))

    def test_is_asked_for_behind_a_gateway_where_ways_come_together(self, office: Office) -> None:
        together = drawing(
            start(),
            xor("which", default="on"),
            user("ask"),
            user("again"),
            xor("join"),
            decide("judge", "fit"),
            end(),
            way("begin", "which"),
            flow("which", "ask", "1 == 2"),
            flow("which", "again", name="on"),
            way("ask", "join"),
            way("again", "join", "judge", "done"),
            lanes={"书记": ["ask", "again"]},
        )
        only_yes = dmn(table(('"yes"', "1"), inputs=["ask.outcome"]))
        with pytest.raises(BundleUnsound) as unsound:
            office.publish(bundle(together, ask=ENTERED, again=ENTERED, fit_dmn=only_yes))
        assert ("decision.gap", "judge") in [(fault.code, fault.element) for fault in unsound.value.faults]
