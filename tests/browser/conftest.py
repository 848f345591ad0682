"""A published house, and phones that open its links and tell of every error: see house.py."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.house import Lodging
from tests.browser.inn import IS_KEPT, Inn, until

REPORTS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP report: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`))"""
OPENED = "window.guestlink ? guestlink.opened.then((found) => found.state) : '?'"


class Visits:
    """Opens links, each on a phone of its own, and keeps what their consoles say."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._forgiven: list[str] = []
        self.complaints: list[str] = []

    def __call__(
        self,
        link: str = "",
        *,
        width: int = 390,
        height: int = 844,
        scheme: str = "light",
        script: bool = True,
        **context: object,
    ) -> Page:
        page = self.phone(width=width, height=height, scheme=scheme, script=script, **context).new_page()
        if link:
            page.goto(link)
            if script:
                opened(page)
        return page

    def phone(
        self,
        *,
        width: int = 390,
        height: int = 844,
        scheme: str = "light",
        script: bool = True,
        **more: object,
    ) -> BrowserContext:
        """A profile of its own: no cookies, no storage, no worker from another visit."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=script,
            **more,
        )
        context.add_init_script(REPORTS)
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self._contexts.append(context)
        return context

    def forgive(self, text: str) -> None:
        """Complaints with this text are expected in this story."""
        self._forgiven.append(text)

    def unforgiven(self) -> list[str]:
        return [each for each in self.complaints if not any(text in each for text in self._forgiven)]

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(
                f"{message.text} ({message.page.url.partition('?')[0] if message.page else ''})"
            )


def opened(page: Page) -> str:
    """Waits until the gate has led to the page and its key was tried: open, whole, wrong or browser."""
    page.wait_for_selector("main[data-slug]", state="attached")  # its address soon is the short link again
    page.wait_for_load_state()
    return str(page.evaluate(OPENED))


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visits]:
    """Opens links as fresh phones; at the end no console error and no CSP report may be left."""
    visits = Visits(browser)
    yield visits
    visits.close()
    assert visits.unforgiven() == []


@pytest.fixture(scope="module")
def lodging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodging]:
    """A house of this module alone, served; its tests may change it."""
    yield from _served(tmp_path_factory.mktemp("lodging"))


@pytest.fixture(scope="session")
def still_lodging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lodging]:
    """A house for tests that only look at it."""
    yield from _served(tmp_path_factory.mktemp("still"))


def _served(home: Path) -> Iterator[Lodging]:
    lodging = Lodging(home)
    lodging.publish()
    lodging.start()
    yield lodging
    lodging.stop()


@pytest.fixture(scope="module")
def inn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inn]:
    """A house of this module alone at the end of a road that tests can spoil: see inn.py."""
    inn = Inn(tmp_path_factory.mktemp("inn"))
    with ExitStack() as closing:
        closing.callback(inn.stop)
        inn.publish()
        inn.start()
        yield inn


@pytest.fixture
def arrive(inn: Inn, visit: Visits) -> Callable[..., Page]:
    """`arrive("ana")` opens her link on a fresh phone and waits until all of the page is kept there.

    What a browser itself says about a request that finds no network is no mistake of ours.
    """
    for text in ("ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_REFUSED", "/api/", "status of 401"):
        visit.forgive(text)

    def arrive(who: str = "ana", **context: object) -> Page:
        page = visit.phone(**context).new_page()
        page.goto(inn.link(who))
        until(page, IS_KEPT, inn.slug(who))
        return page

    return arrive
