"""Refusals: what the product says when it must not do what was asked.

One refusal is one class. It carries a stable `code`, a `sentence` a person can act on (Chinese first; the edge
translates it through gettext), the `rule` behind it in a few words, and the `article` the rule comes from, empty where
no published text is behind it. `fields` names the form fields that are wrong, each with its own sentence.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refusal(Exception):
    """The act is refused and nothing has changed."""

    code: ClassVar[str] = "refused"
    sentence: ClassVar[str] = "操作被拒绝。"
    rule: ClassVar[str] = ""
    article: ClassVar[str] = ""
    kind: ClassVar[str] = "conflict"
    """How an edge answers: `invalid`, `forbidden`, `missing`, `stale`, `conflict` or `busy`."""

    def __init__(self, *, fields: Mapping[str, str] | None = None, **facts: Any) -> None:
        self.facts = facts
        self.fields = dict(fields or {})
        super().__init__(self.message())

    def message(self, translate: Any = str) -> str:
        """The sentence with its facts filled in; `translate` maps the template to the reader's language."""
        return str(translate(self.sentence)).format_map(_Facts(self.facts))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"


class InvalidData(Refusal):
    """A field is wrong or missing; `fields` says which and by which rule."""

    code = "data.invalid"
    sentence = "填写的内容有误，请按各栏的提示修改后再提交。"
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


class NotFound(Refusal):
    """There is no such thing, or it is not for this person to know of it."""

    code = "not_found"
    sentence = "找不到该{what}，请从列表中重新打开。"
    kind = "missing"


class NotAuthorised(Refusal):
    """The person does not hold the post this act needs."""

    code = "authority.missing"
    sentence = "此事项由{unit}的{post}办理，您目前没有这一职务。"
    rule = "每一步只能由该步骤所定的职务办理"
    kind = "forbidden"


class StaleVersion(Refusal):
    """Somebody else acted first."""

    code = "version.stale"
    sentence = "您打开之后，{who}已于{when}{what}。请刷新后再办理。"
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
