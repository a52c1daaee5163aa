"""Bundles with decisions: what keeps them from being published."""

import pytest

from tests.engine.conftest import Office
from tests.support.decision_tables import dmn, table
from tests.support.drawings import bundle, decide, drawing, end, start, user, way
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
