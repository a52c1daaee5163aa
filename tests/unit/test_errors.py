"""Refusals: a code, a sentence a person can act on, and the rule behind it."""

from workflows import tables
from workflows.errors import NotAuthorised, NotFound, Refusal, every_refusal

assert tables


def test_the_facts_stand_in_the_sentence() -> None:
    assert str(NotFound(what="流程")) == "找不到该流程，请从列表中重新打开。"


def test_a_missing_fact_leaves_a_dash_and_never_breaks_the_refusal() -> None:
    assert str(NotFound()) == "找不到该—，请从列表中重新打开。"


def test_the_sentence_is_translated_before_its_facts_are_filled_in() -> None:
    english = {NotFound.sentence: "There is no such {what}."}
    assert NotFound(what="process").message(english.__getitem__) == "There is no such process."


def test_every_refusal_has_a_code_of_its_own_a_sentence_and_a_lawful_kind() -> None:
    # Other tests of the same run declare refusals of their own.
    found = [refusal for refusal in every_refusal() if not refusal.__module__.startswith("tests.")]
    codes = [refusal.code for refusal in found]
    assert len(codes) == len(set(codes)) or _only_aliases(found)
    assert all(refusal.sentence.endswith("。") or "{" in refusal.sentence for refusal in found)
    assert {refusal.kind for refusal in found} <= {"invalid", "forbidden", "missing", "stale", "conflict", "busy"}


def _only_aliases(found: list[type[Refusal]]) -> bool:
    """A code may be shared only by a refusal and a kind of it, which reads the same."""
    by_code: dict[str, list[type[Refusal]]] = {}
    for refusal in found:
        by_code.setdefault(refusal.code, []).append(refusal)
    return all(issubclass(each, group[0]) for group in by_code.values() for each in group)


def test_authority_is_refused_by_unit_and_post() -> None:
    assert str(NotAuthorised(unit="一班团支部", post="书记")).startswith("此事项由一班团支部的书记办理")
