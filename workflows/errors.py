"""Refusals: what the product says when it must not do what was asked.

One refusal is one class. It carries a stable `code`, a `sentence` that says what is the case and a `remedy` that says
what would let it pass (Chinese first; the edge translates both through gettext), the `rule` behind it in a few words,
and the `article` the rule comes from, empty where no published text is behind it. `fields` names the form fields that
are wrong, each with its own sentence. tests/test_refusals.py holds every refusal to this.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

OWN_PRACTICE = "本产品的做法（未核实）"
"""What stands in place of an article: no published text was seen."""

OF_EVERY_FIELD = "各栏须按表单要求填写"
"""The rule behind a field that has none of its own."""


class Refusal(Exception):
    """The act is refused and nothing has changed."""

    code: ClassVar[str] = "refused"
    sentence: ClassVar[str] = "操作被拒绝。"
    remedy: ClassVar[str] = ""
    rule: ClassVar[str] = ""
    article: ClassVar[str] = ""
    kind: ClassVar[str] = "conflict"
    """How an edge answers: `invalid`, `forbidden`, `missing`, `stale`, `conflict` or `busy`."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "sentence" in vars(cls) and "remedy" not in vars(cls):
            cls.remedy = ""  # what helps against another refusal need not help against this one

    def __init__(self, *, fields: Mapping[str, str] | None = None, **facts: Any) -> None:
        self.facts = facts
        self.fields = dict(fields or {})
        super().__init__(self.message())

    @property
    def basis(self) -> str:
        """The article behind the rule, or that there is none to be named; empty where there is no rule either."""
        return (self.article or OWN_PRACTICE) if self.rule else ""

    def fact(self, translate: Any = str) -> str:
        """What is the case, with its facts filled in; `translate` maps the template to the reader's language."""
        return filled(self.sentence, self.facts, translate)

    def what_would_pass(self, translate: Any = str) -> str:
        """What would let the act pass; empty where nothing this person can do would."""
        return filled(self.remedy, self.facts, translate)

    def message(self, translate: Any = str) -> str:
        """What is the case and what would let the act pass."""
        return together(self.fact(translate), self.what_would_pass(translate))


def filled(template: str, facts: Mapping[str, Any], translate: Any = str) -> str:
    """A sentence in the reader's language with its facts filled in."""
    return str(translate(template)).format_map(_Facts(facts)) if template else ""


def together(sentence: str, remedy: str) -> str:
    """Two sentences as one text; Chinese has no space between them."""
    return f"{sentence} {remedy}" if remedy[:1].isascii() and remedy and sentence else f"{sentence}{remedy}"


class Told(str):
    """A text with facts that can be told in another language too; as a string it is the Chinese one.

    Facts that are such texts themselves are told in that language with it.
    """

    __slots__ = ("facts", "template")

    template: str
    facts: Mapping[str, Any]

    def __new__(cls, template: str, **facts: Any) -> "Told":
        told = super().__new__(cls, filled(template, facts) if facts else template)
        told.template, told.facts = template, facts
        return told

    def said(self, translate: Any = str) -> str:
        """The text in the reader's language; `translate` maps the template."""
        facts = {name: told(value, translate) for name, value in self.facts.items()}
        return filled(self.template, facts, translate) if facts else str(translate(self.template))


def told(text: Any, translate: Any = str) -> Any:
    """A text in the reader's language where it can be told in it; anything else as it is."""
    return text.said(translate) if isinstance(text, Told) else text


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


class InvalidData(Refusal):
    """A field is wrong or missing; `fields` says which and by which rule."""

    code = "data.invalid"
    sentence = "填写的内容有误。"
    remedy = "请按各栏的提示修改后再提交。"
    kind = "invalid"

    def __init__(
        self,
        *,
        fields: Mapping[str, str] | None = None,
        behind: Mapping[str, tuple[str, str]] | None = None,
        **facts: Any,
    ) -> None:
        self.behind = dict(behind or {})
        """Rule and article of each wrong field that has some of its own."""
        super().__init__(fields=fields, **facts)

    def grounds_of(self, field: str) -> tuple[str, str]:
        """The rule behind a wrong field, and the article or that there is none; else what holds of every field."""
        rule, article = self.behind.get(field, ("", ""))
        return (
            rule or self.rule or OF_EVERY_FIELD,
            article or (OWN_PRACTICE if rule else self.basis or OWN_PRACTICE),
        )


class NotFound(Refusal):
    """There is no such thing, or it is not for this person to know of it."""

    code = "not_found"
    sentence = "找不到该{what}，请从列表中重新打开。"
    kind = "missing"


class NotAuthorised(Refusal):
    """The person does not hold the post this act needs."""

    code = "authority.missing"
    sentence = "此事项由{unit}的{post}办理，您目前没有这一职务。"
    remedy = "请由任该职务的人办理；任职有变动的，请系统管理员更新。"
    rule = "每一步只能由该步骤所定的职务办理"
    kind = "forbidden"


class StaleVersion(Refusal):
    """Somebody else acted first."""

    code = "version.stale"
    sentence = "您打开之后，{who}已于{when}{what}。"
    remedy = "请刷新后再办理。"
    rule = "依据已过时的内容不得作出决定"
    kind = "stale"


class Busy(Refusal):
    """The lock could not be had in time; nothing has changed."""

    code = "busy"
    sentence = "同一时间有他人正在办理，请稍后再试。"
    kind = "busy"


def every_refusal() -> list[type[Refusal]]:
    """All refusal classes that have been imported, by code; the reference page and its test are made from it."""

    def below(parent: type[Refusal]) -> list[type[Refusal]]:
        return [parent] + [leaf for child in parent.__subclasses__() for leaf in below(child)]

    return sorted(below(Refusal), key=lambda refusal: refusal.code)
