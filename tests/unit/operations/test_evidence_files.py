"""Files of volunteer service: every wrong row told, all rows or none, and the same content only once."""

import pytest
from sqlalchemy.orm import Session

from tests.support import training_branch
from tests.support.cast import Cast
from tests.support.training import in_training
from workflows import journal
from workflows.domain import evidence_forms, members
from workflows.domain import people as people_of_domain
from workflows.domain.evidence import EnteredAlready, EvidenceFile
from workflows.engine.tables import Case
from workflows.errors import NotAuthorised
from workflows.journal import Actor, Event
from workflows.operations import evidence, evidence_files
from workflows.operations.evidence_files import FileRowsWrong

branch, session, cast, case = (
    training_branch.branch,
    training_branch.session,
    training_branch.cast,
    training_branch.case,
)

HEADING = "姓名,案卷号,日期,时长（小时）,服务内容,组织单位,证明人"
ROW = "乌云,,2020-05-09,2.5,敬老院服务,志愿者协会,林一"


def file_of(*rows: str) -> str:
    return "\n".join([HEADING, *rows])


def wrong_rows(session: Session, cast: Cast, *rows: str) -> dict[int, list[str]]:
    checked = evidence_files.check(
        session, unit_id=cast.branch.id, text=file_of(*rows), actor=Actor(person_id=cast.saren.id)
    )
    return {one.row.line: [fault.text for fault in one.faults] for one in checked.wrong}


def take(session: Session, cast: Cast, *rows: str) -> EvidenceFile:
    actor = Actor(person_id=cast.saren.id)
    return evidence_files.take(session, unit_id=cast.branch.id, name="五月.csv", text=file_of(*rows), actor=actor)


def test_every_row_of_a_file_goes_on_record_with_the_file_it_came_from(
    session: Session, cast: Cast, case: Case
) -> None:
    second = f"乌云,{case.id},2020-05-10,3,植树,校团委,林一"
    file = take(session, cast, ROW, second)
    rows = evidence.on_file(session, case).rows
    assert [(row.minutes, row.file_id) for row in rows] == [(150, file.id), (180, file.id)]
    last = journal.entries_of(session, journal.unit_chain(cast.branch.id))[-1]
    assert (last.event, last.facts) == (Event.EVIDENCE_FILE_TAKEN, {"file": file.id, "rows": 2})


def test_the_same_content_is_taken_over_once(session: Session, cast: Cast, case: Case) -> None:
    first = take(session, cast, ROW)
    assert take(session, cast, ROW) is first
    assert len(evidence.on_file(session, case).rows) == 1
    actor = Actor(person_id=cast.lin.id)
    assert evidence_files.check(session, unit_id=cast.branch.id, text=file_of(ROW), actor=actor).taken is first


def test_each_wrong_row_is_told_with_its_line_and_reason(session: Session, cast: Cast, case: Case) -> None:
    wrong = wrong_rows(
        session,
        cast,
        ROW,
        "张三,,2020-05-09,2,植树,校团委,林一",
        "乌云,99,2020-05-09,2,植树,校团委,林一",
        "乌云,,2020-06-18,25,植树,校团委,",
        ROW,
        "乌云",
    )
    assert wrong == {
        3: [evidence_files.NOBODY],
        4: [evidence_files.NOT_THE_CASE],
        5: [evidence_forms.IN_THE_FUTURE, evidence_forms.NOT_HOURS, evidence_forms.MISSING],
        6: [EnteredAlready.sentence],
        7: [evidence_forms.MISSING] * 5,
    }


def test_of_two_candidates_of_one_name_the_case_must_be_named(session: Session, cast: Cast, case: Case) -> None:
    other = in_training(session, cast, name="其木格")
    candidate = members.get_of_case(session, other.id)
    people_of_domain.get(session, candidate.person_id).name = "乌云"
    session.flush()
    assert wrong_rows(session, cast, ROW) == {2: [evidence_files.SEVERAL]}
    assert wrong_rows(session, cast, ROW.replace("乌云,,", f"乌云,{other.id},")) == {}


def test_when_one_row_is_wrong_none_is_entered(session: Session, cast: Cast, case: Case) -> None:
    with pytest.raises(FileRowsWrong, match="有 1 行"):
        take(session, cast, ROW, "张三,,2020-05-09,2,植树,校团委,林一")
    assert evidence.on_file(session, case).rows == []
    assert take(session, cast, ROW).rows == 1


def test_checking_a_file_keeps_nothing(session: Session, cast: Cast, case: Case) -> None:
    before = len(journal.entries_of(session, journal.case_chain(case.id)))
    assert wrong_rows(session, cast, ROW) == {}
    assert evidence.on_file(session, case).rows == []
    assert len(journal.entries_of(session, journal.case_chain(case.id))) == before


@pytest.mark.parametrize("who", ["bator", "gaowa", "he"])
def test_only_who_keeps_the_branch_s_records_takes_over_files(
    session: Session, cast: Cast, case: Case, who: str
) -> None:
    actor = Actor(person_id=getattr(cast, who).id)
    with pytest.raises(NotAuthorised):
        evidence_files.take(session, unit_id=cast.branch.id, name="", text=file_of(ROW), actor=actor)


def test_every_fault_names_its_cell(session: Session, cast: Cast, case: Case) -> None:
    actor = Actor(person_id=cast.saren.id)
    rows = [ROW.replace("2.5", "2.55"), ROW.replace("乌云,,", "张三,,"), ROW.replace("乌云,,", "乌云,999,")]
    checked = evidence_files.check(session, unit_id=cast.branch.id, text=file_of(*rows), actor=actor)
    assert [[fault.cell for fault in row.faults] for row in checked.rows] == [["D2"], ["A3"], ["B4"]]


def test_a_formula_is_no_evidence(session: Session, cast: Cast, case: Case) -> None:
    row = ROW.replace("2.5", "=SUM(C2:C9)").replace("敬老院服务", "=HYPERLINK()")
    assert wrong_rows(session, cast, row) == {2: [evidence_files.FORMULA] * 2}
    assert evidence.on_file(session, case).rows == []
