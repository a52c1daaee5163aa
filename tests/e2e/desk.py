"""What a person does at a desk: sign in, open what waits, fill in a form, decide."""

import time
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Locator, Page, Response, expect

AXE = Path(__file__).parents[2] / "webapp" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ACCESSIBLE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

PATIENCE_SECONDS = 40
"""The beat looks for due timers every five seconds; two cores may be busy with other tests."""

PAGE_MS = 30_000
"""How long a page may take to show what it is expected to; nothing here is faster for waiting less."""


class Desk:
    """One signed-in person's browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.set_default_timeout(PAGE_MS)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("response", self._note_answer)

    def sign_in(self, login: str, password: str) -> None:
        """Sign in and arrive at the person's own first page."""
        self.page.goto("/sign-in")
        self.page.get_by_label("登录名").fill(login)
        self.page.get_by_label("密码").fill(password)
        self.page.get_by_role("button", name="登录").click()
        expect(self.page.get_by_role("button", name="退出")).to_be_visible()

    def open_item(self, name: str, step: str) -> None:
        """Find a candidate's step in the inbox, waiting for it when it is still under way, and open it."""
        row = self.page.locator("tbody tr", has_text=name).filter(has_text=step)
        self._until(f"/inbox?name={name}", row)
        row.get_by_role("link").first.click()
        expect(self.page.locator("h1")).to_contain_text(step)

    def do(self, name: str, step: str, outcome: str, values: Mapping[str, str]) -> None:
        """Open a step from the inbox, fill its form in and submit it; it must be accepted."""
        self.open_item(name, step)
        self.fill(outcome, values)
        self.submit()
        expect(self.page.get_by_role("status").filter(has_text="已办理")).to_contain_text(step)

    def fill(self, outcome: str, values: Mapping[str, str]) -> None:
        """Fill the form on the page in, field by field by its name."""
        self._fill_in(self.page.locator("form[data-step-form]"), values)
        choices = self.page.locator(f'[name="outcome"][value="{outcome}"]')
        if choices.first.get_attribute("type") == "radio":
            choices.check()

    def enter(self, path: str, values: Mapping[str, str]) -> None:
        """Open a page with one form that belongs to no step, fill it in and send it; it must be accepted."""
        self.page.goto(path)
        form = self.page.locator('main form[method="post"]')
        self._fill_in(form, values)
        form.locator("button.primary").click()
        expect(self.page.get_by_role("status")).to_contain_text("已登记")

    def _fill_in(self, form: Locator, values: Mapping[str, str]) -> None:
        for key, value in values.items():
            field = form.locator(f'[name="{key}"]')
            kind = field.first.evaluate("field => field.tagName === 'SELECT' ? 'select' : field.type")
            if kind == "select":
                field.select_option(value) if value else field.select_option(index=1)
            elif kind == "radio":
                form.locator(f'[name="{key}"][value="{value}"]').check()
            elif kind == "checkbox":
                field.set_checked(value == "true")
            else:
                field.fill(value)

    def submit(self) -> None:
        """Press the form's button, and answer the question when one is asked."""
        self.page.locator("form[data-step-form] button.primary").click()
        question = self.page.locator("dialog#confirm[open]")
        if question.count():
            question.locator("button.primary").click()
        self.page.wait_for_load_state()

    def see_drawing(self) -> None:
        """Scroll down to the drawing; it is drawn when it comes into sight."""
        self.page.locator("[data-drawing]").scroll_into_view_if_needed()
        expect(self.page.locator("[data-drawing][data-ready]")).to_be_visible()

    def look_over(self) -> None:
        """Have axe look at the page as it stands; what keeps somebody from using it is a complaint."""
        self.page.evaluate(AXE.read_text("utf-8"))
        found = self.page.evaluate("tags => axe.run(document, { runOnly: tags })", ACCESSIBLE)["violations"]
        self.complaints += [f"{self.page.url}: {each['id']}: {each['nodes'][0]['html'][:120]}" for each in found]

    def _until(self, path: str, wanted: Locator) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        self.page.goto(path)
        while not wanted.count():
            assert time.monotonic() < until, f"{path} never showed it:\n{self.page.locator('main').inner_text()}"
            time.sleep(0.5)
            self.page.goto(path)

    def _note(self, message: ConsoleMessage) -> None:
        # A refusal that a test provokes is reported by the browser as an error too; _note_answer watches those.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _note_answer(self, response: Response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.url}: {response.status}")
