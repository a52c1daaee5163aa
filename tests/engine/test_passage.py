"""What a case has passed is marked on its drawing; its saved state does not grow with what is finished."""

from sqlalchemy.orm import undefer

from tests.engine.conftest import Office
from tests.support.drawings import YES_NO_FORM, both, bundle, drawing, end, flow, start, user, way, xor
from workflows.engine import bundles, inbox, passage, saving
from workflows.engine.bundles import BundleFiles
from workflows.engine.specs import CaseWorkflow
from workflows.engine.tables import Case


def round_and_round() -> BundleFiles:
    """Two steps side by side, joined, then a decision whether to do them again."""
    text = drawing(
        start(),
        xor("again"),
        both("split"),
        user("one"),
        user("two"),
        both("joined"),
        user("decide"),
        xor("enough", default="out"),
        end("done"),
        way("begin", "again", "split", "one", "joined", "decide", "enough"),
        way("split", "two", "joined"),
        flow("enough", "again", 'decide.outcome == "no"'),
        flow("enough", "done", name="out"),
        lanes={"书记": ["one", "two", "decide"]},
    )
    return bundle(text, one=YES_NO_FORM, two=YES_NO_FORM, decide=YES_NO_FORM)


def saved(office: Office) -> CaseWorkflow:
    case = office.session.get_one(Case, office.case.id, options=[undefer(Case.state)], populate_existing=True)
    return saving.restore(case.state, bundles.parsed(office.session, case.bundle_id))


def test_the_state_of_the_fiftieth_round_is_no_larger_than_that_of_the_second(office: Office) -> None:
    office.start(round_and_round())
    sizes = []
    for _ in range(50):
        for step in ("one", "two", "decide"):
            office.do(step, "no")
        sizes.append(len(saved(office).tasks))
    assert sizes[-1] == sizes[1]


def test_a_branch_joined_in_one_round_does_not_count_in_the_next(office: Office) -> None:
    office.start(round_and_round())
    for first, second in [("one", "two"), ("two", "one"), ("one", "two")]:
        office.do(first, "no")
        assert office.waiting == [second]
        office.do(second, "no")
        assert office.waiting == ["decide"]
        office.do("decide", "no")
        assert sorted(office.waiting) == ["one", "two"]


def test_what_was_passed_stays_marked_when_its_tasks_are_gone(office: Office) -> None:
    office.start(round_and_round())
    for step, outcome in [("one", "no"), ("two", "no"), ("decide", "yes")]:
        office.do(step, outcome)
    workflow = saved(office)
    parsed = bundles.parsed(office.session, office.case.bundle_id)
    back = parsed.flow_between["enough", "again"]
    assert passage.passed(workflow, parsed) == {*parsed.drawing.nodes, *parsed.drawing.flows} - {back}
    assert len(workflow.tasks) == 1


def test_progress_shows_what_is_done_and_where_the_case_stands(office: Office) -> None:
    office.start(round_and_round())
    office.do("two", "no")
    progress = inbox.progress(office.session, office.case.id)
    assert (progress.done, progress.current) == (["again", "begin", "split", "two"], ["joined", "one"])


def test_a_way_that_was_only_possible_is_not_marked(office: Office) -> None:
    office.start(round_and_round())
    parsed = bundles.parsed(office.session, office.case.bundle_id)
    marks = passage.passed(saved(office), parsed)
    assert marks & set(parsed.drawing.flows) == {
        parsed.flow_between[ends]
        for ends in [("begin", "again"), ("again", "split"), ("split", "one"), ("split", "two")]
    }
