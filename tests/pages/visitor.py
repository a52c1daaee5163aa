"""A browser without JavaScript: opens pages, fills the forms it finds, follows where they lead."""

from typing import Any

from flask.testing import FlaskClient
from lxml import html

from tests.support.application import PASSWORD


class Page:
    """One page as it was answered."""

    def __init__(self, path: str, status: int, text: str) -> None:
        self.path, self.status, self.source = path, status, text
        self.tree = html.fromstring(text) if text.strip().startswith("<") else html.fromstring("<p></p>")

    def __contains__(self, words: str) -> bool:
        return words in self.text

    @property
    def text(self) -> str:
        """What a reader reads, with single spaces."""
        return " ".join(self.tree.text_content().split())

    @property
    def title(self) -> str:
        """The page's title."""
        return str(self.tree.findtext(".//title"))

    def links(self, words: str) -> list[str]:
        """Where the links with these words lead."""
        return [str(link.get("href")) for link in self.tree.iter("a") if words in link.text_content()]

    def all(self, xpath: str) -> list[Any]:
        """Elements or values by XPath."""
        return list(self.tree.xpath(xpath))


class Visitor:
    """One person's browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.login = ""
        self.page = Page("", 0, "")

    def open(self, path: str) -> Page:
        """Open a page, following redirects."""
        answer = self.client.get(path, follow_redirects=True)
        self.page = Page(answer.request.path, answer.status_code, answer.get_data(as_text=True))
        return self.page

    def follow(self, words: str) -> Page:
        """Follow the first link with these words."""
        return self.open(self.page.links(words)[0])

    def submit(self, action: str | None = None, **values: Any) -> Page:
        """Fill in and send the form that leads to `action` (the form of the page's main part by default)."""
        wanted = [form for form in self.page.tree.forms if self._is_meant(form, action)]
        form = wanted[0]
        fields = [(name, value) for name, value in form.form_values() if name not in values]
        for name, value in values.items():
            fields += [(name, one) for one in (value if isinstance(value, list) else [value])]
        data: dict[str, list[str]] = {}
        for name, value in fields:
            data.setdefault(name, []).append(str(value))
        where = form.get("action") or self.page.path
        if form.method == "GET":
            answer = self.client.get(where, query_string=data, follow_redirects=True)
        else:
            answer = self.client.post(where, data=data, follow_redirects=True)
        self.page = Page(answer.request.path, answer.status_code, answer.get_data(as_text=True))
        return self.page

    def sign_in(self, login: str, password: str = PASSWORD) -> Page:
        """Sign in by the page."""
        self.login = login
        self.open("/sign-in")
        return self.submit(login=login, password=password)

    def sign_in_again(self) -> Page:
        """Sign in once more, after the session has run out."""
        return self.sign_in(self.login)

    @staticmethod
    def _is_meant(form: Any, action: str | None) -> bool:
        if action is not None:
            return bool((form.get("action") or "") == action)
        return bool(form.xpath("ancestor::main")) and form.method == "POST"
