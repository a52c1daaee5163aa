"""Last year's places from people and files: by whom, for whom, all or none."""

import pytest
from sqlalchemy.orm import Session

from tests.support.cast import Cast, plan_for_school
from workflows.domain import past_share_files, past_shares, unit_files
from workflows.domain.past_share_files import SharesUnreadable
from workflows.domain.past_shares import AMOUNT_WRONG, KNOWN, SharesWrong
from workflows.errors import NotAuthorised
from workflows.operations import past_shares as entering
from workflows.operations.head_counts import UNKNOWN, CountRowsWrong

HEADING = "组织代码,上年名额\n"


def test_the_unit_above_enters_and_nobody_for_himself(session: Session, cast: Cast) -> None:
    given = {"unit_id": cast.county.id, "year": 2019, "source": "新团发〔2019〕2号"}
    kept = entering.enter(session, amounts={cast.school.id: 40}, actor=cast.actor(cast.zhao), **given)
    assert [row.recorded_by for row in kept] == [cast.zhao.id]
    with pytest.raises(NotAuthorised):
        entering.enter(session, amounts={cast.school.id: 40}, actor=cast.actor(cast.gaowa), **given)
    for stranger in (cast.county, cast.other_county):
        with pytest.raises(SharesWrong) as refused:
            entering.enter(session, amounts={stranger.id: 40}, actor=cast.actor(cast.zhao), **given)
        assert refused.value.fields == {f"amount-{stranger.id}": entering.NOT_BELOW}


def test_a_file_is_taken_whole(session: Session, cast: Cast) -> None:
    given = {"unit_id": cast.county.id, "year": 2019, "actor": cast.actor(cast.zhao)}
    text = f'{HEADING}S1,"1,040"\n第二中学团委,20\n'
    assert [row.fault for row in entering.check_file(session, text=text, **given)] == ["", ""]
    assert past_shares.standing_of(session, 2019, [cast.school.id]) == {}
    entering.take_file(session, text=text, source="文件", **given)
    ids = [cast.school.id, cast.other_school.id]
    assert past_shares.of_year(session, 2019, ids) == dict(zip(ids, (1040, 20), strict=True))


def test_each_wrong_line_is_named_and_none_is_taken(session: Session, cast: Cast) -> None:
    plan_for_school(session, cast, 3, year=2019)
    given = {"unit_id": cast.county.id, "year": 2019, "actor": cast.actor(cast.zhao)}
    text = f"{HEADING}S9,1\n150102,1\nS2,x\nS2,1\nS1,5\n第二中学团委,5\n"
    faults = [row.fault for row in entering.check_file(session, text=text, **given)]
    assert faults == [UNKNOWN, entering.NOT_BELOW, AMOUNT_WRONG, entering.TWICE, KNOWN, entering.TWICE]
    with pytest.raises(CountRowsWrong):
        entering.take_file(session, text=text, source="文件", **given)
    assert past_shares.standing_of(session, 2019, [cast.other_school.id]) == {}


@pytest.mark.parametrize("content, why", [
    (b"name\nS1", unit_files.NO_COLUMNS),
    (HEADING.encode(), unit_files.NO_ROWS),
    (b"\xff\xfe\xff", unit_files.NO_TEXT),
])  # fmt: skip
def test_what_cannot_be_read_is_told_by_its_reason(content: bytes, why: str) -> None:
    with pytest.raises(SharesUnreadable) as refused:
        past_share_files.read(past_share_files.text_of(content))
    assert refused.value.fields == {"file": why}
